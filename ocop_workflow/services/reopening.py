"""Reopening a dossier that has ended, by a superior's decision: it goes back to where it ended, with new dates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import col, select

from ocop_workflow.clock import last_day_in_time, local_day, start_of_day
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.date_expressions import Anchor
from ocop_workflow.policy.route import COMPLETION, step_settled_by, steps_opened
from ocop_workflow.services.certificates import record_changes
from ocop_workflow.services.cycle_acts import said
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.dossier_duties import open_completion, open_step
from ocop_workflow.services.dossier_news import give_link
from ocop_workflow.services.dossiers import ACTIONS, Request, TooEarlyError, apply_trigger
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.extensions import Extension, extend
from ocop_workflow.services.links import links_of
from ocop_workflow.services.obligations import close_obligation, open_obligations_of
from ocop_workflow.services.session_rows import SessionState, sessions_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Dossier, Event, Obligation, Producer, Product
from state_machines.certificate import IN_FORCE
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger
from state_machines.guards import Facts

_LAST_TRIGGER = {
    DossierStatus.SUBMITTED: DossierTrigger.SUBMIT,
    DossierStatus.RECEIVED: DossierTrigger.RECEIVE,
    DossierStatus.UNDER_REVIEW: DossierTrigger.RECEIVE,
    DossierStatus.RETURNED: DossierTrigger.RECEIVE,
}
"""By which trigger the last step before a status was fulfilled; none before the submission."""


class ReopeningRefusedError(RefusedError):
    """A dossier can't be reopened so."""


@dataclass(frozen=True, slots=True)
class Reopening:
    """A superior's decision that a dossier goes on.

    Attributes:
        decision: The number of the decision.
        by: Which authority decided.
        reason: Why, in free text, kept beside the event.
        until: The last day in time for what is owed next, where the decision names one.
    """

    decision: str
    by: str
    reason: str
    until: date | None = None


def reopen(
    work: UnitOfWork, dossier: Dossier, reopening: Reopening, *, actor: str, effective_at: datetime | None = None
) -> Dossier:
    """Bring an ended dossier back to the stage and status from which it ended, and open what is owed there anew.

    A result by which it ended no longer counts, nor does the session that gave it. The dates are the plan's, with terms
    counted from the reopening, or the day that the decision names; a producer has a fair term in any case.

    Raises:
        ReopeningRefusedError: The product has another open dossier, its certificate is in force, its producer has
            closed, or the plan's date has passed and the decision names none.
        DossierReplacedError: It was split or merged.
        TooEarlyError: It is said to have happened before the end.
        NotPermittedError: Somebody else than the office acts.
        TransitionNotAllowedError: It has not ended.
        InputError: The decision's number, its authority or the reason is missing.
    """
    decision = said(reopening.decision, what="the decision's number")
    by = said(reopening.by, what="the authority that decided")
    text = said(reopening.reason, what="the reason")
    events = events_of(work.session, f"dossier:{dossier.id}")
    end = next((event for event in reversed(events) if event.to_state in FINAL_STATUSES), None)
    at = work.happened_at(effective_at)
    if dossier.closed_at is not None and at < dossier.closed_at:
        raise TooEarlyError("reopened_early", rule=None, ended_on=local_day(dossier.closed_at).isoformat())
    if dossier.status in FINAL_STATUSES:
        _check(work, dossier)
    request = Request(
        DossierTrigger.REOPEN,
        actor,
        facts=Facts(ended_from=end.from_state if end is not None else None),
        effective_at=at,
        details={"decision": decision, "by": by, "stage": dossier.stage},
        rule=decision,
        text=text,
    )
    apply_trigger(work, dossier, request)
    if end is not None and "mean" in details_of(end):
        _annul_result(work, dossier)
    dossier.mean, dossier.stars = result_told(events_of(work.session, f"dossier:{dossier.id}"))
    case = case_of(work, dossier)
    if all(
        link.recipient != case.producer or link.revoked_at is not None for link in links_of(work.session, dossier.id)
    ):
        give_link(work, case, actor=actor)  # transferred meanwhile, or revoked
    owed = _open_duties(work, case, at=at)
    _date(work, dossier, owed, reopening, actor=actor)
    return dossier


