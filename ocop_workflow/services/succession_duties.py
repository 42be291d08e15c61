"""Giving the successors of units what is open: duties with their dossiers, reports, tasks and certificates."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from ocop_workflow.services.certificate_facts import certificate_case
from ocop_workflow.services.certificate_watch import receiver_of
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossier_news import tell_of_successors
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.obligations import DOSSIER_STEP, OPINION, RENEWAL, WITHDRAWAL
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.subjects import record_on_subject
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Cycle, Dossier, Obligation, Product


@dataclass(frozen=True, slots=True)
class MovedDuty:
    """An open duty that has another party, superior or unit: its id and key, its parties, who stands above now."""

    id: str
    key: str
    before: str
    after: str
    superior: str | None
    opens_at: datetime
    due_at: datetime | None


def move_duties(work: UnitOfWork, cycle: Cycle, act: Act, *, products: set[str]) -> tuple[list[MovedDuty], int]:
    """Give open duties of units that ended to their successors, with one event for each subject.

    Args:
        work: The unit of work.
        cycle: Already pinned to the register with the successors.
        act: Who, and by which decision.
        products: The ids of products that lie in another unit now; their open dossiers record it too.

    Returns:
        The duties that changed, and how many open dossiers record the succession.
    """
    book = work.books.of_cycle(work.session, cycle)
    query = select(Obligation).where(col(Obligation.cycle_id) == cycle.id, col(Obligation.status) == "open")
    moved: list[MovedDuty] = []
    changed: dict[str, Obligation] = {}
    parties: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for obligation in work.session.exec(query.order_by(col(Obligation.due_at), col(Obligation.key))).all():
        before = (obligation.party, obligation.superior, obligation.unit_id)
        _move(work, book, obligation)
        if before == (obligation.party, obligation.superior, obligation.unit_id):
            continue
        work.session.add(obligation)
        changed[obligation.subject_id] = obligation
        told = {"obligation": obligation.key, "before": before[0], "after": obligation.party}
        parties[obligation.subject_id].append({**told, "superior": obligation.superior})
        moved.append(
            MovedDuty(
                obligation.id,
                obligation.key,
                before[0],
                obligation.party,
                obligation.superior,
                obligation.opens_at,
                obligation.due_at,
            )
        )
    dossiers = _move_dossiers(work, cycle, act, products, parties)
    for subject_id, told_parties in parties.items():
        details = {**(act.details or {}), "parties": told_parties}
        record_on_subject(work, changed[subject_id], replace(act, details=details))
    return moved, dossiers


def _move(work: UnitOfWork, book: Rulebook, obligation: Obligation) -> None:
    """Set who owes it, who stands above, and the unit in whose area it lies: that of the product where it has one."""
    units = book.units
    party = units.successor_of(obligation.party)
    if party != obligation.party:
        obligation.party, obligation.superior = party, units.superior_of(party)
    elif obligation.superior is not None:
        obligation.superior = units.successor_of(obligation.superior)
    if units.unit_today(obligation.unit_id) == obligation.unit_id:
        return
    if obligation.kind in (RENEWAL, WITHDRAWAL):
        case = certificate_case(work.session, work.books, work.session.get_one(Certificate, obligation.subject_id))
        obligation.unit_id = case.product.unit_id
        if obligation.kind == RENEWAL:
            obligation.superior = receiver_of(case)
    elif obligation.kind in (DOSSIER_STEP, OPINION):
        dossier = work.session.get_one(Dossier, obligation.subject_id)
        obligation.unit_id = work.session.get_one(Product, dossier.product_id).unit_id
    else:
        obligation.unit_id = units.unit_today(obligation.unit_id)


def _move_dossiers(
    work: UnitOfWork, cycle: Cycle, act: Act, products: set[str], parties: dict[str, list[dict[str, Any]]]
) -> int:
    """Record on each open dossier who handles it now, tell its producer, take it out of `parties`; return how many."""
    query = select(Dossier).where(col(Dossier.cycle_id) == cycle.id)
    count = 0
    for dossier in work.session.exec(query.order_by(col(Dossier.key))).all():
        before = dossier.responsible
        case = case_of(work, dossier) if dossier.closed_at is None else None
        if case is not None:
            dossier.responsible = case.responsible()
        of_open = case is not None and (dossier.responsible != before or dossier.product_id in products)
        if not of_open and dossier.id not in parties:  # a closed one may have a step by hand left
            continue
        moved = parties.pop(dossier.id, [])
        details = {
            **(act.details or {}),
            "responsible_before": before,
            "responsible": dossier.responsible,
            "parties": moved,
        }
        dossier.version += 1
        work.session.add(dossier)
        stream, told = f"dossier:{dossier.id}", replace(act, details=details)
        append_event(work, stream=stream, seq=dossier.version, cycle_id=cycle.id, act=told)
        if case is not None and (of_open or any(duty["after"] == case.producer for duty in moved)):
            tell_of_successors(work, case, decision=act.rule or "")
        count += 1
    return count
