"""Statutory dates that were overrun: they are never extended; the reason is recorded and reported."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.date_expressions import Origin
from ocop_workflow.services.cycle_acts import check_office, said
from ocop_workflow.services.events import Act, command_done, details_of
from ocop_workflow.services.subjects import record_on_subject
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Event, EventText, Obligation

STATUTORY_OVERRUN = "statutory_overrun"


class NotOverrunError(RefusedError):
    """No statutory date was overrun here."""


@dataclass(frozen=True, slots=True)
class Overrun:
    """A statutory date that has passed, or had when it was met.

    Attributes:
        obligation: What was owed.
        due_at: The first instant too late, by the article.
        article: What sets it.
        until: When it was done, or None while it is not.
        reason: What the office recorded, or None while nothing is on record.
    """

    obligation: Obligation
    due_at: datetime
    article: str
    until: datetime | None
    reason: str | None


def overruns_of(work: UnitOfWork, cycle: Cycle) -> list[Overrun]:
    """Return every statutory date that a cycle has overrun by now, the earliest first, with the reasons on record."""
    query = select(Obligation).where(
        col(Obligation.cycle_id) == cycle.id,
        (col(Obligation.origin) == Origin.STATUTORY.value) | col(Obligation.limit_at).is_not(None),
        col(Obligation.status) != "cancelled",
    )
    reasons = _reasons(work, cycle)
    found = []
    for obligation in work.session.exec(query):
        passed = _passed(obligation, work.now)
        if passed is not None:
            due_at, article = passed
            found.append(Overrun(obligation, due_at, article, obligation.closed_at, reasons.get(obligation.key)))
    return sorted(found, key=lambda overrun: (overrun.due_at, overrun.obligation.key))


def record_overrun(
    work: UnitOfWork, obligation: Obligation, *, reason: str, actor: str, command: str | None = None
) -> None:
    """Record why a statutory date was overrun; the date itself stays, and so does its lateness.

    The same reason again changes nothing; another one is a further act.

    Raises:
        OfficeOnlyError: Somebody else than the office acts.
        NotOverrunError: The date is not statutory, or was kept so far.
        InputError: There is no reason.
    """
    cycle = work.session.get_one(Cycle, obligation.cycle_id)
    check_office(cycle, actor, act="record_overrun")
    text = said(reason, what="the reason")
    if command_done(work.session, command) or _reasons(work, cycle).get(obligation.key) == text:
        return
    passed = _passed(obligation, work.now)
    if passed is None:
        raise NotOverrunError(
            "not_overrun", rule=obligation.limit_source or obligation.source, obligation=obligation.key
        )
    due_at, article = passed
    details = {"obligation": obligation.key, "due_at": due_at.isoformat()}
    act = Act(actor, STATUTORY_OVERRUN, rule=article, details=details, text=text, command=command)
    record_on_subject(work, obligation, act)


def _passed(obligation: Obligation, now: datetime) -> tuple[datetime, str] | None:
    """Return the statutory date that was overrun with its article, or None (promise I9: by the date alone)."""
    if obligation.origin == Origin.STATUTORY:
        due_at, article = obligation.due_at, obligation.source
    else:
        due_at, article = obligation.limit_at, obligation.limit_source or ""
    done_at = obligation.closed_at or now
    return None if due_at is None or done_at < due_at else (due_at, article)


def _reasons(work: UnitOfWork, cycle: Cycle) -> dict[str, str]:
    """Return the last reason on record for each overrun obligation by its key; an erased one is an empty text."""
    query = (
        select(Event, EventText.body)
        .join(
            EventText,
            (col(EventText.stream) == col(Event.stream)) & (col(EventText.seq) == col(Event.seq)),
            isouter=True,
        )
        .where(col(Event.cycle_id) == cycle.id, col(Event.action) == STATUTORY_OVERRUN)
        .order_by(col(Event.recorded_at), col(Event.seq))
    )
    return {details_of(event)["obligation"]: body or "" for event, body in work.session.exec(query)}