def result_told(events: Iterable[Event]) -> tuple[str | None, int | None]:
    """Return mean and stars that a dossier's events leave it with: those of its last council that still count."""
    results: list[tuple[str | None, int | None]] = [(None, None)]
    ended_by_council = False
    for event in events:
        if event.action == ACTIONS[DossierTrigger.CONCLUDE]:
            details = details_of(event)
            ended_by_council = "mean" in details and event.to_state in FINAL_STATUSES
            if "mean" in details:
                results.append((details["mean"], details["stars"]))
        elif event.action == ACTIONS[DossierTrigger.REOPEN]:
            if ended_by_council:
                results.pop()
            ended_by_council = False
    return results[-1]


def _open_duties(work: UnitOfWork, case: DossierCase, *, at: datetime) -> list[Obligation]:
    """Open what a dossier that was reopened asks where it stands; terms that the plan counts run from then.

    Args:
        work: The unit of work.
        case: The dossier, open again; what was still owed of its end is cancelled.
        at: When it was reopened.

    Returns:
        The obligations that were opened, the earliest due first.
    """
    for left in open_obligations_of(work.session, case.dossier.id):
        close_obligation(left, status="cancelled", at=max(at, left.opens_at))
        work.session.add(left)
    stage, status = case.stage_named(case.dossier.stage), DossierStatus(case.dossier.status)
    trigger = _LAST_TRIGGER.get(status)
    last = step_settled_by(stage, trigger) if trigger is not None else None
    for step in steps_opened(stage, last.id if last is not None else None):
        open_step(work, case, stage, step, opens_at=at, anchors=dict.fromkeys(Anchor, at))
    if status is DossierStatus.RETURNED:
        open_completion(work, case, at)
    work.session.flush()
    return open_obligations_of(work.session, case.dossier.id)


def _check(work: UnitOfWork, dossier: Dossier) -> None:
    session = work.session
    rule = case_of(work, dossier).rule()
    other = select(Dossier.key).where(
        col(Dossier.product_id) == dossier.product_id, col(Dossier.closed_at).is_(None), col(Dossier.id) != dossier.id
    )
    busy = session.exec(other).first()
    if busy is not None:
        raise ReopeningRefusedError("product_busy", rule=rule, dossier=busy)
    producer_id = session.get_one(Product, dossier.product_id).producer_id
    if session.get_one(Producer, producer_id).closed_on is not None:
        raise ReopeningRefusedError("producer_closed", rule=rule)
    issued = session.exec(select(Certificate).where(col(Certificate.dossier_id) == dossier.id)).first()
    if issued is not None:
        record_changes(work, issued, actor=case_of(work, dossier).cycle.office_position)
        if issued.status in IN_FORCE:
            raise ReopeningRefusedError("result_certified", rule=rule, number=issued.number)


def _annul_result(work: UnitOfWork, dossier: Dossier) -> None:
    for held in sessions_of(work.session, dossier.id, stage=dossier.stage):
        if held.state == SessionState.CONCLUSIVE:
            held.state = SessionState.SUPERSEDED
            work.session.add(held)


def _date(work: UnitOfWork, dossier: Dossier, owed: list[Obligation], reopening: Reopening, *, actor: str) -> None:
    """Give what moves the dossier on the day that the decision names; refuse one that has passed already."""
    case = case_of(work, dossier)
    stage = case.stage
    moving = {step.id for step in stage.steps if step.settled_by is not None}
    steps = {COMPLETION} if dossier.status == DossierStatus.RETURNED else moving
    next_owed = next((each for each in owed if each.step in steps), None)
    if reopening.until is not None:
        if next_owed is None:
            raise ReopeningRefusedError("reopened_undated", rule=case.rule(), stage=stage.title.model_dump())
        due_at = start_of_day(reopening.until + timedelta(days=1))
        extend(work, next_owed, Extension(due_at, reopening.reason, reopening.decision, actor))
    elif next_owed is not None and next_owed.due_at is not None and next_owed.due_at <= work.now:
        last_on = last_day_in_time(next_owed.due_at).isoformat()
        raise ReopeningRefusedError("reopened_late", rule=next_owed.source, step=next_owed.step or "", last_on=last_on)
