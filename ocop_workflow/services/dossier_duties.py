"""What a dossier's stages ask of whom by when: opened and settled as it moves."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import col, select

from ocop_workflow.clock import start_of_day
from ocop_workflow.policy.date_expressions import Anchor, Due, Origin, ResolvedDue
from ocop_workflow.policy.date_forms import At
from ocop_workflow.policy.plan import Lapse, StepDates
from ocop_workflow.policy.producer_terms import fair_last_day
from ocop_workflow.policy.route import CERTIFICATE, COMPLETION, certifier_of, step_settled_by, steps_opened
from ocop_workflow.policy.rule_set import Stage, Step
from ocop_workflow.services.dossier_case import DossierCase
from ocop_workflow.services.dossier_dates import anchors_of, dated_step, step_dates
from ocop_workflow.services.obligations import DOSSIER_STEP, Duty, close_obligation, open_obligation
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Obligation
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger

_KEYED = select(Obligation.id).where(
    col(Obligation.cycle_id) == bindparam("cycle"), col(Obligation.key) == bindparam("key")
)


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
        work,
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
    if case.dossier.version == 1:  # only just opened
        return key
    with work.session.no_autoflush:  # what an act before this one owed is stored; what this one changes may wait
        owed_before = work.session.exec(_KEYED, params={"cycle": case.cycle.id, "key": key}).first()
    return f"{key}/{case.dossier.version}" if step == COMPLETION or owed_before is not None else key


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
