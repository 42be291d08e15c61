"""The coverage of reports as an Excel file: a sheet of signs and a sheet of figures for each report of the plan."""

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from notifications.catalogue import Language, translate
from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time
from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan import Figure
from ocop_workflow.policy.report_figures import FigureValue
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.services.report_matrix import Cell, Matrix
from ocop_workflow.services.report_signs import sign_of

LONGEST_TITLE = 31
"""Characters of a sheet's title that Excel takes."""

_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
_NOT_IN_CELLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write_spreadsheet(path: Path, tables: Iterable[Matrix], units: UnitRegister, language: Language) -> None:
    """Write matrices with their figures; text stays text, whatever sign it begins with.

    Raises:
        InputError: The file can't be written.
    """
    book = Workbook(write_only=True)
    for number, table in enumerate(tables, start=1):
        _signs(book, table, units, language, number)
        _figures(book, table, units, language, number)
    if not book.sheetnames:
        book.create_sheet(translate(language, "sheet.signs"))
    try:
        book.save(path)
    except OSError as error:
        raise InputError(f"{path} can't be written ({error.strerror}); name another file or folder") from error


def _signs(book: Workbook, table: Matrix, units: UnitRegister, language: Language, number: int) -> None:
    sheet = book.create_sheet(_title("sheet.signs", language, number))
    sheet.freeze_panes = "B2"
    sheet.column_dimensions["A"].width = 32
    sheet.append(_bold(sheet, [translate(language, "table.unit"), *table.periods]))
    for unit, cells in table.rows.items():
        signs = [sign_of(cells[period]) if period in cells else "" for period in table.periods]
        sheet.append([_text(sheet, units.unit(unit).name.in_language(language)), *(_text(sheet, s) for s in signs)])


def _figures(book: Workbook, table: Matrix, units: UnitRegister, language: Language, number: int) -> None:
    sheet = book.create_sheet(_title("sheet.figures", language, number))
    sheet.freeze_panes = "C2"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 12, 32
    heads = ("period", "unit", "status", "last_day", "came", "days_late")
    titles = [_headed(figure, language) for figure in table.duty.figures]
    sheet.append(_bold(sheet, [*(translate(language, f"table.{head}") for head in heads), *titles]))
    for period in table.periods:
        for unit, cells in table.rows.items():
            if period in cells:
                name = units.unit(unit).name.in_language(language)
                sheet.append(_row(sheet, period, name, cells[period], table.duty.figures, language))


def _row(
    sheet: Any, period: str, unit: str, cell: Cell, figures: tuple[Figure, ...], language: Language
) -> list[object]:
    came = cell.submitted_at.astimezone(OFFICE_ZONE).replace(tzinfo=None) if cell.submitted_at else None
    values = [(cell.figures or {}).get(figure.id) for figure in figures]
    return [
        _text(sheet, period),
        _text(sheet, unit),
        _text(sheet, translate(language, f"standing.{cell.standing}")),
        last_day_in_time(cell.due_at) if cell.due_at else None,
        came,
        cell.days_late,
        *(_value(sheet, figure, value) for figure, value in zip(figures, values, strict=True)),
    ]


def _value(sheet: Any, figure: Figure, value: FigureValue | None) -> object:
    if value is None:
        return None
    return _text(sheet, str(value)) if figure.kind == "text" else Decimal(value)


def _headed(figure: Figure, language: Language) -> str:
    title = figure.title.in_language(language)
    return title if figure.unit is None else f"{title} ({figure.unit.in_language(language)})"


def _title(code: str, language: Language, number: int) -> str:
    """Return a sheet's title; from the second report on it has a number, since titles must differ."""
    title = _NOT_IN_TITLES.sub(" ", translate(language, code))
    return f"{title} {number}"[:LONGEST_TITLE] if number > 1 else title[:LONGEST_TITLE]


def _text(sheet: Any, text: str) -> Any:
    """Return a cell that stays text: Excel would read `=1+1` as a formula."""
    cell = WriteOnlyCell(sheet, value=_NOT_IN_CELLS.sub("", text))
    cell.data_type = "s"
    return cell


def _bold(sheet: Any, texts: Iterable[str]) -> list[Any]:
    cells = [_text(sheet, text) for text in texts]
    for cell in cells:
        cell.font = Font(bold=True)
    return cells
