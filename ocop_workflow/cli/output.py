"""Printing: tables for people, JSON for programs, errors with the next step."""

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from notifications.catalogue import Language, translate
from ocop_workflow.cli.column_widths import column_widths, fit_whole
from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time, local_day

NARROW = 110
"""Characters; below that a table that doesn't fit leaves out what can be looked up."""

console = Console()
error_console = Console(stderr=True)


def print_json(value: Any) -> None:
    """Print a value as JSON in UTF-8, two blanks deep."""
    console.out(json.dumps(value, ensure_ascii=False, indent=2, default=str), highlight=False)


def print_csv(rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    console.out(written.getvalue(), end="", highlight=False)


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
    droppable: Sequence[str] = (),
) -> None:
    """Print rows as a table; numbers stand right, nothing is cut, and words, days and numbers keep to one line.

    The columns named `droppable` can be looked up elsewhere; a narrow window leaves them out when all don't fit.
    """
    material = [list(row) for row in rows]
    cells = [[name, *(_text(row[index]) for row in material)] for index, name in enumerate(columns)]
    if console.width < NARROW and not fit_whole(cells, _room(len(cells))):
        cells = [column for column in cells if column[0] not in droppable]
    numeric = {name for index, name in enumerate(columns) if material and _is_numeric(row[index] for row in material)}
    table = Table()
    for (name, *_), width in zip(cells, column_widths(cells, _room(len(cells))), strict=True):
        table.add_column(name, justify="right" if name in numeric else "left", overflow="fold", width=width)
    for index in range(1, len(material) + 1):
        table.add_row(*(Text(column[index]) for column in cells))  # no markup in people's names
    console.print(Text(title, style="table.title"))  # as wide as the window, however narrow the table is
    console.print(table)
    if caption:
        console.print(Text(caption, style="table.caption"))


def titles_of(columns: Iterable[str], language: Language) -> list[str]:
    """Return the titles of a table's columns in a language, by the last part of their codes."""
    return [translate(language, f"table.{name}") for name in columns]


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _is_numeric(values: Iterable[object]) -> bool:
    return all(isinstance(value, int) for value in values)


def _room(columns: int) -> int:
    """Return how many characters a table's texts have; each column has a line and two blanks beside it."""
    return console.width - 3 * columns - 1


def natural_order(text: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts 2 before 10, as people count."""
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", text))


def show_instant(instant: datetime | None) -> str:
    """Return an instant in the office's zone, or a dash."""
    return "–" if instant is None else f"{instant.astimezone(OFFICE_ZONE):%d/%m/%Y %H:%M}"


def shown_of(shown: int, total: int, language: Language = Language.EN, *, order: str = "newest") -> str:
    """Return how much of a list is shown, and how to see the rest where there is more."""
    return translate(language, f"table.shown.{order if shown < total else 'all'}", {"count": shown, "total": total})


def show_day(instant: datetime | None) -> str:
    """Return the day of an instant in the office's zone, or a dash."""
    return "–" if instant is None else f"{local_day(instant):%d/%m/%Y}"


def show_last_day(due_at: datetime | None) -> str:
    """Return the last day in time of a due instant, or a dash."""
    return "–" if due_at is None else f"{last_day_in_time(due_at):%d/%m/%Y}"


def iso(instant: datetime | None) -> str | None:
    """Return an instant as ISO 8601 in the office's zone, for JSON."""
    return None if instant is None else instant.astimezone(OFFICE_ZONE).isoformat()
