"""What letters and pages say of a certificate: which one, until when it is valid, when and where its renewal goes."""

from datetime import datetime

from sqlmodel import Session, col, select

from notifications.letter import Wording
from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.rule_set import DossierKind
from ocop_workflow.services.certificate_facts import CertificateCase, certificate_case
from ocop_workflow.services.obligations import WITHDRAWAL
from ocop_workflow.services.people import addressee_of
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.read_ahead import ReadAhead
from ocop_workflow.services.titles import position_title
from ocop_workflow.storage.tables import Certificate, Dossier, Mail, Notice, Obligation, StatusLink
from state_machines.certificate import IN_FORCE

CERTIFICATE_NEWS = "news.certificate_"
"""How the codes of news about certificates begin."""


def certificate_act(certificate: Certificate, obligation: Obligation) -> Wording:
    """Return what an obligation about a certificate asks for: its renewal, or its withdrawal."""
    if obligation.kind == WITHDRAWAL:
        return Wording("act.withdrawal", {"number": certificate.number})
    return renewal_act(certificate, of_producer=True)


def renewal_act(certificate: Certificate, *, of_producer: bool) -> Wording:
    """Return what is to be done: the producer submits, an official sees to it that they do."""
    return Wording("act.renewal" if of_producer else "act.renewal.guide", {"number": certificate.number})


def certificate_details(
    session: Session, case: CertificateCase, obligation: Obligation, mail: Mail
) -> tuple[Wording, ...]:
    """Return what a reminder of a renewal says besides act and last day."""
    office = position_title(case.book.units, case.cycle.office_position).model_dump()
    superior = obligation.superior
    receiver = office if superior is None else position_title(case.book.units, superior).model_dump()
    said = [_standing(case.certificate, case.certificate.status)]
    last_day = last_day_in_time(obligation.due_at) if obligation.due_at else None
    if last_day is not None and mail.local_date > last_day:
        said += _too_late(case, office, of_producer=mail.recipient == obligation.party)
    elif case.window is not None:
        opens_on = local_day(case.window.opens_at).isoformat()
        said.append(Wording("mail.renewal_window", {"opens_on": opens_on, "receiver": receiver}))
    else:
        said.append(Wording("mail.bring_to", {"receiver": receiver}))
    if mail.recipient != obligation.party:
        said += _unreachable(session, obligation, mail)
    return tuple(said)


def _standing(certificate: Certificate, status: str) -> Wording:
    """Return which certificate it is and its last valid day."""
    code = "certificate.standing" if status in IN_FORCE else f"certificate.standing.{status}"
    return Wording(
        code,
        {
            "number": certificate.number,
            "stars": certificate.stars,
            "last_valid_on": last_day_in_time(certificate.expires_at).isoformat(),
        },
    )


def certificate_of_page(
    session: Session, books: RulebookShelf, dossier: Dossier, *, now: datetime
) -> tuple[Wording, ...]:
    """Return what a dossier's page says of the certificate that came of it, or that it is to renew or to better."""
    of_dossier = (col(Certificate.dossier_id) == dossier.id) | (col(Certificate.renewal_id) == dossier.id)
    if dossier.kind == DossierKind.UPGRADE:
        of_dossier |= col(Certificate.product_id) == dossier.product_id
    query = select(Certificate).where(of_dossier)
    certificate = session.exec(query.order_by(col(Certificate.issued_on).desc())).first()
    if certificate is None:
        return ()
    case = certificate_case(session, books, certificate)
    status, window = case.standing(now).status, case.window
    if window is None or status not in IN_FORCE:
        return (_standing(certificate, status),)
    days = {
        "opens_on": local_day(window.opens_at).isoformat(),
        "last_on": last_day_in_time(window.closes_at).isoformat(),
    }
    return _standing(certificate, status), Wording("page.certificate.window", days)


def link_about(ahead: ReadAhead, certificate: Certificate, notice: Notice) -> StatusLink | None:
    """Return the recipient's link to the dossier that renews the certificate, or else to the one it was issued for."""
    for dossier_id in (certificate.renewal_id, certificate.dossier_id):
        for link in reversed(ahead.links_of(dossier_id) if dossier_id else []):
            if link.recipient == notice.recipient and link.revoked_at is None and notice.planned_at < link.expires_at:
                return link
    return None


def _too_late(case: CertificateCase, office: dict[str, str], *, of_producer: bool) -> list[Wording]:
    """Return that the ordinary window is over, and what can still be done."""
    said = [Wording("mail.renewal_late", {"office": office}) if of_producer else Wording("mail.renewal_late.guide")]
    extension = case.facts.renewal.extended_by_law if case.facts.renewal else None
    if extension is not None and extension.late_submissions:
        said.append(Wording("mail.renewal_late.extended", {"count": extension.days, "source": extension.source}))
    return said


def _unreachable(session: Session, obligation: Obligation, mail: Mail) -> list[Wording]:
    addressee = addressee_of(session, obligation.party, on=mail.local_date)
    reachable = addressee is not None and addressee.address is not None
    return [] if reachable else [Wording("mail.no_address")]
