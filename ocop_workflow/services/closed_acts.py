"""What can't be done to a dossier now, and why: each refusal as the act itself would tell it."""

from dataclasses import dataclass

from ocop_workflow.errors import RefusedError
from ocop_workflow.services.dossier_case import DossierCase, case_of
from ocop_workflow.services.dossiers import BY_FLOWS, NotOpenHereError
from ocop_workflow.services.evaluations import council_result
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier
from state_machines.dossier import DossierTrigger, state_of
from state_machines.lifecycle import TransitionNotAllowedError


@dataclass(frozen=True, slots=True)
class ClosedAct:
    """One trigger that is not open, with the refusal that it would meet."""

    trigger: DossierTrigger
    refusal: RefusedError


def closed_acts(work: UnitOfWork, dossier: Dossier) -> tuple[ClosedAct, ...]:
    """Return what people can't do to a dossier now; nothing once it has ended, since then nothing is open."""
    if dossier.closed_at is not None:
        return ()
    case = case_of(work, dossier)
    state = state_of(dossier.stage, dossier.status)
    allowed = case.book.lifecycle(dossier.round_id, dossier.kind).triggers_from(state)
    found = []
    for trigger in DossierTrigger:
        if trigger in (*BY_FLOWS, DossierTrigger.REOPEN):  # what is not ended needs no reopening
            continue
        if trigger not in allowed:
            refused = TransitionNotAllowedError("dossier", state, trigger, allowed)
            found.append(ClosedAct(trigger, NotOpenHereError(case, refused)))
        elif trigger is DossierTrigger.CONCLUDE:
            found += _closed_decision(work, case)
    return tuple(found)


def _closed_decision(work: UnitOfWork, case: DossierCase) -> list[ClosedAct]:
    if case.stage.judged_by != "council":
        return []
    try:
        council_result(work, case)
    except RefusedError as refusal:
        return [ClosedAct(DossierTrigger.CONCLUDE, refusal)]
    return []
