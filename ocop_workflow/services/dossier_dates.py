"""By when a step of a dossier is owed: by the plan, by the regulation, and by what has happened since."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import col, select

from ocop_workflow.clock import local_day
from ocop_workflow.policy.batches import in_its_batch
from ocop_workflow.policy.date_expressions import Anchor, Due, ResolvedDue, Within
from ocop_workflow.policy.plan import StepDates
from ocop_workflow.policy.producer_terms import with_fair_term
from ocop_workflow.policy.route import COMPLETION, step_settled_by
from ocop_workflow.policy.rule_set import Stage
from ocop_workflow.policy.statutory_limits import DatedStep, as_statutory, dated_by, limits_of
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.obligations import resolve
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Event
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger


def step_dates(case: DossierCase, stage: Stage, step_id: str) -> StepDates:
    """Return what the plan says of a step's date; nothing where it leaves the step out.

    What a return asks for has, where the plan gives it no date, the decision's: the clock of the decision runs on.
    """
    dates = case.round.stages.get(stage.id, {})
    decision = step_settled_by(stage, DossierTrigger.CONCLUDE)
    instead = dates.get(decision.id) if step_id == COMPLETION and decision is not None else None
    return dates.get(step_id) or instead or StepDates()


def step_due(
    book: Rulebook,
    due: Due,
    *,
    anchors: Mapping[Anchor, datetime],
    opens_at: datetime,
    of_producer: bool,
    told_at: datetime | None = None,
) -> ResolvedDue:
    """Return a step's date; a producer keeps a fair term when an office's delay has eaten the plan's date up.

    Args:
        book: The documents of the dossier.
        due: The date as the plan writes it.
        anchors: The instants that counted terms may run from.
        opens_at: From when it is owed.
        of_producer: Whether the producer owes it.
        told_at: When what opened it was written down, if that was later than `opens_at`.
    """
    resolved = resolve(book, due, anchors)
    if not of_producer:
        return resolved
    at_least = book.plan.producer_days_at_least
    if isinstance(due.date, Within) and anchors.get(Anchor(due.date.within.anchor)) == opens_at and resolved.last_day:
        # A term that runs from the office's own act is as long as the plan makes it, however short that is.
        at_least = min(at_least, max(1, book.days.between(local_day(opens_at), resolved.last_day)))
    return with_fair_term(resolved, told_at=max(opens_at, told_at or opens_at), days=book.days, at_least=at_least)


def dated_step(
    work: UnitOfWork,
    case: DossierCase,
    dates: StepDates,
    *,
    stage: Stage,
    step: str,
    opens_at: datetime,
    of_producer: bool,
    anchors: Mapping[Anchor, datetime],
    told_at: datetime | None = None,
) -> DatedStep | None:
    """Return a step's date by the plan and by the regulation; None where neither gives one.

    What was requested too late for the batch that the plan dates is evaluated in the next one. The arguments are those
    of `step_due`, for a step of a stage with what the plan says of its date.
    """
    limits = limits_of(case.book.rule_set, stage, step, kind=case.dossier.kind)
    dues = (dates.due, *(limit.due for limit in limits))
    anchors = since_reopening(work, case, anchors, dues=dues, opens_at=opens_at)
    planned = None
    if dates.due is not None:
        planned = step_due(
            case.book, dates.due, anchors=anchors, opens_at=opens_at, of_producer=of_producer, told_at=told_at
        )
        requested_at = _requested_at(anchors)
        if requested_at is not None and not isinstance(dates.due.date, Within):
            planned = in_its_batch(planned, case.book.rule_set, stage.id, requested_at=requested_at)
    return dated_by(planned, [as_statutory(limit, resolve(case.book, limit.due, anchors)) for limit in limits])


def _requested_at(anchors: Mapping[Anchor, datetime]) -> datetime | None:
    """Return when the dossier first came to a stage; what is brought back after a return comes after the receipt."""
    return min((anchors[name] for name in (Anchor.SUBMITTED, Anchor.RECEIVED) if name in anchors), default=None)


def anchors_of(case: DossierCase, opens_at: datetime) -> dict[Anchor, datetime]:
    """Return the instants that counted terms may run from; those of earlier stages do not count."""
    dossier = case.dossier
    known = {
        Anchor.DECIDED: dossier.stage_at,
        Anchor.FORWARDED: dossier.submitted_at or dossier.stage_at,
        Anchor.SUBMITTED: dossier.submitted_at,
        Anchor.RECEIVED: dossier.received_at,
        Anchor.RETURNED: opens_at if dossier.status == DossierStatus.RETURNED else None,
    }
    return {name: at for name, at in known.items() if at is not None and at >= dossier.stage_at}


def since_reopening(
    work: UnitOfWork,
    case: DossierCase,
    anchors: Mapping[Anchor, datetime],
    *,
    dues: Iterable[Due | None],
    opens_at: datetime,
) -> Mapping[Anchor, datetime]:
    """Return the instants that terms run from: what happened before a reopening counts from the reopening.

    The record is asked only where one of the dates counts from something that was before its duty opened.
    """
    named = {Anchor(due.date.within.anchor) for due in dues if due is not None and isinstance(due.date, Within)}
    if all(anchors[name] >= opens_at for name in named & anchors.keys()):
        return anchors
    query = select(Event.effective_at).where(
        col(Event.stream) == case.stream, col(Event.from_state).in_(FINAL_STATUSES)
    )
    with work.session.no_autoflush:  # events are written at once
        reopened_at = work.session.exec(query.order_by(col(Event.seq).desc())).first()
    return anchors if reopened_at is None else {name: max(at, reopened_at) for name, at in anchors.items()}
