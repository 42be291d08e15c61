"""Commands about units that take over from others: unit draft, succeed."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ocop_workflow.cli.moves import ask
from ocop_workflow.cli.options import AtOption, ConfigOption, DataOption, read_day, read_instant
from ocop_workflow.cli.output import console, print_table, show_last_day
from ocop_workflow.config_files import default_config_dir, load_succession, load_units
from ocop_workflow.config_files.faults import shortened
from ocop_workflow.config_files.units_of_today import UnitsOfToday, units_of_today
from ocop_workflow.errors import InputError
from ocop_workflow.policy.succession_drafts import Draft, draft_succession, units_ending
from ocop_workflow.policy.units import Unit, UnitRegister
from ocop_workflow.runtime import open_runtime
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.successions import CycleMoves, Succeeded, succeed

SCHEMA = "# yaml-language-server: $schema=../schema/succession.schema.json"


def register(app: typer.Typer) -> None:
    """Add this module's commands to those about units."""
    app.command("draft")(draft_)
    app.command("succeed")(succeed_)


def draft_(
    register_id: Annotated[str, typer.Argument(metavar="REGISTER", help="The register whose units end.")],
    province: Annotated[str, typer.Option(help="The province of today that they lie in, by name or code.")],
    decision: Annotated[str, typer.Option(help="The number of the decision.")],
    on: Annotated[str, typer.Option(help="The first day on which the units are gone.")] = "2025-07-01",
    choose: Annotated[
        list[str] | None,
        typer.Option(metavar="UNIT=CODE", help="Your choice where several units of today or none fit; once for each."),
    ] = None,
    level: Annotated[str, typer.Option(help="What the register calls the level of communes.")] = "commune",
    upper_level: Annotated[str, typer.Option(help="What it calls the level of provinces.")] = "province",
    within: Annotated[str | None, typer.Option(help="Only the units that lie in this one, itself included.")] = None,
    config: ConfigOption = None,
) -> None:
    """Write a succession from a register's units to those of today, as a file to complete, on the standard output.

    The register says with `valid_until` which units end. Communes are matched by code, then by name; where that gives
    no unit of today or several, nothing is written until you have chosen. A unit of another level is taken over by the
    province: name under `roles` who takes its offices over.
    """
    units = load_units(config or default_config_dir(), register_id)
    today = units_of_today(province, province_level=upper_level, commune_level=level)
    day = read_day(on)
    known = [unit.id for unit in units.units]
    if within is not None and within not in known:
        raise InputError(f"{shortened(within)} is no unit of {units.id}; `ocop unit list --register {units.id}`")
    ending = units_ending(units, on=day, within=within)
    drafted = draft_succession(ending, today.province, today.communes, chosen=_chosen(choose or [], units, today))
    if drafted.undecided:
        raise InputError("\n".join(_undecided(drafted, today)))
    if not drafted.take_overs:
        raise InputError(
            f"no unit of {units.id} ends on {day:%d/%m/%Y}; give --on, or write `valid_until` in the register"
        )
    for line in _document(units, drafted, today, day=day, decision=decision):
        console.out(line, highlight=False)


