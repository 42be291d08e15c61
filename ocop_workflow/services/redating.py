"""Giving an obligation another date: a new deadline version, the old rungs ended, the new ladder begun."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from ocop_workflow.policy.ladders import RungDecision, Suppression, first_moment_from
from ocop_workflow.services.events import details_of
from ocop_workflow.services.notices import insert_notices, suppress
from ocop_workflow.services.obligations import enforcement_of, moments_of
from ocop_workflow.services.reminders import recipient_of, rung_rows
from ocop_workflow.services.subjects import dated_subject
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Event, Notice, Obligation

DEADLINE_EXTENDED = "deadline_extended"
EXTENSION_UNDONE = "extension_undone"
DEADLINES_RECOUNTED = "deadlines_recounted"
DEADLINES_AMENDED = "deadlines_amended"
RULE_SET_MIGRATED = "rule_set_migrated"
"""The acts that move dates; a change of the calendar, plan or rule set can move several of one subject."""


@dataclass(frozen=True, slots=True)
class Move:
    """One date that moves, or moved: from the first instant too late, where there was one, to another."""

    obligation: Obligation
    before: datetime | None
    after: datetime

    @property
    def details(self) -> dict[str, Any]:
        """Return what an event says of the move once it is made."""
        return {
            "obligation": self.obligation.key,
            "due_before": self.before.isoformat() if self.before else None,
            "due_after": self.after.isoformat(),
            "deadline_version": self.obligation.deadline_version,
        }


def redate(work: UnitOfWork, cycle: Cycle, move: Move, *, first_rung_from: datetime | None = None) -> None:
    """Move an open obligation's date with its lapse; the deadline version rises.

    Rungs of the old date that were not said end as re-dated. The new ladder begins now, or at `first_rung_from`, but
    never before the obligation opens (promise I3). Lateness follows from the new date (promise I9).
    """
    obligation = move.obligation
    end_old_rungs(work, cycle, obligation)
    if obligation.lapse_at is not None and move.before is not None:
        obligation.lapse_at += move.after - move.before
    obligation.due_at = move.after
    obligation.overdue_at = None
    obligation.deadline_version += 1
    begin_ladder(work, cycle, obligation, first_rung_from or work.now)
    enforcement_of(obligation, work.now)
    work.session.add(obligation)
    row = dated_subject(work.session, obligation)
    if row is not None:
        row.due_at = move.after
        work.session.add(row)


def moves_told(event: Event) -> list[dict[str, Any]]:
    """Return the moves of dates that an event tells."""
    if event.action in (DEADLINE_EXTENDED, EXTENSION_UNDONE):
        return [details_of(event)]
    several = (DEADLINES_RECOUNTED, DEADLINES_AMENDED, RULE_SET_MIGRATED)
    return list(details_of(event)["moved"]) if event.action in several else []


def begin_ladder(work: UnitOfWork, cycle: Cycle, obligation: Obligation, floor: datetime) -> None:
    """Set the obligation's next rung: the first at or after `floor`, its opening and the cycle's."""
    book = work.books.of_cycle(work.session, cycle)
    since = max(floor, obligation.opens_at, cycle.opened_at)
    obligation.next_action_at = first_moment_from(moments_of(book, obligation), since)


def end_old_rungs(work: UnitOfWork, cycle: Cycle, obligation: Obligation) -> None:
    """Suppress what the old date still had to say: notices not yet mailed, and rungs that no sweep has seen."""
    waiting = select(Notice).where(
        col(Notice.obligation_id) == obligation.id, col(Notice.status).in_(("planned", "draft"))
    )
    for notice in work.session.exec(waiting):
        suppress(notice, Suppression.REDATED, at=work.now)
        work.session.add(notice)
    if obligation.next_action_at is None:
        return
    book = work.books.of_cycle(work.session, cycle)
    missed = [m for m in moments_of(book, obligation) if obligation.next_action_at <= m.at <= work.now]
    rows = []
    for moment in missed:
        recipient = recipient_of(cycle, obligation, moment.audience)
        decision = RungDecision(moment, Suppression.REDATED)
        rows += rung_rows(work, cycle, book, obligation, decision, recipient=recipient)
    insert_notices(work.session, rows)
