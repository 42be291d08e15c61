"""Certificates as they are issued, kept, superseded, revoked; every change is one event (promise I1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time, local_day, start_of_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.certificate_terms import changes, expiry_of
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.services.certificate_facts import CertificateCase, certificate_case
from ocop_workflow.services.events import Act, append_event, command_done
from ocop_workflow.services.notices import tell
from ocop_workflow.services.obligations import close_obligation, open_obligations_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Cycle, Dossier, Product
from state_machines.certificate import (
    ENDED_BY_ACT,
    FINAL_CERTIFICATE_STATUSES,
    TRIGGER_INTO,
    CertificateStatus,
    certificate_lifecycle,
)
from state_machines.dossier import DossierStatus, DossierTrigger

_LIFECYCLE = certificate_lifecycle()

ACTIONS = {
    CertificateStatus.VALID: "certificate_kept",
    CertificateStatus.RENEWAL_DUE: "certificate_due_for_renewal",
    CertificateStatus.RENEWING: "certificate_renewal_begun",
    CertificateStatus.EXTENDED_BY_LAW: "certificate_extended_by_law",
    CertificateStatus.EXPIRED: "certificate_expired",
    CertificateStatus.SUPERSEDED: "certificate_superseded",
    CertificateStatus.REVOKED: "certificate_revoked",
}
"""The past fact that the event of each new state is called."""

_TOLD = (CertificateStatus.EXTENDED_BY_LAW, CertificateStatus.EXPIRED, CertificateStatus.REVOKED)
"""What the producer and the office are told as news; the rest is in the reminders of the renewal."""


class CertificateRefusedError(InputError):
    """A certificate can't be issued, renewed or revoked so."""


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
        CertificateRefusedError: The dossier is not recognised with stars that are certified, has a certificate, the
            number is taken, the day is not one, the rule set gives no validity, or the actor may not.
    """
    session = work.session
    if command_done(session, issue.command):
        return session.exec(select(Certificate).where(col(Certificate.dossier_id) == dossier.id)).one()
    cycle = session.get_one(Cycle, dossier.cycle_id)
    product = session.get_one(Product, dossier.product_id)
    book = work.books.of_dossier(session, cycle, dossier)
    stars = _stars_to_certify(dossier)
    authority = authority_for(book.rule_set, book.units.ancestor, product.unit_id, stars)
    _check_actor(issue.actor, authority, cycle.office_position)
    _check_issue(work, cycle, dossier, issue)
    months = book.rule_set.validity_months
    if months is None:
        raise CertificateRefusedError(f"rule set {book.rule_set.id} gives no validity_months; add it to the rule set")
    earlier = certificates_not_ended(session, product.id)
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
    for old in earlier:
        supersede(work, old, by=certificate, actor=issue.actor)
    case = certificate_case(session, work.books, certificate)
    params = {"number": issue.number, "last_valid_on": last_day_in_time(certificate.expires_at).isoformat()}
    _tell(work, case, "news.certificate_issued", params, at=certificate.status_at)
    return certificate


def enter(
    work: UnitOfWork, certificate: Certificate, cycle: Cycle, *, action: str, actor: str, command: str | None = None
) -> None:
    """Write a new certificate down with its first event, which holds every fact of the row."""
    certificate.version = 1
    work.session.add(certificate)
    work.session.flush()
    act = Act(
        actor=actor,
        action=action,
        to_state=certificate.status,
        rule=certificate.decision,
        details=facts_of_row(certificate),
        effective_at=certificate.status_at,
        command=command,
    )
    append_event(work, stream=f"certificate:{certificate.id}", seq=1, cycle_id=cycle.id, act=act)


def facts_of_row(certificate: Certificate) -> dict[str, Any]:
    """Return the facts of a certificate that never change, as its first event holds them."""
    return {
        "office": certificate.office_id,
        "product": certificate.product_id,
        "dossier": certificate.dossier_id,
        "rule_set": certificate.rule_set_hash,
        "number": certificate.number,
        "stars": certificate.stars,
        "authority": certificate.authority,
        "decision": certificate.decision,
        "issued_on": certificate.issued_on.isoformat(),
        "expires_at": certificate.expires_at.astimezone(OFFICE_ZONE).isoformat(),
    }


def supersede(work: UnitOfWork, certificate: Certificate, *, by: Certificate, actor: str) -> None:
    """End a certificate that was in force when another one of its product was issued, from that day on."""
    record_changes(work, certificate, actor=actor)
    at = start_of_day(by.issued_on)
    in_force = certificate.status not in FINAL_CERTIFICATE_STATUSES
    if in_force or (certificate.status == CertificateStatus.EXPIRED and at < certificate.status_at):
        case = certificate_case(work.session, work.books, certificate)
        _move(work, case, CertificateStatus.SUPERSEDED, at=at, actor=actor, details={"by": by.number})


def revoke(work: UnitOfWork, certificate: Certificate, revocation: Revocation) -> int:
    """Withdraw a certificate; return by how many days the term since the finding was overrun, 0 in time.

    Raises:
        CertificateRefusedError: The ground is none of the rule set's, the actor may not, or the days are wrong.
        TransitionNotAllowedError: It is not in force.
    """
    record_changes(work, certificate, actor=revocation.actor)
    case = certificate_case(work.session, work.books, certificate)
    rules = work.books.rule_set(work.session, certificate.rule_set_hash)
    _check_actor(revocation.actor, certificate.authority, case.cycle.office_position)
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
    _move(
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


def record_changes(work: UnitOfWork, certificate: Certificate, *, actor: str, tells: bool = True) -> int:
    """Record what a certificate has become by its dates, each with the instant at which it did; return how many.

    The dates decide, never when this runs (promise I9).
    """
    if certificate.status in ENDED_BY_ACT:
        return 0
    case = certificate_case(work.session, work.books, certificate)
    found = changes(case.facts, status=CertificateStatus(certificate.status), since=certificate.status_at, now=work.now)
    for change in found:
        rule = case.facts.renewal.source if case.facts.renewal else None
        if change.status is CertificateStatus.EXTENDED_BY_LAW and case.facts.renewal is not None:
            extension = case.facts.renewal.extended_by_law
            rule = extension.source if extension else rule
        _move(work, case, change.status, at=change.at, actor=actor, details={}, rule=rule, tells=tells)
    return len(found)


def follow_renewal(work: UnitOfWork, dossier: Dossier, trigger: DossierTrigger, *, at: datetime, actor: str) -> None:
    """Let a certificate follow what was done to the dossier that renews it, in the same transaction (promise I4)."""
    query = select(Certificate).where(col(Certificate.renewal_id) == dossier.id)
    certificate = work.session.exec(query).first()
    if certificate is None:
        return
    if trigger is DossierTrigger.SUBMIT:
        for obligation in open_obligations_of(work.session, certificate.id):
            close_obligation(obligation, status="done", at=at)
            work.session.add(obligation)
    work.session.flush()
    record_changes(work, certificate, actor=actor)


def certificates_not_ended(session: Session, product_id: str) -> list[Certificate]:
    """Return a product's certificates that no act has ended, the oldest first; a date may have."""
    query = select(Certificate).where(
        col(Certificate.product_id) == product_id, col(Certificate.status).not_in(ENDED_BY_ACT)
    )
    return list(session.exec(query.order_by(col(Certificate.issued_on), col(Certificate.id))))


