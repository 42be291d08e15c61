"""Commands about people: people import, list."""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import col, select

from ocop_workflow.cli.options import AtOption, DataOption, JsonOption, read_day, read_instant
from ocop_workflow.cli.output import console, print_json, print_table
from ocop_workflow.errors import InputError
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.people import appoint, give_producer_address, is_address
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Holding, Official, Producer

app = typer.Typer(help="Who holds which position, and where mail goes.", no_args_is_help=True, rich_markup_mode=None)

COLUMNS = ("party", "name", "email", "language", "from")


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    party: str
    name: str
    email: str | None
    language: str
    start_on: date | None


@app.callback()
def people() -> None:
    """Who holds which position, and where mail goes."""


@app.command("import")
def import_people(
    file: Annotated[Path, typer.Argument(help="A CSV file in UTF-8 with the columns party,name,email,language,from.")],
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Import officials with their positions, and producers' addresses; all rows or none.

    `party` is a position UNIT/ROLE, or the word producer; then `name` is a registered producer. `language` is vi or
    en, `from` the first day in office.
    """
    rows, faults = _read(file)
    with open_runtime(data) as runtime:
        now = runtime.business_now(read_instant(at))
        with runtime.transaction(now) as work:
            for row in rows:
                faults += _enter(work, row)
            if faults:
                raise InputError("nothing was imported; mend these rows:\n  " + "\n  ".join(faults))
    console.print(f"{len(rows)} people are registered.", highlight=False)


@app.command("list")
def list_people(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List who holds which position."""
    with open_runtime(data) as runtime, runtime.database.reading() as session:
        query = select(Holding, Official).join(Official, col(Official.id) == col(Holding.official_id))
        rows = list(session.exec(query.order_by(col(Holding.position), col(Holding.start_on))))
    if as_json:
        print_json(
            [
                {"position": h.position, "name": o.name, "email": o.email, "from": h.start_on, "until": h.until_on}
                for h, o in rows
            ]
        )
        return
    print_table(
        "Positions",
        ("position", "name", "e-mail", "from", "until"),
        ((h.position, o.name, o.email, h.start_on, h.until_on) for h, o in rows),
    )


def _read(file: Path) -> tuple[list[_Row], list[str]]:
    if not file.is_file():
        raise InputError(f"{file} is no file; give a CSV file with the columns {','.join(COLUMNS)}")
    rows, faults = [], []
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise InputError(f"{file}:1: the header is not {','.join(COLUMNS)}; write it so")
        for number, cells in enumerate(reader, start=2):
            place = f"{file}:{number}"
            email, language = (cells["email"] or "").strip() or None, (cells["language"] or "vi").strip() or "vi"
            if email is not None and not is_address(email):
                faults.append(f"{place}: {email[:80]!r} is no e-mail address in ASCII")
            if language not in ("vi", "en"):
                faults.append(f"{place}: the language {language[:80]!r} is unknown; write vi or en")
            start = (cells["from"] or "").strip()
            try:
                start_on = read_day(start) if start else None
            except InputError as error:
                faults.append(f"{place}: {error}")
                start_on = None
            rows.append(
                _Row(number, (cells["party"] or "").strip(), (cells["name"] or "").strip(), email, language, start_on)
            )
    return rows, faults


def _enter(work: UnitOfWork, row: _Row) -> list[str]:
    if row.party != PRODUCER:
        if "/" not in row.party or row.start_on is None or not row.name:
            return [f"line {row.line}: an official needs a position UNIT/ROLE, a name and a first day"]
        appoint(work, position=row.party, name=row.name, email=row.email, language=row.language, start_on=row.start_on)
        return []
    found = work.session.exec(select(Producer.id).where(col(Producer.name) == row.name)).all()
    if len(found) != 1:
        return [f"line {row.line}: {len(found)} producers are called {row.name[:80]!r}; it must be one"]
    give_producer_address(work, found[0], email=row.email, language=row.language)
    return []
