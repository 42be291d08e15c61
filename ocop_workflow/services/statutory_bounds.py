"""The earliest statutory date that depends on a dossier's date: no extension moves past it."""

from collections.abc import Iterator

from ocop_workflow.policy.date_expressions import Origin
from ocop_workflow.policy.extension_rules import Bound
from ocop_workflow.policy.route import CERTIFICATE, COMPLETION, step_settled_by
from ocop_workflow.policy.rule_set import Stage
from ocop_workflow.policy.statutory_limits import as_statutory, limits_of
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.obligations import DOSSIER_STEP, open_obligations_of, resolve
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Obligation
from state_machines.dossier import DossierTrigger


def bound_of(work: UnitOfWork, obligation: Obligation) -> Bound | None:
    """Return the earliest statutory date behind an obligation: its own limit, or that of a later step.

    Of later steps those count that are open already, or whose date the calendar fixes; a term that runs from an act
    that has not happened moves with that act.
    """
    return min(_bounds(work, obligation), key=lambda bound: bound.due_at, default=None)


def _bounds(work: UnitOfWork, obligation: Obligation) -> Iterator[Bound]:
    if obligation.limit_at is not None:
        yield Bound(obligation.limit_at, obligation.step or "", obligation.limit_source or "")
    if obligation.kind != DOSSIER_STEP:
        return
    case = case_of(work, work.session.get_one(Dossier, obligation.subject_id))
    later = set(_later_steps(case, obligation))
    for other in open_obligations_of(work.session, obligation.subject_id):
        if other.origin == Origin.STATUTORY and other.due_at is not None and (other.stage, other.step) in later:
            yield Bound(other.due_at, other.step or "", other.source)
    for stage_id, step_id in later:
        yield from _fixed_dates(case, case.stage_named(stage_id), step_id)


def _later_steps(case: DossierCase, obligation: Obligation) -> Iterator[tuple[str, str]]:
    """Yield stage and step of everything on the dossier's way that comes after an obligation."""
    if obligation.step == CERTIFICATE:
        return  # the way ends there
    stages = case.book.stages(case.dossier.round_id, case.dossier.kind)
    stage_ids = [stage.id for stage in stages]
    if obligation.stage not in stage_ids:
        return  # what is left to do of a stage that the dossier's present rule set does not have
    for stage in stages[stage_ids.index(obligation.stage) :]:
        steps = [step.id for step in stage.steps]
        if stage.id == obligation.stage:
            steps = steps[_place_after(stage, obligation.step or "") :]
        yield from ((stage.id, step) for step in steps)


def _place_after(stage: Stage, step_id: str) -> int:
    """Return the place of the first step after one; what a return asks for comes before the decision."""
    ids = [step.id for step in stage.steps]
    if step_id == COMPLETION:
        decision = step_settled_by(stage, DossierTrigger.CONCLUDE)
        return ids.index(decision.id) if decision is not None else 0
    return ids.index(step_id) + 1 if step_id in ids else len(ids)


def _fixed_dates(case: DossierCase, stage: Stage, step_id: str) -> Iterator[Bound]:
    """Yield the statutory dates of a step that follow from no act."""
    limits = limits_of(case.book.rule_set, stage, step_id, kind=case.dossier.kind)
    dues = [as_statutory(limit, resolve(case.book, limit.due)) for limit in limits]
    dates = case.round.stages.get(stage.id, {}).get(step_id)
    if dates is not None and dates.due is not None and dates.due.origin is Origin.STATUTORY:
        dues.append(resolve(case.book, dates.due))
    yield from (Bound(due.due_at, step_id, due.source) for due in dues if due.due_at is not None)
