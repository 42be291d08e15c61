"""From obligations whose rung has come to notices (promises I2a and I3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.policy.ladders import RungDecision, RungMoment, decide_rungs, first_moment_from
from ocop_workflow.policy.plan import Audience
from ocop_workflow.services.cycles import ids_by_cycle
from ocop_workflow.services.notices import insert_notices, rung_row
from ocop_workflow.services.obligations import moments_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.task_helpers import helper_rows
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Obligation


@dataclass(frozen=True, slots=True)
class QueuedNotices:
    """How many notices a batch planned to send, suppressed, and found already there."""

    planned: int = 0
    suppressed: int = 0
    already: int = 0


def due_obligations(session: Session, cycle: Cycle, *, kinds: Sequence[str], now: datetime) -> list[str]:
    """Return the ids of a cycle's obligations of these kinds with a rung to decide, the earliest first."""
    return due_by_cycle(session, [cycle], kinds=kinds, now=now)[cycle.id]


def due_by_cycle(
    session: Session, cycles: Sequence[Cycle], *, kinds: Sequence[str], now: datetime
) -> dict[str, list[str]]:
    """Return for each cycle the ids of obligations of these kinds with a rung to decide, the earliest first."""
    query = select(Obligation.cycle_id, Obligation.id).where(
        col(Obligation.cycle_id).in_([cycle.id for cycle in cycles]),
        col(Obligation.kind).in_(kinds),
        col(Obligation.next_action_at) <= now,
    )
    return ids_by_cycle(session, cycles, query.order_by(col(Obligation.next_action_at), col(Obligation.id)))


def queue_due_notices(work: UnitOfWork, cycle: Cycle, obligation_ids: Sequence[str]) -> QueuedNotices:
    """Decide every rung that has come due and plan its notice, or record why none is sent.

    Idempotent: the key makes a second or late run plan nothing twice. Renders nothing, sends nothing, commits
    nothing.

    Args:
        work: The unit of work; its `now` is what is compared.
        cycle: The cycle of all these obligations.
        obligation_ids: One batch, at most 500.

    Source: architecture sections 7 and 10.
    """
    book = work.books.of_cycle(work.session, cycle)
    rows = []
    obligations = work.session.exec(
        select(Obligation)
        .where(col(Obligation.id).in_(obligation_ids), col(Obligation.next_action_at) <= work.now)
        .order_by(col(Obligation.next_action_at), col(Obligation.key))
        .with_for_update()
    )
    for obligation in obligations:
        moments = moments_of(book, obligation)
        unhandled = obligation.next_action_at or work.now
        recipients = {audience: recipient_of(cycle, obligation, audience) for audience in Audience}
        for decision in decide_rungs(
            moments, unhandled_from=unhandled, now=work.now, closed_at=obligation.closed_at, recipients=recipients
        ):
            recipient = recipients[decision.moment.audience]
            rows += rung_rows(work, cycle, book, obligation, decision, recipient=recipient)
        move_next_action(obligation, moments, work.now)
        work.session.add(obligation)
    new = insert_notices(work.session, rows)
    suppressed = sum(row["suppression"] is not None for row in rows)
    return QueuedNotices(len(rows) - suppressed, suppressed, len(rows) - new)


def move_next_action(obligation: Obligation, moments: Sequence[RungMoment], now: datetime) -> None:
    """Set when the obligation's next rung comes: the first one after `now`, none once it is closed."""
    later = [moment for moment in moments if moment.at > now]
    obligation.next_action_at = first_moment_from(later, now) if obligation.status == "open" else None


def rung_rows(
    work: UnitOfWork, cycle: Cycle, book: Rulebook, obligation: Obligation, decision: RungDecision, *, recipient: str
) -> list[dict[str, Any]]:
    """Return the notices of one decided rung: its recipient's, and before the date those of a task's helpers."""
    automatic = book.plan.escalations == "automatic"
    row = rung_row(work, cycle, obligation, decision, recipient=recipient, automatic=automatic)
    if decision.moment.audience is not Audience.RESPONSIBLE or decision.moment.past_due:
        return [row]
    return [row, *helper_rows(work, cycle, book, obligation, row)]


def recipient_of(cycle: Cycle, obligation: Obligation, audience: Audience) -> str:
    """Return the party a rung speaks to; where nobody stands above, the office."""
    return recipient_among(cycle, audience, party=obligation.party, superior=obligation.superior)


def recipient_among(cycle: Cycle, audience: Audience, *, party: str, superior: str | None) -> str:
    """Return the party of an audience: whoever owes, the position above, or the office."""
    if audience is Audience.RESPONSIBLE:
        return party
    if audience is Audience.SUPERIOR:
        return superior or cycle.office_position
    return cycle.office_position
