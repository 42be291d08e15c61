"""What decides about a certificate, read from the tables: the rule of the day and the dossier of its renewal."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.certificate_terms import CertificateFacts, Change, RenewalWindow, changes
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.policy.rule_set import Renewal
from ocop_workflow.services.cycles import CLOSED, cycles_of
from ocop_workflow.services.pinned_documents import Rulebook, RulebookShelf
from ocop_workflow.storage.tables import Certificate, Cycle, Dossier, Event, Producer, Product
from state_machines.certificate import ENDED_BY_ACT, CertificateStatus
from state_machines.dossier import FINAL_STATUSES, DossierStatus


class CertificateNotFoundError(InputError):
    """No certificate has this number."""


@dataclass(frozen=True, slots=True)
class CertificateCase:
    """A certificate with all that decides about it; `cycle` is the office's cycle of the day, with its `book`.

    Where `producer_closed`, nobody is left who could renew it.
    """

    certificate: Certificate
    product: Product
    cycle: Cycle
    book: Rulebook
    facts: CertificateFacts
    renewal: Dossier | None
    producer_closed: bool = False

    @property
    def stream(self) -> str:
        """Return the name of the certificate's stream of events."""
        return f"certificate:{self.certificate.id}"

    @property
    def producer(self) -> str:
        """Return the producer as a party."""
        return f"{PRODUCER}:{self.product.producer_id}"

    @property
    def authority(self) -> str:
        """Return the unit that decides about it today: the one that recognised the product, or its successor."""
        return self.book.units.unit_today(self.certificate.authority)

    @property
    def window(self) -> RenewalWindow | None:
        """Return when a renewal may be submitted, where the rule of the day says so."""
        return self.facts.window

    @property
    def rule(self) -> str:
        """Return what a refusal cites about renewing it: the article of the day on renewals, or the rule set."""
        renewal = self.facts.renewal
        return self.book.rule_set.cited(renewal.source if renewal is not None else self.book.rule_set.source)

    def standing(self, now: datetime) -> Change:
        """Return what the certificate is and since when, whether or not it is recorded yet (promise I9)."""
        recorded = Change(CertificateStatus(self.certificate.status), self.certificate.status_at)
        if recorded.status in ENDED_BY_ACT:
            return recorded
        found = changes(self.facts, status=recorded.status, since=recorded.at, now=now)
        return found[-1] if found else recorded


def cycle_of_the_day(session: Session, office_id: str) -> Cycle:
    """Return the cycle whose documents hold for an office's certificates: the newest that is not closed, or closed.

    Raises:
        CertificateNotFoundError: The office never opened a cycle.
    """
    cycles = cycles_of_the_day(session, office=office_id)
    if not cycles:
        raise CertificateNotFoundError(f"{office_id[:80]} has no cycle; run `ocop cycle open PLAN --year YEAR` first")
    return cycles[office_id]


def cycles_of_the_day(session: Session, *, office: str | None = None) -> dict[str, Cycle]:
    """Return the cycle of the day of each office that ever opened one, in the order of the offices."""
    cycles = cycles_of(session, office=office)
    in_order = sorted(cycles, key=lambda cycle: (cycle.office_id, cycle.status != CLOSED, cycle.opened_at, cycle.key))
    return {cycle.office_id: cycle for cycle in in_order}  # of an office's the last in this order


def find_certificate(session: Session, number: str) -> Certificate:
    """Return the certificate with this number.

    Raises:
        CertificateNotFoundError: None has it, or those of several offices have.
    """
    found = list(session.exec(select(Certificate).where(col(Certificate.number) == number)))
    if len(found) != 1:
        raise CertificateNotFoundError(
            f"{len(found)} certificates have the number {number[:80]!r}; `ocop certificate list` shows the numbers"
        )
    return found[0]


def certificate_case(session: Session, books: RulebookShelf, certificate: Certificate) -> CertificateCase:
    """Read everything that decides about a certificate.

    The rule about renewals is that of the renewal's own dossier while there is one, so that no later rule takes from
    the producer what was in time; else that of the office's cycle of the day; else the certificate's own.
    """
    cycle = cycle_of_the_day(session, certificate.office_id)
    book = books.of_cycle(session, cycle)
    dossier = session.get_one(Dossier, certificate.renewal_id) if certificate.renewal_id else None
    failed = dossier is not None and dossier.status in FINAL_STATUSES - {DossierStatus.RECOGNISED}
    facts = CertificateFacts(
        expires_at=certificate.expires_at,
        renewal=_rule(session, books, certificate, book, None if failed else dossier),
        opened_at=dossier.opened_at if dossier else None,
        submitted_at=_first_submission(session, dossier) if dossier else None,
        failed_at=dossier.closed_at if dossier is not None and failed else None,
    )
    product = session.get_one(Product, certificate.product_id)
    closed = session.get_one(Producer, product.producer_id).closed_on is not None
    return CertificateCase(certificate, product, cycle, book, facts, dossier, closed)


def _rule(
    session: Session, books: RulebookShelf, certificate: Certificate, book: Rulebook, dossier: Dossier | None
) -> Renewal | None:
    if dossier is not None:
        own = books.rule_set(session, dossier.rule_set_hash)
        if own.renewal is not None:
            return own.renewal
    return book.rule_set.renewal or books.rule_set(session, certificate.rule_set_hash).renewal


def _first_submission(session: Session, dossier: Dossier) -> datetime | None:
    """Return when the producer first submitted a dossier; its row keeps the latest submission only."""
    query = select(Event.effective_at).where(
        col(Event.stream) == f"dossier:{dossier.id}", col(Event.action) == "dossier_submitted"
    )
    return session.exec(query.order_by(col(Event.seq))).first()