def authority_for(rules: RuleSet, ancestor: Any, unit_id: str, stars: int) -> str:
    """Return the unit that recognises a product of `unit_id` with so many stars; its level where no unit is known.

    Args:
        rules: The rule set.
        ancestor: The register's way from a unit to the one of a level that it lies in.
        unit_id: The product's unit.
        stars: The stars.

    Raises:
        CertificateRefusedError: Nobody recognises so few stars.
    """
    level = next((each.level for each in rules.recognition if stars in each.stars), None)
    if level is None:
        raise CertificateRefusedError(
            f"under rule set {rules.id} nobody recognises {stars} stars; the producer is told in writing, and no "
            "certificate is issued"
        )
    unit = ancestor(unit_id, level)
    return level if unit is None else str(unit.id)


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


def _check_actor(actor: str, authority: str, office: str) -> None:
    if actor != office and actor.partition("/")[0] != authority:
        raise CertificateRefusedError(f"{actor[:80]} may not; that is for {authority}, or {office} recording it")


def _check_issue(work: UnitOfWork, cycle: Cycle, dossier: Dossier, issue: Issue) -> None:
    session = work.session
    issued = session.exec(select(Certificate.number).where(col(Certificate.dossier_id) == dossier.id)).first()
    if issued is not None:
        raise CertificateRefusedError(f"{dossier.key} has the certificate {issued} already")
    if is_number_taken(session, cycle.office_id, issue.number):
        raise CertificateRefusedError(f"the number {issue.number[:60]!r} is taken; give each certificate its own")
    recognised_on = local_day(dossier.closed_at or work.now)
    if not recognised_on <= issue.issued_on <= local_day(work.now):
        raise CertificateRefusedError(
            f"the day of issue lies between the recognition ({recognised_on:%d/%m/%Y}) and today; correct it"
        )


def is_number_taken(session: Session, office_id: str, number: str) -> bool:
    """Tell whether an office has a certificate of this number."""
    query = select(Certificate.id).where(col(Certificate.office_id) == office_id, col(Certificate.number) == number)
    return session.exec(query).first() is not None


def _move(
    work: UnitOfWork,
    case: CertificateCase,
    status: CertificateStatus,
    *,
    at: datetime,
    actor: str,
    details: Mapping[str, Any],
    rule: str | None = None,
    text: str | None = None,
    tells: bool = True,
) -> None:
    """Change the row as the table allows, with its event, its obligation and its news."""
    certificate = case.certificate
    before = certificate.status
    certificate.status = _LIFECYCLE.fire(before, TRIGGER_INTO[status])
    certificate.status_at = at
    certificate.version += 1
    act = Act(actor, ACTIONS[status], before, certificate.status, rule, details, effective_at=at, text=text)
    append_event(work, stream=case.stream, seq=certificate.version, cycle_id=case.cycle.id, act=act)
    work.session.add(certificate)
    if status in FINAL_CERTIFICATE_STATUSES:
        for obligation in open_obligations_of(work.session, certificate.id):
            close_obligation(obligation, status="cancelled", at=max(at, obligation.opens_at))
            work.session.add(obligation)
    if tells and status in _TOLD:
        params = {**details, "number": certificate.number}
        _tell(work, case, f"news.certificate_{status.value}", params, at=at)


def _tell(work: UnitOfWork, case: CertificateCase, code: str, params: Mapping[str, Any], *, at: datetime) -> None:
    """Plan the news of the last event for the producer and the office."""
    for recipient in (case.producer, case.cycle.office_position):
        tell(
            work,
            case.cycle,
            recipient=recipient,
            code=code,
            params=params,
            subject_id=case.certificate.id,
            stream=case.stream,
            seq=case.certificate.version,
            happened_at=at,
        )
