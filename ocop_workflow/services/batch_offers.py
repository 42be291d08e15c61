"""The next batch: offered when an office has not passed a dossier on in time, joined when it then does.

A late request costs the dossier half a year, not its place.
"""

from datetime import date

from notifications.letter import Wording
from ocop_workflow.clock import local_day
from ocop_workflow.policy.batches import NEXT_BATCH, batch_of
from ocop_workflow.policy.route import step_settled_by
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossier_dates import anchors_of, dated_step, step_dates
from ocop_workflow.services.obligations import DOSSIER_STEP
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.titles import explanation_code
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Obligation
from state_machines.dossier import DossierStatus, DossierTrigger


def batch_offered(book: Rulebook, obligation: Obligation, *, on: date) -> tuple[Wording, ...]:
    """Return in which batch a dossier is evaluated whose request is late on a day; nothing for other obligations.

    A request that is due by a counted term, as a renewal's is, aims at no batch.
    """
    if obligation.kind != DOSSIER_STEP or obligation.due_at is None or on < local_day(obligation.due_at):
        return ()
    if "anchor" in obligation.why_params:
        return ()
    stage = book.rule_set.route.stage(obligation.stage or "")
    request = step_settled_by(stage, DossierTrigger.SUBMIT)
    batch = batch_of(book.rule_set, stage.id, on)
    if request is None or request.id != obligation.step or batch is None:
        return ()
    days = {"requested_on": batch.requested_before.isoformat(), "held_on": batch.held_before.isoformat()}
    return (Wording("batch.offered", days),)


def batch_joined(work: UnitOfWork, dossier: Dossier) -> Wording | None:
    """Return in which batch a dossier is evaluated that was passed on too late for its own; None for all others.

    Said until the receipt, which dates the decision so.
    """
    if dossier.status != DossierStatus.SUBMITTED:
        return None
    case = case_of(work, dossier)
    decision = step_settled_by(case.stage, DossierTrigger.CONCLUDE)
    if decision is None:
        return None
    dated = dated_step(
        work,
        case,
        step_dates(case, case.stage, decision.id),
        stage=case.stage,
        step=decision.id,
        opens_at=work.now,
        of_producer=False,
        anchors=anchors_of(case, work.now),
    )
    if dated is None or dated.due.code != NEXT_BATCH:
        return None
    return Wording(f"due.{explanation_code(NEXT_BATCH, dated.due.source)}", dated.due.params)
