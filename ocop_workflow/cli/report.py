"""Commands about periodic reports: report list, file; the others join them from the modules beside."""

from typing import Annotated, Any

import typer
from sqlmodel import col, select

from notifications.catalogue import Language, Parameter, translate
from ocop_workflow.cli import report_coverage, report_review
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.options import AtOption, CycleOption, DataOption, JsonOption, LanguageOption, read_instant
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_instant, show_last_day
from ocop_workflow.cli.report_reference import FigureOption, figures_given, report_of
from ocop_workflow.errors import InputError
from ocop_workflow.policy.report_standing import Standing
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.report_matrix import Cell, cell_of
from ocop_workflow.services.reports import duty_of, file_report
from ocop_workflow.storage.tables import Report

app = command_group()
report_review.register(app)
report_coverage.register(app)


@app.callback()
def report() -> None:
    """See which reports are in, late or missing; record, accept, return and consolidate those that came."""


@app.command("list")
def list_reports(
    data: DataOption = None,
    cycle: CycleOption = None,
    missing: Annotated[bool, typer.Option("--missing", help="Only those that are due and not in.")] = False,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List a cycle's reports by period and unit, with by how many days each came late or has been missing."""
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            found = find_cycle(work.session, cycle)
            query = select(Report).where(col(Report.cycle_id) == found.id)
            reports = list(work.session.exec(query.order_by(col(Report.period_id), col(Report.unit_id))))
            book = work.books.of_cycle(work.session, found)
    rows = [(each, cell_of(each, duty_of(book, each), now=now)) for each in reports]
    if missing:
        rows = [(each, cell) for each, cell in rows if cell.standing is Standing.MISSING]
    if as_json:
        print_json([_as_json(each, cell) for each, cell in rows])
        return
    counted: dict[str, Parameter] = {"count": len(rows), "when": show_instant(now)}
    names = ("report", "period", "unit", "status", "last_day", "came", "days_late")
    print_table(
        translate(language, "table.reports", {"cycle": found.key}),
        [translate(language, f"table.{name}") for name in names],
        (
            (
                duty_of(book, each).title.in_language(language),
                each.period_id,
                book.units.unit(each.unit_id).name.in_language(language),
                _status(each, cell, language),
                show_last_day(each.correct_by_at if cell.standing is Standing.RETURNED else each.due_at),
                show_instant(each.submitted_at),
                cell.days_late or "",
            )
            for each, cell in rows
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
    figure: FigureOption = None,
    nothing: Annotated[
        bool, typer.Option("--nothing", help="There is nothing to report; this counts as filed, and as zero.")
    ] = False,
    at: AtOption = None,
) -> None:
    """Record that a unit's report has come in; what it owed is settled from then on.

    Before the report is accepted, another filing replaces the one before; both stay on record.
    """
    if nothing == bool(figure):
        raise InputError("give the figures with --figure NAME=NUMBER, or --nothing; one of the two")
    with open_runtime(data) as runtime:
        moment = runtime.moment_of_act(read_instant(at))
        with runtime.transaction(moment.now) as work:
            found = find_cycle(work.session, cycle)
            row = report_of(work.session, found, period, unit, duty)
            owed = duty_of(work.books.of_cycle(work.session, found), row)
            figures = None if nothing else figures_given(figure or [], owed)
            file_report(work, row, actor=found.office_position, figures=figures, effective_at=moment.effective_at)
    console.print(f"{row.duty_id} {row.period_id} of {row.unit_id} is {row.status}", highlight=False)


def _status(report: Report, cell: Cell, language: Language) -> str:
    status = translate(language, f"report.{report.status}")
    return f"{status}; {translate(language, 'table.supplement')}" if cell.needs_supplement else status


def _as_json(report: Report, cell: Cell) -> dict[str, Any]:
    return {
        "duty": report.duty_id,
        "period": report.period_id,
        "unit": report.unit_id,
        "status": report.status,
        "standing": cell.standing.value,
        "due_at": iso(report.due_at),
        "submitted_at": iso(report.submitted_at),
        "revised_at": iso(report.revised_at),
        "correct_by_at": iso(report.correct_by_at),
        "days_late": cell.days_late,
        "needs_supplement": cell.needs_supplement,
        "figures": report.figures,
    }
