"""Undoing an extension while nothing was sent: the earlier date and its rungs are as before, the version rises."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import col, select

from ocop_workflow.policy.extension_rules import ExtensionRefusedError
from ocop_workflow.policy.ladders import RungDecision, Suppression
from ocop_workflow.services.amended_since import follow_amendments
from ocop_workflow.services.cycle_acts import check_office, said
from ocop_workflow.services.events import Act, details_of
from ocop_workflow.services.notices import NEWS, insert_notices, rung_row, suppress
from ocop_workflow.services.obligations import moments_of
from ocop_workflow.services.redating import DEADLINE_EXTENDED, EXTENSION_UNDONE, Move, redate
from ocop_workflow.services.reminders import recipient_of
from ocop_workflow.services.subjects import record_on_subject
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Event, Mail, Notice, Obligation


def undo_extension(work: UnitOfWork, cycle: Cycle, *, decision: str, actor: str, reason: str) -> list[Move]:
    """Take back what a decision extended, all of it or nothing; what was taken back before stays so.

    Where the plan was amended meanwhile, the date is the one that the amendment gives it.

    Raises:
        OfficeOnlyError: Somebody else than the office acts.
        AmendmentRefusedError: By the amended plan a date would be late at once.
        ExtensionRefusedError: The decision extended nothing here, somebody was told, a date was settled or moved
            since, or a producer's term would be over at once.
    """
    check_office(cycle, actor, act="undo_extension")
    said(reason, what="the reason")
    granted = _granted_by(work, cycle, decision)
    undoable = [(event, _checked(work, event)) for event in granted]
    for event, move in undoable:
        _undo(work, cycle, event, move, Act(actor, EXTENSION_UNDONE, rule=decision, text=reason))
    kept = [(move.obligation, event.recorded_at) for event, move in undoable]
    amended = {move.obligation.id: move.after for move in follow_amendments(work, cycle, kept, actor=actor)}
    return [replace(move, after=amended.get(move.obligation.id, move.after)) for _, move in undoable]


def _granted_by(work: UnitOfWork, cycle: Cycle, decision: str) -> list[Event]:
    """Return the extensions by a decision that stand.

    Raises:
        ExtensionRefusedError: There never was one.
    """
    query = select(Event).where(
        col(Event.cycle_id) == cycle.id,
        col(Event.rule) == decision,
        col(Event.action).in_((DEADLINE_EXTENDED, EXTENSION_UNDONE)),
    )
    events = list(work.session.exec(query.order_by(col(Event.stream), col(Event.seq))))
    if not events:
        raise ExtensionRefusedError("no_such_extension", rule=None, decision=decision[:60], cycle=cycle.key)
    standing: dict[str, list[Event]] = {}
    for event in events:
        of_date = standing.setdefault(details_of(event)["obligation"], [])
        if event.action == DEADLINE_EXTENDED:
            of_date.append(event)
        else:
            of_date.pop()
    return [of_date[-1] for of_date in standing.values() if of_date]


def _checked(work: UnitOfWork, event: Event) -> Move:
    """Return the move back.

    Raises:
        ExtensionRefusedError: It can't be made.
    """
    details = details_of(event)
    query = select(Obligation).where(
        col(Obligation.cycle_id) == event.cycle_id, col(Obligation.key) == details["obligation"]
    )
    obligation = work.session.exec(query).one()
    before = datetime.fromisoformat(details["due_before"])
    if obligation.status != "open" or obligation.deadline_version != details["deadline_version"]:
        raise ExtensionRefusedError("moved_since", rule=obligation.source, obligation=obligation.key)
    if any(_was_said(work, notice) for notice in _notices_since(work, event, obligation)):
        raise ExtensionRefusedError("told_since", rule=obligation.source, obligation=obligation.key)
    after = datetime.fromisoformat(details["due_after"])
    if obligation.lapse_at is not None and obligation.lapse_at + (before - after) <= work.now:
        raise ExtensionRefusedError("over_at_once", rule=obligation.source, obligation=obligation.key)
    return Move(obligation, after, before)


def _notices_since(work: UnitOfWork, event: Event, obligation: Obligation) -> list[Notice]:
    """Return the notices of the extended date, and the news of the extension."""
    of_date = (col(Notice.obligation_id) == obligation.id) & (
        col(Notice.deadline_version) == obligation.deadline_version
    )
    of_news = (col(Notice.audience) == NEWS) & col(Notice.key).startswith(f"{event.stream}/{event.seq}|")
    return list(work.session.exec(select(Notice).where(of_date | of_news)))


def _was_said(work: UnitOfWork, notice: Notice) -> bool:
    """Return whether a notice has left, may be leaving, or was told by hand."""
    mail = work.session.get(Mail, notice.mail_id) if notice.mail_id is not None else None
    return notice.status in ("sent", "fulfilled") or (mail is not None and mail.status in ("frozen", "sent"))


def _undo(work: UnitOfWork, cycle: Cycle, event: Event, move: Move, act: Act) -> None:
    obligation = move.obligation
    for notice in _notices_since(work, event, obligation):
        if notice.audience == NEWS:
            suppress(notice, Suppression.REDATED, at=work.now)
            work.session.add(notice)
    unsaid = _ended_by(work, event, obligation)
    redate(work, cycle, move, first_rung_from=event.recorded_at + timedelta(microseconds=1))
    _plan_again(work, cycle, obligation, unsaid)
    record_on_subject(work, obligation, replace(act, details=move.details))


def _ended_by(work: UnitOfWork, event: Event, obligation: Obligation) -> set[str | None]:
    """Return the rungs of the earlier date that had come and that only the extension kept from being said."""
    query = select(Notice).where(
        col(Notice.obligation_id) == obligation.id,
        col(Notice.deadline_version) == obligation.deadline_version - 1,
        col(Notice.moment_at) <= event.recorded_at,
        (col(Notice.settled_at) >= event.recorded_at) | col(Notice.settled_at).is_(None),
    )
    return {
        notice.rung
        for notice in work.session.exec(query)
        if notice.suppression in (None, Suppression.REDATED) and not _was_said(work, notice)
    }


def _plan_again(work: UnitOfWork, cycle: Cycle, obligation: Obligation, rungs: set[str | None]) -> None:
    """Plan the notices of rungs once more, under the new deadline version."""
    book = work.books.of_cycle(work.session, cycle)
    rows = [
        rung_row(
            work,
            cycle,
            obligation,
            RungDecision(moment, Suppression.MERGED if moment.merged else None),
            recipient=recipient_of(cycle, obligation, moment.audience),
            automatic=book.plan.escalations == "automatic",
        )
        for moment in moments_of(book, obligation)
        if moment.rung in rungs
    ]
    insert_notices(work.session, rows)
