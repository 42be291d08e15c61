"""The next batch, offered when an office has not passed a dossier on in time: it loses half a year, not its place."""

from datetime import date

from notifications.letter import Wording
from ocop_workflow.clock import local_day
from ocop_workflow.policy.batches import batch_of
from ocop_workflow.policy.route import step_settled_by
from ocop_workflow.services.obligations import DOSSIER_STEP
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.storage.tables import Obligation
from state_machines.dossier import DossierTrigger


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
