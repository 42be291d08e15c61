"""Which positions the open cycles need, which of them nobody holds, and who can't be written to."""

from collections.abc import Iterator
from datetime import date

from sqlmodel import Session, col, or_, select

from ocop_workflow.policy.plan import Audience
from ocop_workflow.policy.route import PRODUCER, position_of
from ocop_workflow.policy.rule_set import Owner
from ocop_workflow.policy.units import PositionRef
from ocop_workflow.services.cycles import CLOSED, cycles_of
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.storage.tables import (
    Cycle,
    Dossier,
    Holding,
    Obligation,
    Official,
    PlanTask,
    Producer,
    Product,
    Report,
)


def known_positions(session: Session, books: RulebookShelf) -> dict[str, list[str]]:
    """Return every position (`unit/role`) of the registers of the open cycles, by unit in the register's order."""
    known: dict[str, list[str]] = {}
    for cycle in _open_cycles(session):
        register = books.of_cycle(session, cycle).units
        for unit in register.units:
            roles = [f"{unit.id}/{role_id}" for role_id, role in register.roles.items() if role.level == unit.level]
            known[unit.id] = list(dict.fromkeys([*known.get(unit.id, []), *roles]))
    return known


def cycles_knowing(session: Session, books: RulebookShelf, position: str) -> list[Cycle]:
    """Return the open cycles whose register has a position."""
    unit_id, _, role_id = position.partition("/")
    found = []
    for cycle in _open_cycles(session):
        register = books.of_cycle(session, cycle).units
        role = register.roles.get(role_id)
        if role is not None and any(unit.id == unit_id and unit.level == role.level for unit in register.units):
            found.append(cycle)
    return found


def needed_positions(session: Session, books: RulebookShelf) -> list[str]:
    """Return the positions that the open cycles need, in the register's order: owners of steps, reports and tasks.

    Superiors are among them where a ladder of the plan climbs to them, and always the office itself.
    """
    needed: set[str] = set()
    for cycle in _open_cycles(session):
        needed.update(_needed_by(session, books, cycle))
    return [
        position
        for positions in known_positions(session, books).values()
        for position in positions
        if position in needed
    ]


def vacant_positions(session: Session, books: RulebookShelf, *, on: date) -> list[str]:
    """Return the needed positions that nobody holds on a day."""
    held = set(
        session.exec(
            select(Holding.position).where(
                col(Holding.start_on) <= on, or_(col(Holding.until_on).is_(None), col(Holding.until_on) > on)
            )
        )
    )
    return [position for position in needed_positions(session, books) if position not in held]


def officials_without_address(session: Session, *, on: date) -> list[tuple[str, str]]:
    """Return position and name of those who hold a position on a day and have no address."""
    query = (
        select(Holding.position, Official.name)
        .join(Official, col(Official.id) == col(Holding.official_id))
        .where(
            col(Official.email).is_(None),
            col(Holding.start_on) <= on,
            or_(col(Holding.until_on).is_(None), col(Holding.until_on) > on),
        )
    )
    return list(session.exec(query.order_by(col(Holding.position), col(Official.name))))


def producers_without_address(session: Session) -> list[Producer]:
    """Return the producers without an address, by unit and name."""
    query = select(Producer).where(col(Producer.email).is_(None))
    return list(session.exec(query.order_by(col(Producer.unit_id), col(Producer.name))))


def _open_cycles(session: Session) -> list[Cycle]:
    return [cycle for cycle in cycles_of(session) if cycle.status != CLOSED]


def _needed_by(session: Session, books: RulebookShelf, cycle: Cycle) -> Iterator[str]:
    """Yield the positions that a cycle needs, producers left out."""
    book = books.of_cycle(session, cycle)
    owners = {cycle.office_position}
    owners.update(session.exec(select(Report.reporter).where(col(Report.cycle_id) == cycle.id)))
    owners.update(session.exec(select(Report.collector).where(col(Report.cycle_id) == cycle.id)))
    owners.update(session.exec(select(PlanTask.lead).where(col(PlanTask.cycle_id) == cycle.id)))
    approvers = select(PlanTask.approver).where(col(PlanTask.cycle_id) == cycle.id)
    owners.update(approver for approver in session.exec(approvers) if approver is not None)
    owed = select(Obligation.party).where(col(Obligation.cycle_id) == cycle.id, col(Obligation.status) == "open")
    owners.update(party for party in session.exec(owed) if not party.startswith(f"{PRODUCER}:"))
    owners.update(_owners_on_routes(session, books, cycle))
    yield from owners
    rungs = (rung for ladder in book.plan.ladders.values() for rung in ladder.rungs)
    if any(rung.audience is Audience.SUPERIOR for rung in rungs):
        superiors = (book.units.superior_of(owner) for owner in owners)
        yield from (superior for superior in superiors if superior is not None)


def _owners_on_routes(session: Session, books: RulebookShelf, cycle: Cycle) -> Iterator[str]:
    """Yield who acts on the dossiers of a cycle at any stage of their routes, each by its own rule set."""
    found = session.exec(
        select(Dossier, Product.unit_id)
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .where(col(Dossier.cycle_id) == cycle.id, col(Dossier.closed_at).is_(None))
    )
    routes = {(unit, d.round_id, d.kind, d.rule_set_hash, tuple(d.earlier_rule_sets)): d for d, unit in found}
    for (unit, round_id, kind, *_), dossier in routes.items():
        book = books.of_dossier(session, cycle, dossier)
        for stage in book.stages(round_id, kind):
            for owner in (stage.submitted_by, stage.decided_by, *(step.owner for step in stage.steps)):
                if not owner.producer:
                    yield position_of(_reference(owner), units=book.units, unit=unit)


def _reference(owner: Owner) -> PositionRef:
    return PositionRef(level=owner.level, role=owner.role or "")
