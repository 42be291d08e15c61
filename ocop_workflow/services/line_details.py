"""What a line of a letter says besides act and day: where to bring something, its number, whom no mail has reached."""

from sqlmodel import Session

from notifications.letter import Wording
from ocop_workflow.policy.route import PRODUCER, party_of, step_settled_by
from ocop_workflow.services.obligations import DOSSIER_STEP, REPORT
from ocop_workflow.services.people import addressee_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.report_letters import for_reporting
from ocop_workflow.services.titles import position_title
from ocop_workflow.storage.tables import Dossier, Mail, Obligation, Product, Report
from state_machines.dossier import DossierTrigger


def for_doing(session: Session, book: Rulebook, obligation: Obligation) -> tuple[Wording, ...]:
    """Return what helps the one who owes: where a producer brings a dossier, where a report goes and what is in it."""
    if obligation.kind == REPORT:
        return for_reporting(book, session.get_one(Report, obligation.subject_id))
    if obligation.kind != DOSSIER_STEP or not obligation.party.startswith(f"{PRODUCER}:"):
        return ()
    dossier = session.get_one(Dossier, obligation.subject_id)
    return (Wording("mail.bring_to", {"receiver": receiver(session, book, dossier, obligation)}),)


def for_follow_up(session: Session, obligation: Obligation, mail: Mail) -> tuple[Wording, ...]:
    """Return what a superior or the office must know: that the one who owes can't have been told."""
    addressee = addressee_of(session, obligation.party, on=mail.local_date)
    if addressee is not None and addressee.address is not None:
        return ()
    is_producer = obligation.party.startswith(f"{PRODUCER}:")
    return (Wording("mail.no_address" if is_producer else "mail.no_address.position"),)


def receiver(session: Session, book: Rulebook, dossier: Dossier, obligation: Obligation) -> dict[str, str]:
    """Return who takes the dossier in at an obligation's stage, by language."""
    product = session.get_one(Product, dossier.product_id)
    stage = book.stage_known(obligation.stage or "", obligation.step)
    receipt = step_settled_by(stage, DossierTrigger.RECEIVE)
    owner = receipt.owner if receipt else stage.decided_by
    party = party_of(owner, units=book.units, unit=dossier.unit_id, producer_id=product.producer_id)
    return position_title(book.units, party).model_dump()


def number(subject: object) -> tuple[Wording, ...]:
    """Return the dossier's number, by which people find it at the office."""
    if not isinstance(subject, Dossier):
        return ()
    return (Wording("mail.number", {"number": subject.key.rpartition("/")[2]}),)
