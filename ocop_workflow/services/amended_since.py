"""What an amendment of the plan makes of a date that an extension had kept from it, once that is taken back."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from ocop_workflow.services.amended_dates import AmendmentRefusedError, Reader, Revised, under
from ocop_workflow.services.amendments import PLAN_AMENDED, apply_revision
from ocop_workflow.services.events import Act, details_of
from ocop_workflow.services.moved_dates import record_moves
from ocop_workflow.services.redating import DEADLINES_AMENDED, Move
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Event, Obligation


def follow_amendments(
    work: UnitOfWork, cycle: Cycle, kept: Sequence[tuple[Obligation, datetime]], *, actor: str
) -> list[Move]:
    """Give dates that an extension had kept what amendments since have given every other; return what moved.

    An amendment leaves alone what an extension gave. Without the extension the date would have moved with the others,
    so it does now, and its party is told as they were.

    Args:
        work: The unit of work.
        cycle: Whose dates they are.
        kept: Open obligations with the date from before their extension, and when that was granted.
        actor: The office.

    Raises:
        AmendmentRefusedError: A date would be late at once by the amended plan.
    """
    book, moves = work.books.of_cycle(work.session, cycle), []
    for since in sorted({granted_at for _, granted_at in kept}):
        amended = _amendments(work, cycle, since)
        if not amended:
            continue
        old = under(book, work.books.plan(work.session, details_of(amended[0])["plan_before"]))
        reader = Reader(work, old, book.plan)
        revised = [_revised(reader, obligation) for obligation, granted_at in kept if granted_at == since]
        moved = [move for each in revised if each.move and (move := apply_revision(work, cycle, old, each))]
        act = Act(actor, DEADLINES_AMENDED, rule=amended[-1].rule, details={"plan_hash": cycle.plan_hash})
        record_moves(work, cycle, moved, act, news="news.amended")
        moves += moved
    return moves


def _revised(reader: Reader, obligation: Obligation) -> Revised:
    try:
        return reader.revised(obligation)
    except AmendmentRefusedError as error:
        raise AmendmentRefusedError(f"{obligation.key} {error}; nothing was taken back") from error


def _amendments(work: UnitOfWork, cycle: Cycle, since: datetime) -> Sequence[Event]:
    query = select(Event).where(
        col(Event.stream) == f"cycle:{cycle.id}", col(Event.action) == PLAN_AMENDED, col(Event.recorded_at) >= since
    )
    return work.session.exec(query.order_by(col(Event.seq))).all()
