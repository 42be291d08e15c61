"""Opening, settling and re-dating what somebody must do by an instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time
from ocop_workflow.policy.date_expressions import Anchor, Due, Firmness, ResolvedDue, resolve_due
from ocop_workflow.policy.ladders import RungMoment, first_moment_from, rung_moments
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Obligation

ENFORCEMENT_MARGIN = timedelta(minutes=15)
"""Lateness is recorded this long after `due_at`, so that a receipt on the way is not overtaken by the sweep."""

DOSSIER_STEP, OPINION, REPORT, PLAN_TASK, RENEWAL, WITHDRAWAL = (
    "dossier_step",
    "opinion",
    "report",
    "plan_task",
    "renewal",
    "withdrawal",
)
"""The kinds of obligations."""

KINDS = (DOSSIER_STEP, OPINION, REPORT, PLAN_TASK, RENEWAL, WITHDRAWAL)

_OPEN = select(Obligation).where(col(Obligation.subject_id) == bindparam("subject"), col(Obligation.status) == "open")


@dataclass(frozen=True, slots=True)
class Duty:
    """What is owed, before it is a row.

    Attributes:
        key: Its natural name within the cycle.
        kind: One of the kinds of obligations.
        subject_id: The dossier, report, plan task or certificate it is about.
        unit_id: The unit in whose area it lies.
        party: Who owes it.
        superior: The position above, or None.
        due: The resolved date.
        opens_at: From when it is owed.
        ladder: The plan's ladder, or None.
        stage: The dossier's stage, where there is one.
        step: The step of the stage, where there is one; for an opinion the seat that is asked.
        lapse_at: When missing it ends the dossier, where the plan says so.
        limit_at: The statutory instant behind a plan's date, past which it can't be moved.
        limit_source: The article that sets it.
    """

    key: str
    kind: str
    subject_id: str
    unit_id: str
    party: str
    superior: str | None
    due: ResolvedDue
    opens_at: datetime
    ladder: str | None = None
    stage: str | None = None
    step: str | None = None
    lapse_at: datetime | None = None
    limit_at: datetime | None = None
    limit_source: str | None = None


def open_obligation(work: UnitOfWork, cycle: Cycle, book: Rulebook, duty: Duty) -> Obligation:
    """Add an obligation with the moments at which a sweep must look at it.

    Rungs before it opens or before the cycle was opened are never planned (promise I3).
    """
    due = duty.due
    obligation = Obligation(
        id=work.ids.new("obligation", f"{cycle.id}|{duty.key}"),
        cycle_id=cycle.id,
        key=duty.key,
        kind=duty.kind,
        subject_id=duty.subject_id,
        stage=duty.stage,
        step=duty.step,
        unit_id=duty.unit_id,
        party=duty.party,
        superior=duty.superior,
        ladder=duty.ladder,
        opens_at=duty.opens_at,
        due_at=due.due_at,
        firmness=due.firmness.value,
        origin=due.origin.value,
        why_code=due.code,
        why_params=dict(due.params),
        source=due.source,
        lapse_at=duty.lapse_at,
        limit_at=duty.limit_at,
        limit_source=duty.limit_source,
    )
    floor = max(duty.opens_at, cycle.opened_at)
    obligation.next_action_at = first_moment_from(moments_of(book, obligation), floor)
    obligation.enforce_at = _enforce_at(obligation)
    work.session.add(obligation)
    return obligation


def moments_of(book: Rulebook, obligation: Obligation) -> tuple[RungMoment, ...]:
    """Return the moments of an obligation's ladder; none without a date or ladder."""
    if obligation.ladder is None or obligation.due_at is None:
        return ()
    return rung_moments(book.plan.ladders[obligation.ladder], due_at=obligation.due_at, days=book.days)


def is_as_reckoned(obligation: Obligation) -> bool:
    """Return whether the date is the one that its explanation reckons, and not one that an extension gave."""
    if obligation.due_at is None:
        return True
    return obligation.why_params.get("last_on") == last_day_in_time(obligation.due_at).isoformat()


def close_obligation(obligation: Obligation, *, status: str, at: datetime) -> None:
    """Mark an obligation done or cancelled as of `at`.

    A rung whose moment came before is still decided by the next sweep (as settled); later ones never happen.
    Whether it was late follows from `due_at` and `at`, whenever it is recorded (promise I9).
    """
    obligation.status = status
    obligation.closed_at = at
    if obligation.next_action_at is not None and obligation.next_action_at > at:
        obligation.next_action_at = None
    late = obligation.due_at is not None and at >= obligation.due_at and obligation.firmness == Firmness.HARD
    obligation.overdue_at = obligation.due_at if late else None
    obligation.enforce_at = None


def open_obligations_of(session: Session, subject_id: str) -> list[Obligation]:
    """Return the open obligations about one subject, the earliest due first."""
    found = session.exec(_OPEN, params={"subject": subject_id})
    return sorted(found, key=lambda o: (o.due_at is None, o.due_at or o.opens_at, o.key))


def enforcement_of(obligation: Obligation, now: datetime) -> datetime | None:
    """Record on the row that it is overdue, when it is, and return when to look again.

    The instant recorded is `due_at`, when it became true, not the sweep's (promise I9).
    """
    if obligation.due_at is not None and now >= obligation.due_at + ENFORCEMENT_MARGIN:
        obligation.overdue_at = obligation.due_at
    obligation.enforce_at = _enforce_at(obligation)
    return obligation.enforce_at


def _enforce_at(obligation: Obligation) -> datetime | None:
    if obligation.due_at is None or obligation.firmness != Firmness.HARD:
        return None  # an expected date is reminded of, never enforced
    if obligation.overdue_at is None:
        return obligation.due_at + ENFORCEMENT_MARGIN
    return None if obligation.lapse_at is None else obligation.lapse_at + ENFORCEMENT_MARGIN


def resolve(book: Rulebook, due: Due, anchors: Mapping[Anchor, datetime] | None = None) -> ResolvedDue:
    """Return the instants of a plan's date in a cycle's year, with its days off and roll-over switches."""
    rules = book.plan.calendar
    return resolve_due(
        due,
        year=book.year,
        zone=OFFICE_ZONE,
        days=book.days,
        anchors=anchors or {},
        roll_counted_terms=rules.roll_counted_terms,
        roll_fixed_dates=rules.roll_fixed_dates,
    )
