"""What a dossier's stages ask of whom by when: opened and settled as it moves."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import col, select

from ocop_workflow.clock import local_day, start_of_day
from ocop_workflow.policy.batches import in_its_batch
from ocop_workflow.policy.date_expressions import Anchor, Due, Origin, ResolvedDue, Within
from ocop_workflow.policy.date_forms import At
from ocop_workflow.policy.plan import Lapse, StepDates
from ocop_workflow.policy.producer_terms import fair_last_day, with_fair_term
from ocop_workflow.policy.route import CERTIFICATE, COMPLETION, certifier_of, step_settled_by, steps_opened
from ocop_workflow.policy.rule_set import Stage, Step
from ocop_workflow.policy.statutory_limits import DatedStep, as_statutory, dated_by, limits_of
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.obligations import DOSSIER_STEP, Duty, close_obligation, open_obligation, resolve
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Obligation
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger


def settle_duties(
    work: UnitOfWork, case: DossierCase, obligations: list[Obligation], *, settled: str | None, at: datetime
) -> None:
    """Close what is done or has become void and open what follows, also what is done by hand after a decision.

    Args:
        work: The unit of work.
        case: The dossier, already moved; `case.stage` is the stage it came from.
        obligations: Its open obligations.
        settled: The step that was fulfilled at that stage, or None.
        at: When it was.
    """
    dossier = case.dossier
    left = dossier.stage != case.stage.id or dossier.status in FINAL_STATUSES
    for obligation in obligations:
        if obligation.stage == case.stage.id and (left or obligation.step == settled):
            close_obligation(obligation, status="done" if obligation.step == settled else "cancelled", at=at)
            work.session.add(obligation)
    if left and settled is not None:
        _open_closing_steps(work, case, settled, at)
    if dossier.status in FINAL_STATUSES:
        _open_certificate(work, case, at)
        return
    if left:
        stage = case.stage_named(dossier.stage)
        for step in steps_opened(stage):
            open_step(work, case, stage, step, opens_at=at)
    elif dossier.status == DossierStatus.RETURNED:
        open_completion(work, case, at)
    elif settled is not None and settled != COMPLETION:
        for step in steps_opened(case.stage, settled):
            open_step(work, case, case.stage, step, opens_at=at)


def open_step(
    work: UnitOfWork,
    case: DossierCase,
    stage: Stage,
    step: Step,
    *,
    opens_at: datetime,
    anchors: Mapping[Anchor, datetime] | None = None,
) -> None:
    """Open what a step of a stage asks of its owner; nothing where neither round nor rule set dates it."""
    dates = step_dates(case, stage, step.id)
    handler = stage.steps[1].owner if len(stage.steps) > 1 else stage.decided_by
    _open(
        work,
        case,
        dates,
        step=step.id,
        stage=stage,
        owner=case.party(step.owner),
        handler=case.party(handler),
        opens_at=opens_at,
        anchors=anchors,
    )


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


def open_completion(work: UnitOfWork, case: DossierCase, at: datetime) -> None:
    """Open what a return asks of whoever submitted: bring the dossier back complete."""
    _open(
        work,
        case,
        step_dates(case, case.stage, COMPLETION),
        step=COMPLETION,
        stage=case.stage,
        owner=case.party(case.stage.submitted_by),
        handler=case.party(case.stage.decided_by),
        opens_at=at,
    )


def _open_closing_steps(work: UnitOfWork, case: DossierCase, settled: str, at: datetime) -> None:
    """Open what is left to do by hand when a stage was decided; its terms may count from this decision."""
    decision = step_settled_by(case.stage, DossierTrigger.CONCLUDE)
    if decision is None or decision.id != settled:
        return
    for step in steps_opened(case.stage, settled):
        open_step(work, case, case.stage, step, opens_at=at, anchors=_anchors_behind(case, at))


def _anchors_behind(case: DossierCase, decided_at: datetime) -> dict[Anchor, datetime]:
    """Return the instants that terms behind a stage's decision may run from."""
    dossier = case.dossier
    known = {
        Anchor.DECIDED: decided_at,
        Anchor.FORWARDED: dossier.submitted_at,
        Anchor.SUBMITTED: dossier.submitted_at,
        Anchor.RECEIVED: dossier.received_at,
    }
    return {name: instant for name, instant in known.items() if instant is not None}


