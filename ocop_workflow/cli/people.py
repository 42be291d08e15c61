"""Commands about people: people import, list, template."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import col, select

from notifications.catalogue import Language, show_date, translate
from ocop_workflow.cli.command_groups import command_group
from ocop_workflow.cli.options import AtOption, DataOption, JsonOption, LanguageOption, read_instant
from ocop_workflow.cli.output import console, print_csv, print_json, print_table, titles_of
from ocop_workflow.clock import local_day
from ocop_workflow.config_files.faults import Fault, InvalidFilesError, shortened
from ocop_workflow.config_files.people import COLUMNS, PRODUCER_ROW, PersonRow, load_people
from ocop_workflow.errors import InputError
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.people import AddressTakenError, give_producer_address, take_over
from ocop_workflow.services.positions import (
    known_positions,
    needed_positions,
    officials_without_address,
    producers_without_address,
    taken_over_by,
    vacant_positions,
)
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Holding, Official, Producer

app = command_group()


@app.callback()
def people() -> None:
    """Who holds which position, and where mail goes."""


@app.command("import")
def import_people(
    file: Annotated[
        Path,
        typer.Argument(help="A CSV file in UTF-8 with the columns party,name,email,language,from and maybe until."),
    ],
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Import officials with their positions, and producers' addresses; all rows or none.

    `party` is a position UNIT/ROLE, or the word producer; then `name` is a registered producer, and where several are
    called so, UNIT/producer is the one of that unit. `language` is vi or en, `from` the first day in office, `until`
    the first day no longer. A new holder ends the holding of the one before; the same name with another address
    corrects the address. `ocop people template` prints a file to fill in.
    """
    rows = load_people(file)
    with open_runtime(data) as runtime:
        now = runtime.business_now(read_instant(at))
        with runtime.transaction(now) as work:
            known = known_positions(work.session, work.books)
            if not known:
                raise InputError("no cycle is open, so no position is known; run `ocop cycle open PLAN --year YEAR`")
            faults = [Fault(str(file), row.line, fault) for row in rows if (fault := _enter(work, row, known))]
            if faults:
                raise InvalidFilesError([*faults, Fault(str(file), 1, "nothing was imported; mend the rows below")])
    console.print(f"{len(rows)} people are registered.", highlight=False)


