"""Commands about periodic reports: report list, file."""

import re
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from notifications.catalogue import Language, Parameter, translate
from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, JsonOption, LanguageOption, read_instant
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_instant, show_last_day
from ocop_workflow.config_files.faults import shortened
from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan import Figure, ReportDuty
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.reports import file_report
from ocop_workflow.storage.tables import Cycle, Report
from state_machines.report import FILED_STATUSES

app = typer.Typer(help="See which reports are in, late or missing.", no_args_is_help=True, rich_markup_mode=None)


PERIOD = re.compile(r"\d{4}(-(Q[1-4]|H[12]|\d\d))?")
DECIMAL = re.compile(r"\d{1,15}([.,]\d{1,6})?")


@app.callback()
def report() -> None:
    """See which reports are in, late or missing, and record those that came."""


@app.command("list")
def list_reports(
    data: DataOption = None,
    cycle: CycleOption = None,
    missing: Annotated[bool, typer.Option("--missing", help="Only those that are due and not in.")] = False,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List a cycle's reports by period and unit."""
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            found = find_cycle(work.session, cycle)
            query = select(Report).where(col(Report.cycle_id) == found.id)
            rows = list(work.session.exec(query.order_by(col(Report.period_id), col(Report.unit_id))))
            book = work.books.of_cycle(work.session, found)
    if missing:
        rows = [r for r in rows if r.status not in FILED_STATUSES and r.due_at is not None and r.due_at <= now]
    if as_json:
        print_json(
            [
                {
                    "duty": r.duty_id,
                    "period": r.period_id,
                    "unit": r.unit_id,
                    "status": r.status,
                    "due_at": iso(r.due_at),
                    "submitted_at": iso(r.submitted_at),
                    "figures": r.figures,
                }
                for r in rows
            ]
        )
        return
    titles = {duty.id: duty.title.in_language(language) for duty in book.cycle_year.report_duties}
    counted: dict[str, Parameter] = {"count": len(rows), "when": show_instant(now)}
    print_table(
        translate(language, "table.reports", {"cycle": found.key}),
        [translate(language, f"table.{name}") for name in ("report", "period", "unit", "status", "last_day", "came")],
        (
            (
                titles[r.duty_id],
                r.period_id,
                book.units.unit(r.unit_id).name.in_language(language),
                translate(language, f"report.{r.status}"),
                show_last_day(r.due_at),
                show_instant(r.submitted_at),
            )
            for r in rows
        ),
        caption=translate(language, "table.reports.count", counted),
    )


@app.command("file")
def file_(
    period: Annotated[str, typer.Argument(help="The period, such as 2018-Q1.")],
    unit: Annotated[str, typer.Argument(help="The unit that reports.")],
    data: DataOption = None,
    cycle: CycleOption = None,
    duty: Annotated[str | None, typer.Option(help="Which report, where the plan has several.")] = None,
    figure: Annotated[list[str] | None, typer.Option(help="A figure NAME=NUMBER; once for each.")] = None,
    nothing: Annotated[
        bool, typer.Option("--nothing", help="There is nothing to report; this counts as filed.")
    ] = False,
    at: AtOption = None,
) -> None:
    """Record that a unit's report has come in; what it owed is settled from then on."""
    if nothing == bool(figure):
        raise InputError("give the figures with --figure NAME=NUMBER, or --nothing; one of the two")
    with open_runtime(data) as runtime:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            found = find_cycle(work.session, cycle)
            row = _find(work.session, found, period, unit, duty)
            book = work.books.of_cycle(work.session, found)
            owed = next(d for d in book.cycle_year.report_duties if d.id == row.duty_id)
            figures = None if nothing else _figures(figure or [], owed)
            file_report(work, row, actor=found.office_position, figures=figures, effective_at=moment.effective_at)
    console.print(f"{row.duty_id} {row.period_id} of {row.unit_id} is {row.status}", highlight=False)


def _find(session: Session, cycle: Cycle, period: str, unit: str, duty: str | None) -> Report:
    query = select(Report).where(
        col(Report.cycle_id) == cycle.id, col(Report.period_id) == period, col(Report.unit_id) == unit
    )
    rows = [row for row in session.exec(query) if duty in (None, row.duty_id)]
    if not rows and not PERIOD.fullmatch(period):
        raise InputError(f"{shortened(period)} is no period; write the period as {cycle.year}-Q1, as the list shows it")
    if len(rows) != 1:
        raise InputError(f"{len(rows)} reports of {unit[:40]} for {period[:20]}; `ocop report list` shows them")
    return rows[0]


def _figures(given: list[str], duty: ReportDuty) -> dict[str, int | str]:
    """Return the figures by name: whole numbers of what is counted, exact decimals as text of the others."""
    known = {figure.id: figure for figure in duty.figures}
    figures: dict[str, int | str] = {}
    for text in given:
        name, _, value = text.partition("=")
        if name not in known:
            raise InputError(f"{shortened(text)} is no figure; write NAME=NUMBER with {', '.join(known)}")
        figures[name] = _figure(value.strip(), known[name])
    left_out = [name for name in known if name not in figures]
    if left_out:
        raise InputError(f"the figure {left_out[0]} is missing; give each of {', '.join(known)}")
    return figures


def _figure(value: str, figure: Figure) -> int | str:
    if figure.kind == "text":
        return value
    if figure.kind == "count":
        if not value.isdecimal():
            raise InputError(f"{shortened(value)} is not a whole number; write {figure.id}=13 ({figure.title.en})")
        return int(value)
    if not DECIMAL.fullmatch(value):
        raise InputError(f"{shortened(value)} is no number; write {figure.id}=12,5 or 12.5 ({figure.title.en})")
    return value.replace(",", ".")
