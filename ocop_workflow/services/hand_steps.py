"""Steps that no trigger fulfils: team report, minutes, submission to the chair, publication, written notice."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.rule_set import Stage, Step
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.dossiers import NotPermittedError
from ocop_workflow.services.events import Act, append_event, command_done
from ocop_workflow.services.obligations import close_obligation, open_obligations_of
from ocop_workflow.services.titles import any_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Event
from state_machines.dossier import DossierTrigger, split_state


class StepError(RefusedError):
    """The step is not done by hand, not reached yet, or its document's number is missing."""


def record_step(
    work: UnitOfWork,
    dossier: Dossier,
    step_id: str,
    *,
    actor: str,
    stage_id: str | None = None,
    document: str | None = None,
    effective_at: datetime | None = None,
    text: str | None = None,
    command: str | None = None,
) -> None:
    """Record that a step was done by hand, with the number of its document, and settle what it owed.

    Args:
        work: The unit of work.
        dossier: At the stage of the step, or past it for what follows a decision.
        step_id: The step of the route.
        actor: Its owner, who decides at its stage, or the office.
        stage_id: Its stage; without it the one where the step is owed, else the dossier's present one.
        document: The number of its document, where the route asks for one.
        effective_at: When it was done, if not now.
        text: Free text, kept beside the event.
        command: Makes the act idempotent.

    Raises:
        StepError: A trigger fulfils the step, its stage has not come to it, or its document is missing.
        NotPermittedError: The actor is somebody else.
        NotYetError: It is said to have been done in the future.
    """
    if command_done(work.session, command):
        return
    case = case_of(work, dossier)
    owed = [o for o in open_obligations_of(work.session, dossier.id) if o.step == step_id]
    owed = [o for o in owed if stage_id in (None, o.stage)]
    stage, step = _step(case, stage_id or (owed[0].stage if owed else None) or dossier.stage, step_id)
    _check_reached(work.session, case, stage, step)
    told = {"stage_id": stage.id, "step": step.id}
    rule = case.rule(step.source or stage.source)
    if step.document_number and not document:
        raise StepError("step_document", rule=rule, **told)
    permitted = {case.party(step.owner), case.party(stage.decided_by), case.cycle.office_position}
    if actor not in permitted:
        raise NotPermittedError("step_not_permitted", rule=rule, actor=actor, permitted=any_of(permitted), **told)
    at = work.happened_at(effective_at)
    details: dict[str, Any] = {"stage": stage.id, "step": step.id}
    if document:
        details["document"] = document
    dossier.version += 1
    act = Act(
        actor=actor,
        action="step_done",
        rule=stage.source,
        details=details,
        effective_at=at,
        text=text,
        command=command,
    )
    append_event(work, stream=case.stream, seq=dossier.version, cycle_id=case.cycle.id, act=act)
    for obligation in owed[:1]:
        close_obligation(obligation, status="done", at=at)
        work.session.add(obligation)
    work.session.add(dossier)


def _step(case: DossierCase, stage_id: str, step_id: str) -> tuple[Stage, Step]:
    """Return a step with its stage, also of a rule set that the dossier was moved from."""
    earlier = (stage for rules in reversed(case.book.earlier) for stage in rules.route.stages)
    passed = (*case.book.stages(case.dossier.round_id, case.dossier.kind), *earlier)
    named = [stage for stage in passed if stage.id == stage_id]
    if not named:
        known = ", ".join(stage.id for stage in passed)
        raise StepError("stage_unknown", rule=case.rule(), stage_id=stage_id[:80], known=known)
    by_hand = [(stage, step) for stage in named for step in stage.steps if step.settled_by is None]
    found = next(((stage, step) for stage, step in by_hand if step.id == step_id), None)
    if found is None:
        raise StepError(
            "step_not_by_hand" if by_hand else "no_steps_by_hand",
            rule=case.rule(named[0].source),
            step=step_id[:80],
            stage_id=stage_id,
            known=", ".join(dict.fromkeys(step.id for _, step in by_hand)),
        )
    return found


def _check_reached(session: Session, case: DossierCase, stage: Stage, step: Step) -> None:
    """Refuse a step of a stage to come, and one behind a decision that has not been taken."""
    dossier, ids = case.dossier, [each.id for each in stage.steps]
    decision = next((each.id for each in stage.steps if each.settled_by == DossierTrigger.CONCLUDE), None)
    concluded = _has_concluded(session, dossier, stage)
    if not concluded and dossier.stage != stage.id:
        raise StepError("stage_ahead", rule=case.rule(stage.source), at_stage=dossier.stage, stage_id=stage.id)
    if not concluded and decision is not None and ids.index(step.id) > ids.index(decision):
        raise StepError("decision_ahead", rule=case.rule(stage.source), step=step.id, stage_id=stage.id)


def _has_concluded(session: Session, dossier: Dossier, stage: Stage) -> bool:
    query = select(Event.from_state).where(
        col(Event.stream) == f"dossier:{dossier.id}", col(Event.action) == "stage_concluded"
    )
    return stage.id in {split_state(state, "")[0] for state in session.exec(query) if state is not None}