@app.command("list")
def list_people(
    data: DataOption = None,
    vacant: Annotated[
        bool, typer.Option("--vacant", help="Positions that the open cycles need and nobody holds today.")
    ] = False,
    without_address: Annotated[
        bool, typer.Option("--without-address", help="Officials and producers to whom nothing can be mailed.")
    ] = False,
    language: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """List who holds which position, or who is missing."""
    if vacant and without_address:
        raise InputError("give --vacant or --without-address; one list at a time")
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            if vacant:
                _print_vacant(vacant_positions(work.session, work.books, on=local_day(now)), language, as_json=as_json)
            elif without_address:
                officials = officials_without_address(work.session, on=local_day(now))
                names = Counter(work.session.exec(select(Producer.name)))
                unreachable = producers_without_address(work.session)
                producers = [(_party_of(producer, names), producer.name) for producer in unreachable]
                _print_unreachable([*officials, *producers], language, as_json=as_json)
            else:
                _print_holders(work, language, as_json=as_json)


@app.command()
def template(data: DataOption = None) -> None:
    """Print a CSV file to fill in: every position that the open cycles need, and every producer."""
    with open_runtime(data) as runtime:
        now = runtime.business_now()
        with runtime.reading(now) as work:
            holders = {
                holding.position: (official, holding)
                for holding, official in _holders(work)
                if holding.until_on is None or holding.until_on > local_day(now)
            }
            rows = [COLUMNS]
            for position in needed_positions(work.session, work.books):
                if position in holders:
                    official, holding = holders[position]
                    cells = (official.name, official.email or "", official.language, f"{holding.start_on}", "")
                else:
                    cells = ("", "", "vi", "", "")
                rows.append((position, *cells))
            query = select(Producer).order_by(col(Producer.unit_id), col(Producer.name))
            producers = work.session.exec(query).all()
            names = Counter(producer.name for producer in producers)
            rows += [
                (_party_of(producer, names), producer.name, producer.email or "", producer.language, "", "")
                for producer in producers
            ]
    print_csv(rows)


def _enter(work: UnitOfWork, row: PersonRow, known: dict[str, list[str]]) -> str | None:
    """Enter one row; return what is wrong with it, or None."""
    if row.is_producer:
        found = _producers_called(work, row)
        if not found:
            return f"no producer is called {shortened(row.name)}; `ocop people template` lists those that are here"
        if len(found) > 1:
            parties = ", ".join(f"{producer.unit_id}/{PRODUCER_ROW}" for producer in found)
            return f"{len(found)} producers are called {shortened(row.name)}; write as party one of {parties}"
        give_producer_address(work, found[0].id, email=row.email, language=row.language)
        return None
    fault = _unknown_position(work, row.party, known)
    if fault is not None or row.start_on is None:
        return fault
    try:
        take_over(
            work,
            position=row.party,
            name=row.name,
            email=row.email,
            language=row.language,
            start_on=row.start_on,
            until_on=row.until_on,
        )
    except AddressTakenError as error:
        return str(error)
    return None


def _producers_called(work: UnitOfWork, row: PersonRow) -> Sequence[Producer]:
    """Return the producers of a row's name, in the unit that its party names or in all."""
    unit = row.party.rpartition("/")[0]
    query = select(Producer).where(col(Producer.name) == row.name).order_by(col(Producer.unit_id))
    return work.session.exec(query.where(col(Producer.unit_id) == unit) if unit else query).all()


def _party_of(producer: Producer, names: Counter[str]) -> str:
    """Return how a table names a producer: with the unit only where others are called the same."""
    return PRODUCER_ROW if names[producer.name] == 1 else f"{producer.unit_id}/{PRODUCER_ROW}"


def _unknown_position(work: UnitOfWork, party: str, known: dict[str, list[str]]) -> str | None:
    """Return what to write instead of a position that no register of an open cycle has; None when one has it."""
    unit = party.partition("/")[0]
    if party in known.get(unit, []):
        return None
    heir = taken_over_by(work.session, work.books, party)
    if heir is not None:
        return f"{shortened(party)} was taken over by {heir}; name that one"
    if unit in known:
        roles = ", ".join(position.partition("/")[2] for position in known[unit]) or "none"
        return f"unknown position {shortened(party)}; known for {unit} are {roles}"
    near = get_close_matches(unit.casefold().replace(" ", "-"), known, n=1)
    guess = f'did you mean the unit "{near[0]}"?' if near else "`ocop people template` lists those that are needed"
    return f"unknown position {shortened(party)}; {guess}"


def _holders(work: UnitOfWork) -> list[tuple[Holding, Official]]:
    query = select(Holding, Official).join(Official, col(Official.id) == col(Holding.official_id))
    return list(work.session.exec(query.order_by(col(Holding.position), col(Holding.start_on))))


def _print_vacant(positions: list[str], language: Language, *, as_json: bool) -> None:
    if as_json:
        print_json(positions)
        return
    print_table(
        translate(language, "table.vacant"),
        titles_of(("position",), language),
        ((position,) for position in positions),
        caption=translate(language, "table.vacant.some" if positions else "table.vacant.none"),
    )


def _print_unreachable(rows: list[tuple[str, str]], language: Language, *, as_json: bool) -> None:
    if as_json:
        print_json([{"party": party, "name": name} for party, name in rows])
        return
    print_table(
        translate(language, "table.unreachable"),
        titles_of(("position", "name"), language),
        rows,
        caption=translate(language, "table.unreachable.count", {"count": len(rows)}),
    )


def _print_holders(work: UnitOfWork, language: Language, *, as_json: bool) -> None:
    rows = _holders(work)
    if as_json:
        print_json(
            [
                {"position": h.position, "name": o.name, "email": o.email, "from": h.start_on, "until": h.until_on}
                for h, o in rows
            ]
        )
        return
    columns = titles_of(("position", "name", "email", "from", "until"), language)
    print_table(
        translate(language, "table.positions"),
        columns,
        (
            (holding.position, official.name, official.email, _day(holding.start_on), _day(holding.until_on))
            for holding, official in rows
        ),
        droppable=columns[3:],
    )


def _day(day: date | None) -> str:
    return show_date(day) if day is not None else ""
