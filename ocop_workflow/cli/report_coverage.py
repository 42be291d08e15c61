"""Commands over many reports: report matrix, with its spreadsheet and printable page, and report consolidate."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from notifications.catalogue import Language, Parameter, translate
from ocop_workflow.cli.options import CycleOption, DataOption, JsonOption, LanguageOption
from ocop_workflow.cli.output import console, iso, print_json, print_table, show_instant
from ocop_workflow.cli.report_reference import FigureOption, figures_given, report_of
from ocop_workflow.errors import InputError
from ocop_workflow.policy.report_figures import FigureValue, written
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.consolidation import Draft, content_of, draft, send_upward
from ocop_workflow.services.cycles import find_cycle
from ocop_workflow.services.report_matrix import Cell, Matrix, matrices
from ocop_workflow.services.report_signs import SIGNS, sign_of


def register(app: typer.Typer) -> None:
    """Add this module's commands to those about reports."""
    app.command()(matrix)
    app.command()(consolidate)


def matrix(
    data: DataOption = None,
    cycle: CycleOption = None,
    duty: Annotated[str | None, typer.Option(help="Only this report, where the plan has several.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write it as an Excel file too.", dir_okay=False)] = None,
    html: Annotated[Path | None, typer.Option(help="Write it as a page to print too.", dir_okay=False)] = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Show how each unit's report on each period stands: a table of signs, a spreadsheet, a page to print.

    The number behind a sign is by how many days a report came late, or has been missing.
    """
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            found = find_cycle(work.session, cycle)
            book = work.books.of_cycle(work.session, found)
            known = [each.id for each in book.cycle_year.report_duties]
            if duty is not None and duty not in known:
                raise InputError(f"the plan has no report {duty[:40]!r}; it has {', '.join(known) or 'none'}")
            tables = matrices(work.session, found, book, now=now, duty_id=duty)
            simulated = runtime.simulated
    if xlsx is not None:
        # openpyxl and the pages' templates only where they are used
        from ocop_workflow.cli.report_spreadsheet import write_spreadsheet  # noqa: PLC0415 -- see above

        write_spreadsheet(xlsx, tables, book.units, language)
    if html is not None:
        from ocop_workflow.web.matrix_page import matrix_page  # noqa: PLC0415 -- see above

        page = matrix_page(tables, book.units, language, cycle=found.key, now=now, simulated=simulated)
        try:
            html.write_text(page, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{html} can't be written ({error.strerror}); name another file or folder") from error
    if as_json:
        print_json([_as_json(each) for each in tables])
        return
    if not tables:
        console.print(translate(language, "table.no_reports"), highlight=False)
    for each in tables:
        _print(each, book.units, language, when=show_instant(now))
    for path in (xlsx, html):
        if path is not None:
            console.print(f"written: {path}", highlight=False, markup=False, soft_wrap=True)


def consolidate(
    duty: Annotated[str, typer.Argument(help="The collecting report of the plan.")],
    period: Annotated[str, typer.Argument(help="Its period, such as 2018-Q1.")],
    data: DataOption = None,
    cycle: CycleOption = None,
    unit: Annotated[str | None, typer.Option(help="Who collects, where several units do; else the office.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send it upward: file it and keep it as a snapshot.")] = False,
    figure: FigureOption = None,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Draft a collecting report from what the units sent: totals, and the units still missing by name.

    With --send it is filed so, and what it was made of is kept. When a unit sends or corrects its report later, the
    collecting one needs a supplement, and its sender is told; consolidate and send again.
    """
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        opening = runtime.transaction if send else runtime.reading
        with opening(now) as work:
            found = find_cycle(work.session, cycle)
            row = report_of(work.session, found, period, unit or found.office_id, duty)
            drafted = draft(work, row)
            units = work.books.of_cycle(work.session, found).units
            number = None
            if send:
                stated = _stated(figure or [], drafted)
                number = send_upward(work, drafted, actor=found.office_position, stated=stated).number
    if as_json:
        print_json({**content_of(drafted), "snapshot": number})
        return
    _print_draft(drafted, units, language)
    if number is not None:
        console.print(f"sent upward as snapshot {number}", highlight=False)


def _stated(given: list[str], drafted: Draft) -> dict[str, FigureValue]:
    """Return the figures that were stated; every figure that no total gives must be among them."""
    stated = figures_given(given, drafted.duty, all_of_them=False)
    lacking = [figure.id for figure in drafted.not_added if figure.id not in stated]
    if lacking:
        raise InputError(f"{lacking[0]} doesn't follow from what the units sent; state it with --figure {lacking[0]}=…")
    return stated


def _print(table: Matrix, units: UnitRegister, language: Language, *, when: str) -> None:
    unit = translate(language, "table.unit")
    print_table(
        table.duty.title.in_language(language),
        [unit, *table.periods],
        (
            (
                units.unit(row).name.in_language(language),
                *(sign_of(cells[period]) if period in cells else "" for period in table.periods),
            )
            for row, cells in table.rows.items()
        ),
        caption=_legend(table, language, when),
    )


def _legend(table: Matrix, language: Language, when: str) -> str:
    said = [
        f"{SIGNS[standing]} {translate(language, f'standing.{standing}')}: {count}"
        for standing, count in table.tally().items()
    ]
    asked: dict[str, Parameter] = {"when": when}
    return f"{'; '.join(said)}. {translate(language, 'standing.as_of', asked)}"


def _as_json(table: Matrix) -> dict[str, Any]:
    return {
        "duty": table.duty.id,
        "periods": list(table.periods),
        "tally": {standing.value: count for standing, count in table.tally().items()},
        "units": {
            unit: {period: _cell_as_json(cell) for period, cell in cells.items()} for unit, cells in table.rows.items()
        },
    }


def _cell_as_json(cell: Cell) -> dict[str, Any]:
    return {
        "standing": cell.standing.value,
        "days_late": cell.days_late,
        "accepted": cell.is_accepted,
        "needs_supplement": cell.needs_supplement,
        "due_at": iso(cell.due_at),
        "submitted_at": iso(cell.submitted_at),
        "figures": cell.figures,
    }


def _print_draft(drafted: Draft, units: UnitRegister, language: Language) -> None:
    figures = drafted.collected.figures

    def shown(values: Sequence[FigureValue | None]) -> list[str]:
        return ["–" if value is None else written(figure, value) for figure, value in zip(figures, values, strict=True)]

    rows = [
        (
            each.period,
            units.unit(each.unit).name.in_language(language),
            translate(language, f"standing.{each.standing}"),
            *shown([(each.figures or {}).get(figure.id) for figure in figures]),
        )
        for each in drafted.inputs
    ]
    total = ("", translate(language, "table.total"), "", *shown([drafted.totals.get(f.id) for f in figures]))
    print_table(
        drafted.duty.title.in_language(language),
        [
            *(translate(language, f"table.{name}") for name in ("period", "unit", "status")),
            *(figure.title.in_language(language) for figure in figures),
        ],
        [*rows, total],
        caption=_missing(drafted, units, language),
    )


def _missing(drafted: Draft, units: UnitRegister, language: Language) -> str:
    named = [f"{units.unit(each.unit).name.in_language(language)} ({each.period})" for each in drafted.missing]
    asked: dict[str, Parameter] = {"units": ", ".join(named)}
    return translate(language, "table.missing" if named else "table.all_in", asked)