def succeed_(
    file: Annotated[Path, typer.Argument(help="The succession: which units end, and which take over.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    data: DataOption = None,
    at: AtOption = None,
) -> None:
    """Let units take over from others by a decision: show what moves, and ask once.

    Everything moves in one transaction: open duties, dossiers, products, notices not yet mailed, links to reports.
    Dates, plans and rule sets stay, and so do the names on what was written. Each dossier and report records it, and
    producers are told by mail who handles their open dossiers. Who holds the successors' positions is entered
    afterwards with `ocop people handover`; until then their mail waits for the office.
    """
    with open_runtime(data) as runtime:
        now = runtime.moment_of_act(read_instant(at)).now
        with runtime.reading(now) as work:
            registers = [work.books.of_cycle(work.session, cycle).units for cycle in cycles_of(work.session)]
        succession = load_succession(file, registers)
        if not yes:
            with runtime.transaction(now) as work:
                shown = succeed(work, succession)
                work.session.rollback()  # what is shown was done and taken back: exactly that will be done
            _show(shown)
            ask(f"Enter the succession by {succession.decision}?", yes=False)
        with runtime.transaction(now) as work:
            done = succeed(work, succession)
    if yes:
        _show(done)
    _tell(done)


def _chosen(choices: Sequence[str], register: UnitRegister, today: UnitsOfToday) -> dict[str, Unit]:
    by_code = {unit.code: unit for unit in (today.province, *today.communes)}
    known = {unit.id for unit in register.units}
    chosen = {}
    for choice in choices:
        unit, _, code = choice.partition("=")
        if unit not in known:
            raise InputError(f"{shortened(unit)} is no unit of {register.id}; write --choose UNIT=CODE")
        if code not in by_code:
            raise InputError(
                f"{shortened(code)} is no code in {today.province.name.vi}; `ocop unit list --today "
                f"{today.province.code}` shows the codes"
            )
        chosen[unit] = by_code[code]
    return chosen


def _undecided(drafted: Draft, today: UnitsOfToday) -> Iterator[str]:
    for unit, found in drafted.undecided:
        if found:
            names = ", ".join(f"{each.code} {each.name.vi}" for each in found)
            yield f"{unit.id} ({unit.name.vi}) may be {names}; choose with --choose {unit.id}=CODE"
        else:
            yield (
                f"{unit.id} ({unit.name.vi}) has neither code nor name in {today.province.name.vi}; choose with "
                f"--choose {unit.id}=CODE (`ocop unit list --today {today.province.code}` shows the codes)"
            )


def _document(units: UnitRegister, drafted: Draft, today: UnitsOfToday, *, day: date, decision: str) -> Iterator[str]:
    """Yield the lines of a succession's file."""
    province = today.province
    top = next((unit.parent for unit in units.units if unit.level == province.level), None)
    known = {unit.id for unit in units.units}
    new = [unit for unit in (province, *today.communes) if unit.id in drafted.take_overs and unit.id not in known]
    if province not in new and province.id not in known:
        new.insert(0, province)
    yield SCHEMA
    yield f"id: {units.id}-{day.year}"
    yield f"decision: {_quoted(decision)}"
    listed = f"names and codes as the package vietnam-provinces {today.version} lists them"
    yield f"source: {_quoted(f'{decision}; {listed}')}"
    yield f"effective_on: {day.isoformat()}"
    if new:
        yield "new_units:"
    for unit in new:
        parent = top if unit is province else unit.parent
        above = f"parent: {parent}, " if parent else ""
        names = f"name: {{ vi: {_quoted(unit.name.vi)}, en: {_quoted(unit.name.en)} }}"
        yield f"  - {{ id: {unit.id}, level: {unit.level}, {above}code: {_quoted(unit.code or '')}, {names} }}"
    yield "take_overs:"
    levels = {unit.id: unit.level for unit in (province, *today.communes)}
    for heir, ended in drafted.take_overs.items():
        for level in dict.fromkeys(unit.level for unit in ended):
            names = ", ".join(unit.id for unit in ended if unit.level == level)
            roles = "" if level == levels[heir] else ", roles: {}"
            yield f"  - {{ units: [{names}], successor: {heir}{roles} }}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _show(shown: Succeeded) -> None:
    for moves in shown.cycles:
        given = [duty for duty in moves.duties if duty.before != duty.after]
        print_table(
            f"Open duties that move in {moves.cycle}",
            ("what", "from", "to", "last day"),
            ((duty.key, duty.before, duty.after, show_last_day(duty.due_at)) for duty in given),
            caption=f"{len(given)} duties",
        )
        print_table("Also", ("what", "how many"), _counts(moves))
    print_table(
        "In the whole folder",
        ("what", "how many"),
        [("products in another unit", shown.products), ("producers in another unit", shown.producers)],
    )
    if shown.ended:
        print_table("Positions that end", ("position", "held by"), shown.ended)
    if shown.vacant:
        print_table("Positions that take over and that nobody holds", ("position",), ((each,) for each in shown.vacant))


def _counts(moves: CycleMoves) -> Iterator[tuple[str, object]]:
    before, after = moves.office
    if before != after:
        yield "the office", f"{before} → {after}"
    yield (
        "open duties that stay with their party, under another superior",
        sum(duty.before == duty.after for duty in moves.duties),
    )
    yield "open dossiers that record it", moves.dossiers
    yield "reports not required any more", len(moves.reports.excused)
    yield "reports that successors owe instead", len(moves.reports.new)
    yield "open reports of earlier periods that successors answer for", len(moves.reports.answered)
    yield "notices not yet mailed that go to successors", moves.notices
    yield "links to reports issued anew", moves.links


def _tell(done: Succeeded) -> None:
    duties = sum(len(moves.duties) for moves in done.cycles)
    dossiers = sum(moves.dossiers for moves in done.cycles)
    console.print(
        f"Entered in {len(done.cycles)} cycles: {duties} open duties, {dossiers} dossiers and {done.products} products "
        "went to the successors.",
        highlight=False,
        soft_wrap=True,
    )
    for position in done.vacant:
        console.print(
            f"Nobody holds {position}: appoint with `ocop people handover {position} --to NAME --from DAY`.",
            highlight=False,
            soft_wrap=True,
        )
