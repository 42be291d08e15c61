"""A dossier with all that decides about it: product, cycle, documents, present stage."""

from dataclasses import dataclass

from ocop_workflow.policy.plan import Round
from ocop_workflow.policy.route import PRODUCER, party_of, step_settled_by
from ocop_workflow.policy.rule_set import Owner, Stage
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, Product
from state_machines.dossier import FINAL_STATUSES, DossierStatus, DossierTrigger


@dataclass(frozen=True, slots=True)
class DossierCase:
    """A dossier as the services see it. `stage` is where it was when the case was made."""

    dossier: Dossier
    product: Product
    cycle: Cycle
    book: Rulebook
    stage: Stage
    round: Round

    @property
    def stream(self) -> str:
        """Return the name of the dossier's stream of events."""
        return f"dossier:{self.dossier.id}"

    @property
    def producer(self) -> str:
        """Return the producer as a party."""
        return f"{PRODUCER}:{self.product.producer_id}"

    def rule(self, source: str | None = None) -> str:
        """Return an article of the dossier's rule set, that of its stage by default, as refusals cite it."""
        return self.book.rule_set.cited(source or self.stage.source)

    def stage_named(self, stage_id: str, step: str | None = None) -> Stage:
        """Return one of the stages that this dossier passes, or passed under an earlier rule set, that has a step."""
        return self.book.stage_known(stage_id, step)

    def party(self, owner: Owner) -> str:
        """Return the party that an owner of the route means for this product."""
        return party_of(owner, units=self.book.units, unit=self.dossier.unit_id, producer_id=self.product.producer_id)

    def responsible(self) -> str | None:
        """Return the one party whose move it is now (promise I5), or None at an end."""
        status = self.dossier.status
        if status in FINAL_STATUSES:
            return None
        stage = self.stage_named(self.dossier.stage)
        if status in (DossierStatus.AWAITING_SUBMISSION, DossierStatus.RETURNED):
            return self.party(stage.submitted_by)
        if status == DossierStatus.SUBMITTED:
            receipt = step_settled_by(stage, DossierTrigger.RECEIVE)
            return self.party(receipt.owner if receipt else stage.decided_by)
        return self.party(stage.decided_by)

    def permitted(self, trigger: DossierTrigger) -> set[str]:
        """Return who may do this now: whose act it is, and the office recording it for them."""
        office = self.cycle.office_position
        if trigger is DossierTrigger.SUBMIT:
            return {self.party(self.stage.submitted_by), office}
        if trigger is DossierTrigger.WITHDRAW:
            return {self.producer, office}
        if trigger is DossierTrigger.REOPEN:
            return {office}
        step = step_settled_by(self.stage, trigger)
        owner = step.owner if step else self.stage.decided_by
        return {self.party(owner), self.party(self.stage.decided_by), office}


def case_of(work: UnitOfWork, dossier: Dossier) -> DossierCase:
    """Read everything that decides about a dossier."""
    cycle = work.session.get_one(Cycle, dossier.cycle_id)
    book = work.books.of_dossier(work.session, cycle, dossier)
    product = work.session.get_one(Product, dossier.product_id)
    stage = next(s for s in book.stages(dossier.round_id, dossier.kind) if s.id == dossier.stage)
    return DossierCase(dossier, product, cycle, book, stage, book.round(dossier.round_id))
