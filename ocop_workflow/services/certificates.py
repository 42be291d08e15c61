"""The changes of certificates: what their dates make of them, each one event of its stream (promise I1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.clock import OFFICE_ZONE, start_of_day
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.certificate_terms import changes
from ocop_workflow.policy.rule_set import DossierKind, RuleSet
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.services.certificate_facts import CertificateCase, certificate_case
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.notices import tell
from ocop_workflow.services.obligations import RENEWAL, WITHDRAWAL, close_obligation, open_obligations_of
from ocop_workflow.services.titles import in_both
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Cycle, Dossier
from state_machines.certificate import (
    ENDED_BY_ACT,
    FINAL_CERTIFICATE_STATUSES,
    IN_FORCE,
    TRIGGER_INTO,
    CertificateStatus,
    certificate_lifecycle,
)
from state_machines.dossier import DossierTrigger

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


class CertificateRefusedError(RefusedError):
    """A certificate can't be issued, renewed, bettered, checked or withdrawn so."""


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
    at = start_of_day(by.issued_on)
    record_changes(work, certificate, actor=actor, tells=at >= certificate.expires_at)
    in_force = certificate.status not in FINAL_CERTIFICATE_STATUSES
    if in_force or (certificate.status == CertificateStatus.EXPIRED and at < certificate.status_at):
        case = certificate_case(work.session, work.books, certificate)
        move(work, case, CertificateStatus.SUPERSEDED, at=at, actor=actor, details={"by": by.number})


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
        move(work, case, change.status, at=change.at, actor=actor, details={}, rule=rule, tells=tells)
    return len(found)


def follow_renewal(work: UnitOfWork, dossier: Dossier, trigger: DossierTrigger, *, at: datetime, actor: str) -> None:
    """Let a certificate follow what was done to the dossier that renews it, in the same transaction (promise I4)."""
    if dossier.kind != DossierKind.RENEWAL:
        return
    certificate = work.session.exec(select(Certificate).where(col(Certificate.renewal_id) == dossier.id)).first()
    if certificate is None:
        return
    if trigger is DossierTrigger.SUBMIT:
        for obligation in open_obligations_of(work.session, certificate.id):
            if obligation.kind == RENEWAL:
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


def authority_for(rules: RuleSet, units: UnitRegister, unit_id: str, stars: int) -> str:
    """Return the unit that recognises a product of `unit_id` with so many stars; its level where no unit is known.

    Args:
        rules: The rule set.
        units: The register.
        unit_id: The product's unit.
        stars: The stars.

    Raises:
        CertificateRefusedError: Nobody recognises so few stars.
    """
    level = next((each.level for each in rules.recognition if stars in each.stars), None)
    if level is None:
        raise CertificateRefusedError(
            "stars_not_certified", rule=rules.article_on_stars(stars), rule_set=rules.id, stars=stars
        )
    unit = units.seat(unit_id, level)
    return level if unit is None else units.unit_today(unit.id)


def check_authority(actor: str, authority: str, office: str, *, rule: str) -> None:
    """Refuse whoever is neither of the recognising authority nor the office recording its act; `rule` is cited.

    Raises:
        CertificateRefusedError: The actor is somebody else.
    """
    if actor != office and actor.partition("/")[0] != authority:
        raise CertificateRefusedError(
            "not_its_authority", rule=rule, actor=actor[:80], authority=authority, office=office
        )


def check_not_ended(case: CertificateCase) -> None:
    """Refuse to go on from a certificate that an act has ended.

    Raises:
        CertificateRefusedError: It was withdrawn or superseded.
    """
    if case.certificate.status in ENDED_BY_ACT:
        status = in_both(f"certificate.state.{case.certificate.status}")
        raise CertificateRefusedError(
            "certificate_ended", rule=case.rule, number=case.certificate.number, status=status
        )


def check_no_open_dossier(work: UnitOfWork, case: CertificateCase) -> None:
    """Refuse a second open dossier of a product.

    Raises:
        CertificateRefusedError: The product has one.
    """
    busy = select(Dossier.key).where(col(Dossier.product_id) == case.product.id, col(Dossier.closed_at).is_(None))
    key = work.session.exec(busy).first()
    if key is not None:
        raise CertificateRefusedError("product_busy", rule=case.rule, dossier=key)


def check_in_force(case: CertificateCase, now: datetime) -> None:
    """Refuse what is done only to a certificate in force.

    Raises:
        CertificateRefusedError: It is not.
    """
    status = case.standing(now).status
    if status not in IN_FORCE:
        raise CertificateRefusedError(
            "not_in_force",
            rule=case.rule,
            number=case.certificate.number,
            status=in_both(f"certificate.state.{status}"),
        )


def move(
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
            withdrawn = obligation.kind == WITHDRAWAL and status is CertificateStatus.REVOKED
            ended = "done" if withdrawn else "cancelled"
            close_obligation(obligation, status=ended, at=max(at, obligation.opens_at))
            work.session.add(obligation)
    if tells and status in _TOLD:
        params = {**details, "number": certificate.number}
        tell_both(work, case, f"news.certificate_{status.value}", params, at=at)


def tell_both(work: UnitOfWork, case: CertificateCase, code: str, params: Mapping[str, Any], *, at: datetime) -> None:
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
