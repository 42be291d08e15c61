"""Extensions: an act that gives one obligation a later date, raises its deadline version and tells those affected."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from ocop_workflow.clock import last_day_in_time
from ocop_workflow.errors import InputError
from ocop_workflow.policy.date_expressions import Origin
from ocop_workflow.policy.ladders import RungDecision, Suppression, first_moment_from
from ocop_workflow.services.events import Act, append_event, command_done
from ocop_workflow.services.notices import insert_notices, rung_row, suppress, tell
from ocop_workflow.services.obligations import DOSSIER_STEP, enforcement_of, moments_of, open_obligations_of
from ocop_workflow.services.reminders import recipient_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Notice, Obligation


class ExtensionRefusedError(InputError):
    """The date cannot be moved so."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What is extended to when, why and by whom.

    Attributes:
        due_at: The new first instant too late.
        reason: Free text, kept beside the event.
        decision: The number of the decision that grants it.
        actor: The office.
        command: Makes the act idempotent.
    """

    due_at: datetime
    reason: str
    decision: str
    actor: str
    command: str | None = None


def obligation_to_extend(session: Session, dossier: Dossier, *, step: str | None = None) -> Obligation:
    """Return what a dossier owes now: the open obligation of a step, or the only one when no step is named.

    Raises:
        ExtensionRefusedError: Nothing is open, nothing of that name, or several and no step was named.
    """
    open_now = open_obligations_of(session, dossier.id)
    steps = ", ".join(obligation.step or obligation.kind for obligation in open_now)
    if not open_now:
        raise ExtensionRefusedError(f"{dossier.key} owes nothing now; there is nothing to extend")
    found = [obligation for obligation in open_now if step in (None, obligation.step)]
    if not found:
        raise ExtensionRefusedError(f"{(step or '')[:40]!r} is not open; open is {steps}")
    if len(found) > 1:
        raise ExtensionRefusedError(f"{dossier.key} has several open dates; name one of {steps}")
    return found[0]


def extend(work: UnitOfWork, obligation: Obligation, extension: Extension) -> None:
    """Give one open obligation of a dossier a later date, also after the old one.

    The deadline version goes up, rungs of the old version that were not said are suppressed as re-dated, the new
    ladder begins now, and the party is told at once.

    Raises:
        ExtensionRefusedError: Not the office, not a dossier's date, closed or lapsed, statutory, without a date, or not
            later than now and before.
    """
    if command_done(work.session, extension.command):
        return
    cycle = work.session.get_one(Cycle, obligation.cycle_id)
    _check(obligation, extension, cycle, now=work.now)
    floor = max(work.now, obligation.opens_at)
    dossier = work.session.get_one(Dossier, obligation.subject_id)
    _end_old_rungs(work, cycle, obligation)
    before = obligation.due_at
    if obligation.lapse_at is not None and before is not None:
        obligation.lapse_at = extension.due_at + (obligation.lapse_at - before)
    obligation.due_at = extension.due_at
    obligation.deadline_version += 1
    obligation.overdue_at = None
    book = work.books.of_dossier(work.session, cycle, dossier)
    obligation.next_action_at = first_moment_from(moments_of(book, obligation), floor)
    enforcement_of(obligation, work.now)
    work.session.add(obligation)
    dossier.version += 1
    details = {
        "obligation": obligation.key,
        "due_before": before.isoformat() if before else None,
        "due_after": extension.due_at.isoformat(),
        "deadline_version": obligation.deadline_version,
    }
    act = Act(
        extension.actor,
        "deadline_extended",
        rule=extension.decision,
        details=details,
        text=extension.reason,
        command=extension.command,
    )
    stream = f"dossier:{dossier.id}"
    append_event(work, stream=stream, seq=dossier.version, cycle_id=cycle.id, act=act)
    work.session.add(dossier)
    stage = next(s for s in book.stages(dossier.round_id, dossier.kind) if s.id == obligation.stage)
    tell(
        work,
        cycle,
        recipient=obligation.party,
        code="news.extended",
        params={"stage": stage.title.model_dump(), "last_on": last_day_in_time(extension.due_at).isoformat()},
        subject_id=dossier.id,
        stream=stream,
        seq=dossier.version,
    )


def _check(obligation: Obligation, extension: Extension, cycle: Cycle, *, now: datetime) -> None:
    if extension.actor != cycle.office_position:
        raise ExtensionRefusedError(f"only {cycle.office_position} extends dates of this cycle")
    if obligation.kind != DOSSIER_STEP:
        raise ExtensionRefusedError("only the dates of dossiers can be extended; name a dossier and its step")
    if obligation.status != "open":
        raise ExtensionRefusedError("this is settled already; there is nothing to extend")
    if obligation.origin == Origin.STATUTORY:
        raise ExtensionRefusedError(
            f"this date is statutory ({obligation.source}); it can only be overrun with a reason"
        )
    if obligation.due_at is None:
        raise ExtensionRefusedError("this has no date to extend")
    if obligation.lapse_at is not None and now >= obligation.lapse_at:  # I9: whether or not a sweep has recorded it
        raise ExtensionRefusedError(
            f"the dossier lapsed at {obligation.lapse_at.isoformat()}; there is nothing to extend"
        )
    if extension.due_at <= max(obligation.due_at, now):
        raise ExtensionRefusedError("the new date must be later than the old one and than today")


def _end_old_rungs(work: UnitOfWork, cycle: Cycle, obligation: Obligation) -> None:
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
    rows = [
        rung_row(
            work,
            cycle,
            obligation,
            RungDecision(moment, Suppression.REDATED),
            recipient=recipient_of(cycle, obligation, moment.audience),
            automatic=True,
        )
        for moment in missed
    ]
    insert_notices(work.session, rows)