def _open_certificate(work: UnitOfWork, case: DossierCase, at: datetime) -> None:
    """Open what a recognition asks of its authority: the certificate. It is owed also where nothing dates it."""
    stages = (*case.book.stages(case.dossier.round_id, case.dossier.kind), case.stage)  # who recognised goes first
    certifier = certifier_of(case.book.rule_set, stages, case.dossier.stars)
    if certifier is None or case.dossier.status != DossierStatus.RECOGNISED:
        return
    party, dates = case.party(certifier), step_dates(case, case.stage, CERTIFICATE)
    nowhen = Due(date=At(at="none"), source=case.stage.source)
    _open(
        work,
        case,
        dates if dates.due is not None else dates.model_copy(update={"due": nowhen}),
        step=CERTIFICATE,
        stage=case.stage,
        owner=party,
        handler=party,
        opens_at=at,
        anchors=_anchors_behind(case, at),
    )


def _open(
    work: UnitOfWork,
    case: DossierCase,
    dates: StepDates,
    *,
    step: str,
    stage: Stage,
    owner: str,
    handler: str,
    opens_at: datetime,
    anchors: Mapping[Anchor, datetime] | None = None,
) -> None:
    of_producer = owner == case.producer
    at = anchors or anchors_of(case, opens_at)
    dated = dated_step(
        case,
        dates,
        stage=stage,
        step=step,
        opens_at=opens_at,
        of_producer=of_producer,
        anchors=at,
        told_at=work.now,
    )
    if dated is None:
        return
    due = dated.due
    duty = Duty(
        key=_key(work, case, stage, step),
        kind=DOSSIER_STEP,
        subject_id=case.dossier.id,
        unit_id=case.product.unit_id,
        party=owner,
        superior=handler if of_producer else case.book.units.superior_of(owner),
        due=due,
        opens_at=opens_at,
        ladder=dates.ladder,
        stage=stage.id,
        step=step,
        lapse_at=_lapse_at(work, case, dates.lapse, due, opens_at=opens_at) if of_producer else None,
        limit_at=dated.limit_at,
        limit_source=dated.limit_source,
    )
    open_obligation(work, case.cycle, case.book, duty)


def _key(work: UnitOfWork, case: DossierCase, stage: Stage, step: str) -> str:
    """Return an obligation's natural name; a step that is owed again is told apart by the dossier's version.

    A dossier may be returned more than once, and a route may lead it back to a stage where it was.
    """
    key = f"{case.dossier.key}/{stage.id}/{step}"
    owed_before = select(Obligation.id).where(col(Obligation.cycle_id) == case.cycle.id, col(Obligation.key) == key)
    with work.session.no_autoflush:  # what an act before this one owed is stored; what this one changes may wait
        again = step == COMPLETION or work.session.exec(owed_before).first() is not None
    return f"{key}/{case.dossier.version}" if again else key


def dated_step(
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
    planned = None
    if dates.due is not None:
        planned = step_due(
            case.book, dates.due, anchors=anchors, opens_at=opens_at, of_producer=of_producer, told_at=told_at
        )
        requested_at = _requested_at(anchors)
        if requested_at is not None and not isinstance(dates.due.date, Within):
            planned = in_its_batch(planned, case.book.rule_set, stage.id, requested_at=requested_at)
    limits = limits_of(case.book.rule_set, stage, step, kind=case.dossier.kind)
    return dated_by(planned, [as_statutory(limit, resolve(case.book, limit.due, anchors)) for limit in limits])


def _requested_at(anchors: Mapping[Anchor, datetime]) -> datetime | None:
    """Return when the dossier first came to a stage; what is brought back after a return comes after the receipt."""
    return min((anchors[name] for name in (Anchor.SUBMITTED, Anchor.RECEIVED) if name in anchors), default=None)


def _lapse_at(
    work: UnitOfWork, case: DossierCase, lapse: Lapse | None, due: ResolvedDue, *, opens_at: datetime
) -> datetime | None:
    """Return when a producer's missed date ends the dossier, if it can.

    A statutory date stands also where an office's delay has eaten it up, but the dossier outlives the fair term.
    """
    if lapse is None or due.due_at is None:
        return None
    at = due.due_at + timedelta(days=lapse.after_days)
    if due.origin is not Origin.STATUTORY:
        return at
    plan, told_at = case.book.plan, max(opens_at, work.now)
    last_day = fair_last_day(told_at, days=case.book.days, at_least=plan.producer_days_at_least)
    return max(at, start_of_day(last_day + timedelta(days=1)))


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
