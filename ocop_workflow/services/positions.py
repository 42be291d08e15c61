"""Which positions the open cycles need, which of them nobody holds, and who can't be written to."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Select, union
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, or_, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan import Audience
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.cycles import CLOSED, cycles_of
from ocop_workflow.services.pinned_documents import Rulebook, RulebookShelf
from ocop_workflow.services.task_helpers import helping_positions
from ocop_workflow.storage.tables import (
    Cycle,
    Dossier,
    Holding,
    Obligation,
    Official,
    PlanTask,
    Producer,
    Report,
)


class UnknownPositionError(InputError):
    """No open cycle has the position, or not any more."""


def known_positions(session: Session, books: RulebookShelf) -> dict[str, list[str]]:
    """Return every position (`unit/role`) that is still there, of the open cycles, by unit in the register's order."""
    known: dict[str, list[str]] = {}
    for cycle in _open_cycles(session):
        register = books.of_cycle(session, cycle).units
        for position in register.positions():
            if register.successor_of(position) == position:
                unit_id = position.partition("/")[0]
                known[unit_id] = list(dict.fromkeys([*known.get(unit_id, []), position]))
    return known


def cycles_knowing(session: Session, books: RulebookShelf, position: str) -> list[Cycle]:
    """Return the open cycles whose register has a position that is still there."""
    unit_id, _, role_id = position.partition("/")
    found = []
    for cycle in _open_cycles(session):
        register = books.of_cycle(session, cycle).units
        role = register.roles.get(role_id)
        if register.successor_of(position) != position:
            continue
        if role is not None and any(unit.id == unit_id and unit.level == role.level for unit in register.units):
            found.append(cycle)
    return found


def taken_over_by(session: Session, books: RulebookShelf, position: str) -> str | None:
    """Return the position that has taken over from one whose unit is gone; None of every other."""
    heirs = (books.of_cycle(session, cycle).units.successor_of(position) for cycle in _open_cycles(session))
    return next((heir for heir in heirs if heir != position and cycles_knowing(session, books, heir)), None)


def check_position(session: Session, books: RulebookShelf, position: str) -> None:
    """Refuse a position that nobody can hold.

    Raises:
        UnknownPositionError: No register of an open cycle has it, or its unit is gone.
    """
    if cycles_knowing(session, books, position):
        return
    heir = taken_over_by(session, books, position)
    if heir is not None:
        raise UnknownPositionError(f"{position[:80]} was taken over by {heir}; name that one")
    raise UnknownPositionError(
        f'no open cycle knows the position "{position[:80]}"; `ocop people template` lists those needed'
    )


def needed_positions(session: Session, books: RulebookShelf) -> list[str]:
    """Return the positions that the open cycles need, in the register's order: owners of steps, reports and tasks.

    Superiors are among them where a ladder of the plan climbs to them, and always the office itself.
    """
    needed = set[str]().union(*needed_by_cycle(session, books, _open_cycles(session)).values())
    return [
        position
        for positions in known_positions(session, books).values()
        for position in positions
        if position in needed
    ]


def vacant_positions(session: Session, books: RulebookShelf, *, on: date) -> list[str]:
    """Return the needed positions that nobody holds on a day."""
    held = held_positions(session, on=on)
    return [position for position in needed_positions(session, books) if position not in held]


def needed_by_cycle(session: Session, books: RulebookShelf, cycles: Sequence[Cycle]) -> dict[str, set[str]]:
    """Return the positions that each of these cycles needs, producers left out, by the cycle's id."""
    needed = {cycle.id: {cycle.office_position} for cycle in cycles}
    named = union(
        select(Report.cycle_id, Report.reporter).where(col(Report.cycle_id).in_(needed)),
        select(Report.cycle_id, Report.collector).where(col(Report.cycle_id).in_(needed)),
        select(PlanTask.cycle_id, PlanTask.lead).where(col(PlanTask.cycle_id).in_(needed)),
        select(PlanTask.cycle_id, PlanTask.approver).where(
            col(PlanTask.cycle_id).in_(needed), col(PlanTask.approver).is_not(None)
        ),
        select(Obligation.cycle_id, Obligation.party).where(
            col(Obligation.cycle_id).in_(needed),
            col(Obligation.status) == "open",
            col(Obligation.party).not_like(f"{PRODUCER}:%"),
        ),
    )
    for cycle_id, position in session.execute(named):
        needed[cycle_id].add(position)
    by_id = {cycle.id: cycle for cycle in cycles}
    rulebooks: dict[tuple[str, str], Rulebook] = {}  # each is looked up once, not for every unit
    for cycle_id, rule_set_hash, round_id, kind, unit in session.execute(_routes_of_open_dossiers(needed)):
        if (cycle_id, rule_set_hash) not in rulebooks:
            rulebooks[cycle_id, rule_set_hash] = books.under(session, by_id[cycle_id], rule_set_hash)
        book = rulebooks[cycle_id, rule_set_hash]
        needed[cycle_id].update(book.positions_on_route(round_id, kind, unit))
    for cycle_id, cycle in by_id.items():
        book = books.of_cycle(session, cycle)
        needed[cycle_id] = {book.units.successor_of(position) for position in needed[cycle_id]}
        rungs = (rung for ladder in book.plan.ladders.values() for rung in ladder.rungs)
        if any(rung.audience is Audience.SUPERIOR for rung in rungs):
            needed[cycle_id].update(
                superior for owner in list(needed[cycle_id]) if (superior := book.units.superior_of(owner)) is not None
            )
        needed[cycle_id] |= helping_positions(session, cycle, book)
    return needed


def held_positions(session: Session, *, on: date) -> set[str]:
    """Return the positions that somebody holds on a day."""
    return set(session.exec(select(Holding.position).where(*_holds_on(on))))


def positions_with_address(session: Session, *, on: date) -> set[str]:
    """Return the positions of which a holder on a day has an address."""
    query = select(Holding.position).join(Official, col(Official.id) == col(Holding.official_id))
    return set(session.exec(query.where(*_holds_on(on), col(Official.email).is_not(None))))


def officials_without_address(session: Session, *, on: date) -> list[tuple[str, str]]:
    """Return position and name of those who hold a position on a day and have no address."""
    query = (
        select(Holding.position, Official.name)
        .join(Official, col(Official.id) == col(Holding.official_id))
        .where(col(Official.email).is_(None), *_holds_on(on))
    )
    return list(session.exec(query.order_by(col(Holding.position), col(Official.name))))


def producers_without_address(session: Session) -> list[Producer]:
    """Return the producers without an address, by unit and name."""
    query = select(Producer).where(col(Producer.email).is_(None))
    return list(session.exec(query.order_by(col(Producer.unit_id), col(Producer.name))))


def _open_cycles(session: Session) -> list[Cycle]:
    return [cycle for cycle in cycles_of(session) if cycle.status != CLOSED]


def _holds_on(day: date) -> tuple[ColumnElement[bool], ...]:
    return col(Holding.start_on) <= day, or_(col(Holding.until_on).is_(None), col(Holding.until_on) > day)


def _routes_of_open_dossiers(cycle_ids: Iterable[str]) -> Select[tuple[str, str, str, str, str]]:
    """Return the query for cycle, rule set, round, kind and unit of the open dossiers, each combination once."""
    asked = col(Dossier.cycle_id), col(Dossier.rule_set_hash), col(Dossier.round_id), col(Dossier.kind)
    query = sql_select(*asked, col(Dossier.unit_id)).distinct()
    return query.where(col(Dossier.cycle_id).in_(cycle_ids), col(Dossier.closed_at).is_(None))
