"""What an authority does about certificates: issuing them, and withdrawing them on a ground."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import col, select

from ocop_workflow.clock import last_day_in_time, local_day, start_of_day
from ocop_workflow.policy.certificate_terms import expiry_of
from ocop_workflow.policy.route import CERTIFICATE
from ocop_workflow.policy.rule_set import DossierKind
from ocop_workflow.services.certificate_facts import certificate_case
from ocop_workflow.services.certificates import (
    CertificateRefusedError,
    authority_for,
    certificates_not_ended,
    check_authority,
    enter,
    move,
    record_changes,
    supersede,
    tell_both,
)
from ocop_workflow.services.events import command_done
from ocop_workflow.services.obligations import close_obligation, open_obligations_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Cycle, Dossier, Product
from state_machines.certificate import IN_FORCE, CertificateStatus
from state_machines.dossier import DossierStatus


@dataclass(frozen=True, slots=True)
class Issue:
    """A certificate as it is issued.

    Attributes:
        number: The certificate's number, unique in its office.
        decision: The number of the recognition decision.
        issued_on: The day of issue.
        actor: The recognising authority, or the office recording it.
        command: Makes the act idempotent.
    """

    number: str
    decision: str
    issued_on: date
    actor: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Revocation:
    """A certificate's withdrawal.

    Attributes:
        ground: One of the withdrawal grounds of the rule set.
        decision: The number of the decision.
        found_on: The day of the finding (or of the commune's confirmation that production has stopped).
        decided_on: The day of the decision.
        actor: The recognising authority, or the office recording it.
        overrun: Why the term since the finding was overrun, where it was.
    """

    ground: str
    decision: str
    found_on: date
    decided_on: date
    actor: str
    overrun: str | None = None


def issue_certificate(work: UnitOfWork, dossier: Dossier, issue: Issue) -> Certificate:
    """Issue the certificate of a recognised dossier; the product's present one is superseded from then on.

    A certificate is valid for the months of the dossier's rule set. Who recognises follows from the stars, whichever
    stage found them.

    Raises:
        CertificateRefusedError: The dossier is not recognised with stars that are certified, has a certificate, is an
            upgrade without more stars than the present one, the number is taken, the day is not one, the rule set
            gives no validity, or the actor may not.
    """
    session = work.session
    if command_done(session, issue.command):
        return session.exec(select(Certificate).where(col(Certificate.dossier_id) == dossier.id)).one()
    cycle = session.get_one(Cycle, dossier.cycle_id)
    product = session.get_one(Product, dossier.product_id)
    book = work.books.of_dossier(session, cycle, dossier)
    stars = _stars_to_certify(dossier)
    authority = authority_for(book.rule_set, book.units, dossier.unit_id, stars)
    check_authority(issue.actor, authority, cycle.office_position)
    _check_issue(work, cycle, dossier, issue)
    months = book.rule_set.validity_months
    if months is None:
        raise CertificateRefusedError(f"rule set {book.rule_set.id} gives no validity_months; add it to the rule set")
    earlier = certificates_not_ended(session, product.id)
    _check_upgrade(dossier, stars, earlier)
    certificate = Certificate(
        id=work.ids.new("certificate", dossier.key),
        office_id=cycle.office_id,
        product_id=product.id,
        dossier_id=dossier.id,
        rule_set_hash=dossier.rule_set_hash,
        number=issue.number,
        stars=stars,
        authority=authority,
        decision=issue.decision,
        issued_on=issue.issued_on,
        expires_at=expiry_of(issue.issued_on, months),
        status=CertificateStatus.VALID.value,
        status_at=start_of_day(issue.issued_on),
    )
    enter(work, certificate, cycle, action="certificate_issued", actor=issue.actor, command=issue.command)
    _settle(work, dossier, at=certificate.status_at)
    for old in earlier:
        supersede(work, old, by=certificate, actor=issue.actor)
    case = certificate_case(session, work.books, certificate)
    params = {"number": issue.number, "last_valid_on": last_day_in_time(certificate.expires_at).isoformat()}
    tell_both(work, case, "news.certificate_issued", params, at=certificate.status_at)
    return certificate


def revoke(work: UnitOfWork, certificate: Certificate, revocation: Revocation) -> int:
    """Withdraw a certificate; return by how many days the term since the finding was overrun, 0 in time.

    Raises:
        CertificateRefusedError: The ground is none of the rule set's, the actor may not, or the days are wrong.
        TransitionNotAllowedError: It is not in force.
    """
    record_changes(work, certificate, actor=revocation.actor)
    case = certificate_case(work.session, work.books, certificate)
    rules = work.books.rule_set(work.session, certificate.rule_set_hash)
    check_authority(revocation.actor, case.authority, case.cycle.office_position)
    grounds = case.book.rule_set.withdrawal_grounds or rules.withdrawal_grounds
    ground = next((known for known in grounds if known.id == revocation.ground), None)
    if ground is None:
        known = ", ".join(each.id for each in grounds) or "none; add withdrawal_grounds to the rule set"
        raise CertificateRefusedError(f"unknown ground {revocation.ground[:60]!r}; known are {known}")
    if not revocation.found_on <= revocation.decided_on <= local_day(work.now):
        raise CertificateRefusedError("the finding comes first, then the decision, and neither lies in the future")
    term = case.book.rule_set.withdrawal_within or rules.withdrawal_within
    overrun = 0
    if term is not None:
        overrun = max(0, (revocation.decided_on - revocation.found_on - timedelta(days=term.days)).days)
    details = {
        "ground": ground.title.model_dump(),
        "ground_id": ground.id,
        "decision": revocation.decision,
        "found_on": revocation.found_on.isoformat(),
        "overrun_days": overrun,
    }
    move(
        work,
        case,
        CertificateStatus.REVOKED,
        at=max(start_of_day(revocation.decided_on), certificate.status_at),
        actor=revocation.actor,
        details=details,
        rule=ground.source,
        text=revocation.overrun if overrun else None,
    )
    return overrun


def _stars_to_certify(dossier: Dossier) -> int:
    if dossier.status == DossierStatus.RATED_UNCERTIFIED:
        raise CertificateRefusedError(
            f"{dossier.key} was rated {dossier.stars} stars, which are told in writing and not certified"
        )
    if dossier.status != DossierStatus.RECOGNISED or dossier.stars is None:
        raise CertificateRefusedError(
            f"{dossier.key} is at {dossier.stage}: {dossier.status}; a certificate follows the recognition"
        )
    return dossier.stars


def _settle(work: UnitOfWork, dossier: Dossier, *, at: datetime) -> None:
    """Close what the authority owed since the recognition; issued on the same day it was owed for no time."""
    for obligation in open_obligations_of(work.session, dossier.id):
        if obligation.step == CERTIFICATE:
            close_obligation(obligation, status="done", at=max(at, obligation.opens_at))
            work.session.add(obligation)


def _check_upgrade(dossier: Dossier, stars: int, earlier: list[Certificate]) -> None:
    """Leave the present certificate untouched by an upgrade that gave no more stars."""
    if dossier.kind != DossierKind.UPGRADE:
        return
    kept = next((each for each in earlier if each.status in IN_FORCE and each.stars >= stars), None)
    if kept is not None:
        raise CertificateRefusedError(
            f"{dossier.key} gave {stars} stars, no more than certificate {kept.number} has; that one stays in force"
        )


def _check_issue(work: UnitOfWork, cycle: Cycle, dossier: Dossier, issue: Issue) -> None:
    session = work.session
    issued = session.exec(select(Certificate.number).where(col(Certificate.dossier_id) == dossier.id)).first()
    if issued is not None:
        raise CertificateRefusedError(f"{dossier.key} has the certificate {issued} already")
    taken = (col(Certificate.office_id) == cycle.office_id) & (col(Certificate.number) == issue.number)
    if session.exec(select(Certificate.id).where(taken)).first() is not None:
        raise CertificateRefusedError(f"the number {issue.number[:60]!r} is taken; give each certificate its own")
    recognised_on = local_day(dossier.closed_at or work.now)
    if not recognised_on <= issue.issued_on <= local_day(work.now):
        raise CertificateRefusedError(
            f"the day of issue lies between the recognition ({recognised_on:%d/%m/%Y}) and today; correct it"
        )
