"""How commands name a report: by period and unit, with the duty where the plan has several."""

import re
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from notifications.catalogue import Language, translate
from ocop_workflow.config_files.faults import shortened
from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan import ReportDuty
from ocop_workflow.policy.report_figures import FigureValue, read_figures
from ocop_workflow.storage.tables import Cycle, Report

PERIOD = re.compile(r"\d{4}(-(Q[1-4]|H[12]|\d\d))?")

ReportArgument = Annotated[
    str,
    typer.Argument(
        metavar="REPORT", help="The report as PERIOD/UNIT, the period such as 2018-Q1; DUTY/PERIOD/UNIT of several."
    ),
]
FigureOption = Annotated[
    list[str] | None, typer.Option("--figure", help="A figure NAME=NUMBER, such as sales=1.250 or 12,5; once for each.")
]


def find_report(session: Session, cycle: Cycle, reference: str) -> Report:
    """Return the report that a reference means.

    Raises:
        InputError: It is no reference, or means none or several.
    """
    duty, _, rest = reference.partition("/") if reference.count("/") > 1 else ("", "", reference)
    period, slash, unit = rest.partition("/")
    if not slash:
        raise InputError(f"{shortened(reference)} names no report; write PERIOD/UNIT, such as {cycle.year}-Q1/unit")
    return report_of(session, cycle, period, unit, duty or None)


def report_of(session: Session, cycle: Cycle, period: str, unit: str, duty: str | None) -> Report:
    """Return a unit's report on a period.

    Raises:
        InputError: There is none, or several and no duty was named.
    """
    query = select(Report).where(
        col(Report.cycle_id) == cycle.id, col(Report.period_id) == period, col(Report.unit_id) == unit
    )
    rows = [row for row in session.exec(query) if duty in (None, row.duty_id)]
    if not rows and not PERIOD.fullmatch(period):
        raise InputError(f"{shortened(period)} is no period; write the period as {cycle.year}-Q1, as the list shows it")
    if len(rows) != 1:
        raise InputError(f"{len(rows)} reports of {unit[:40]} for {period[:20]}; `ocop report list` shows them")
    return rows[0]


def figures_given(given: list[str], duty: ReportDuty, *, all_of_them: bool = True) -> dict[str, FigureValue]:
    """Return figures written as NAME=NUMBER; those left out are refused unless optional, or only some are wanted.

    Raises:
        InputError: One is unknown, missing or not of its kind.
    """
    known = {figure.id: figure for figure in duty.figures}
    texts: dict[str, str] = {}
    for text in given:
        name, _, value = text.partition("=")
        if name not in known:
            raise InputError(f"{shortened(text)} is no figure; write NAME=NUMBER with {', '.join(known)}")
        texts[name] = value
    asked = [figure for figure in duty.figures if all_of_them or figure.id in texts]
    left_out = [figure.id for figure in asked if figure.id not in texts and not figure.optional]
    if left_out:
        raise InputError(f"the figure {left_out[0]} is missing; give each of {', '.join(known)}")
    figures, faults = read_figures(asked, texts)
    if faults:
        fault = faults[0]
        written = shortened(f"{fault.figure}={texts[fault.figure]}")
        raise InputError(f"{written}: {translate(Language.EN, fault.code, fault.params)}")
    return figures
