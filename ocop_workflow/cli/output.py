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

from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time

NARROW = 110
"""Characters; below that a table leaves out what can be looked up."""

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
    unbroken: Sequence[str] = (),
) -> None:
    """Print rows as a table; numbers stand right, nothing is cut, and columns named `unbroken` keep to one line."""
    table = Table(title=title, caption=caption or None, title_justify="left", caption_justify="left")
    material = [list(row) for row in rows]
    for index, name in enumerate(columns):
        numeric = bool(material) and all(isinstance(row[index], int) for row in material)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold", no_wrap=name in unbroken)
    for row in material:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))  # no markup in people's names
    console.print(table)


def is_narrow() -> bool:
    """Tell whether a table of more than six columns would be hard to read here."""
    return console.width < NARROW


def natural_order(text: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts 2 before 10, as people count."""
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", text))


def show_instant(instant: datetime | None) -> str:
    """Return an instant in the office's zone, or a dash."""
    return "–" if instant is None else f"{instant.astimezone(OFFICE_ZONE):%d/%m/%Y %H:%M}"


def show_last_day(due_at: datetime | None) -> str:
    """Return the last day in time of a due instant, or a dash."""
    return "–" if due_at is None else f"{last_day_in_time(due_at):%d/%m/%Y}"


def iso(instant: datetime | None) -> str | None:
    """Return an instant as ISO 8601 in the office's zone, for JSON."""
    return None if instant is None else instant.astimezone(OFFICE_ZONE).isoformat()
