"""What an authority does about certificates: issuing them, and withdrawing them on a ground."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import col, select

from ocop_workflow.clock import last_day_in_time, local_day, start_of_day
from ocop_workflow.policy.certificate_terms import expiry_of
from ocop_workflow.policy.route import CERTIFICATE
from ocop_workflow.policy.rule_set import DossierKind, RuleSet
from ocop_workflow.services.certificate_checks import ground_of, rules_of_withdrawal
from ocop_workflow.services.certificate_facts import certificate_case
from ocop_workflow.services.certificates import (
    CertificateRefusedError,
    authority_for,
    certificates_not_ended,
    check_authority,
    check_in_force,
    enter,
    move,
    record_changes,
    supersede,
    tell_both,
)
from ocop_workflow.services.events import command_done
from ocop_workflow.services.obligations import close_obligation, open_obligations_of
from ocop_workflow.services.titles import status_title
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
    stars = _stars_to_certify(dossier, book.rule_set)
    rule = book.rule_set.article_on_stars(stars)
    authority = authority_for(book.rule_set, book.units, dossier.unit_id, stars)
    check_authority(issue.actor, authority, cycle.office_position, rule=rule)
    _check_issue(work, cycle, dossier, issue, rule=rule)
    months = book.rule_set.validity_months
    if months is None:
        cited = book.rule_set.cited(book.rule_set.source)
        raise CertificateRefusedError("no_validity", rule=cited, rule_set=book.rule_set.id)
    earlier = certificates_not_ended(session, product.id)
    _check_upgrade(dossier, stars, earlier, rule=rule)
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
        CertificateRefusedError: It is not in force, the ground is none of the rule set's, the actor may not, or the
            days are wrong.
    """
    record_changes(work, certificate, actor=revocation.actor)
    case = certificate_case(work.session, work.books, certificate)
    rules = work.books.rule_set(work.session, certificate.rule_set_hash)
    rule = rules.article_on_stars(certificate.stars)
    check_authority(revocation.actor, case.authority, case.cycle.office_position, rule=rule)
    check_in_force(case, work.now)
    ground = ground_of(work, case, revocation.ground)
    if not revocation.found_on <= revocation.decided_on <= local_day(work.now):
        raise CertificateRefusedError("withdrawal_days", rule=rules_of_withdrawal(work, case).cited(ground.source))
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


def _stars_to_certify(dossier: Dossier, rules: RuleSet) -> int:
    stars = dossier.stars or 0
    rule = rules.article_on_stars(stars)
    if dossier.status == DossierStatus.RATED_UNCERTIFIED:
        raise CertificateRefusedError("rated_uncertified", rule=rule, dossier=dossier.key, stars=stars)
    if dossier.status != DossierStatus.RECOGNISED or dossier.stars is None:
        place = {"status": status_title(dossier.status), "stage": rules.route.stage(dossier.stage).title.model_dump()}
        raise CertificateRefusedError("not_recognised", rule=rule, dossier=dossier.key, **place)
    return dossier.stars


def _settle(work: UnitOfWork, dossier: Dossier, *, at: datetime) -> None:
    """Close what the authority owed since the recognition; issued on the same day it was owed for no time."""
    for obligation in open_obligations_of(work.session, dossier.id):
        if obligation.step == CERTIFICATE:
            close_obligation(obligation, status="done", at=max(at, obligation.opens_at))
            work.session.add(obligation)


def _check_upgrade(dossier: Dossier, stars: int, earlier: list[Certificate], *, rule: str) -> None:
    """Leave the present certificate untouched by an upgrade that gave no more stars."""
    if dossier.kind != DossierKind.UPGRADE:
        return
    kept = next((each for each in earlier if each.status in IN_FORCE and each.stars >= stars), None)
    if kept is not None:
        raise CertificateRefusedError("no_more_stars", rule=rule, dossier=dossier.key, stars=stars, number=kept.number)


def _check_issue(work: UnitOfWork, cycle: Cycle, dossier: Dossier, issue: Issue, *, rule: str) -> None:
    session = work.session
    issued = session.exec(select(Certificate.number).where(col(Certificate.dossier_id) == dossier.id)).first()
    if issued is not None:
        raise CertificateRefusedError("certificate_issued", rule=rule, dossier=dossier.key, number=issued)
    taken = (col(Certificate.office_id) == cycle.office_id) & (col(Certificate.number) == issue.number)
    if session.exec(select(Certificate.id).where(taken)).first() is not None:
        raise CertificateRefusedError("certificate_number_taken", rule=rule, number=issue.number[:60])
    recognised_on = local_day(dossier.closed_at or work.now)
    if not recognised_on <= issue.issued_on <= local_day(work.now):
        raise CertificateRefusedError("issue_day", rule=rule, recognised_on=recognised_on.isoformat())
