"""Opening the dossier that renews a certificate."""

from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.certificate_terms import status_at
from ocop_workflow.policy.rule_set import DossierKind
from ocop_workflow.services.certificate_facts import CertificateCase, certificate_case
from ocop_workflow.services.certificates import (
    CertificateRefusedError,
    check_no_open_dossier,
    check_not_ended,
    record_changes,
)
from ocop_workflow.services.cycles import CLOSED
from ocop_workflow.services.dossier_criteria import set_at_opening
from ocop_workflow.services.dossiers import begin
from ocop_workflow.services.eligibility import check_eligible
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.links import issue_link
from ocop_workflow.services.pinned_documents import RENEWAL_ROUND
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Dossier, Producer
from state_machines.certificate import CertificateStatus
from state_machines.dossier import DossierStatus

RENEWABLE = (CertificateStatus.VALID, CertificateStatus.RENEWAL_DUE)


def open_renewal(
    work: UnitOfWork,
    certificate: Certificate,
    *,
    actor: str,
    effective_at: datetime | None = None,
    criteria_set: int | None = None,
) -> Dossier:
    """Open the dossier that renews a certificate, in the office's cycle of the day and in no round.

    Whether the renewal is in time is decided by its submission, not by this act.

    Args:
        work: The unit of work.
        certificate: In force at that instant.
        actor: The office.
        effective_at: When the producer brought it, if not now.
        criteria_set: The set of the renewal's own rule set on which the product is scored; without it the set that is
            the product's group, or none yet.

    Raises:
        IneligibleError: The rule set does not let the producer take part.
        CertificateRefusedError: It is not in force, is being renewed already, the product has another open dossier, or
            no cycle is open.
        CriteriaSetError: The rule set has no such criteria set.
        NotYetError: `effective_at` lies in the future.
    """
    at = work.happened_at(effective_at)
    record_changes(work, certificate, actor=actor)
    case = certificate_case(work.session, work.books, certificate)
    check_renewable(work, case, at)
    cycle, product = case.cycle, case.product
    ordinal = _count(work, col(Dossier.cycle_id) == cycle.id) + 1
    attempt = _count(work, col(Dossier.round_id).startswith(f"{RENEWAL_ROUND}{certificate.id}", autoescape=True)) + 1
    key = f"{cycle.key}/renewal/R{ordinal}"
    round_id = f"{RENEWAL_ROUND}{certificate.id}/{attempt}"
    stage = case.book.stages(round_id, DossierKind.RENEWAL)[0]
    dossier = Dossier(
        id=work.ids.new("dossier", key),
        key=key,
        cycle_id=cycle.id,
        round_id=round_id,
        product_id=product.id,
        kind=DossierKind.RENEWAL.value,
        criteria_set=set_at_opening(case.book, product, criteria_set),
        rule_set_hash=cycle.rule_set_hash,
        stage=stage.id,
        status=DossierStatus.AWAITING_SUBMISSION.value,
        opened_at=at,
        stage_at=at,
    )
    work.session.add(dossier)
    work.session.flush()
    begin(work, cycle, case.book, dossier, product, actor=actor)
    issue_link(work, dossier, recipient=case.producer, actor=actor)
    certificate.renewal_id = dossier.id
    certificate.version += 1
    act = Act(actor, "renewal_opened", details={"dossier": dossier.id}, effective_at=at)
    append_event(work, stream=case.stream, seq=certificate.version, cycle_id=cycle.id, act=act)
    work.session.add(certificate)
    work.session.flush()
    record_changes(work, certificate, actor=actor)
    return dossier


def check_renewable(work: UnitOfWork, case: CertificateCase, at: datetime) -> None:
    """Refuse what keeps a certificate's renewal from being opened at an instant; writes nothing.

    Raises:
        CertificateRefusedError: It is not in force, is being renewed already, the product has another open dossier, or
            no cycle is open.
        IneligibleError: The rule set does not let the producer take part.
    """
    check_not_ended(case)
    number, standing = case.certificate.number, status_at(case.facts, at)
    if standing is CertificateStatus.EXPIRED:
        last_valid = last_day_in_time(case.certificate.expires_at).isoformat()
        raise CertificateRefusedError("renewal_expired", rule=case.rule, number=number, last_valid_on=last_valid)
    if standing not in RENEWABLE:
        raise CertificateRefusedError("renewing_already", rule=case.rule, number=number)
    check_no_open_dossier(work, case)
    if case.cycle.status == CLOSED:
        raise CertificateRefusedError("cycle_closed", rule=None, cycle=case.cycle.key)
    maker = work.session.get_one(Producer, case.product.producer_id)
    check_eligible(case.book.rule_set, maker, group=case.product.group, on=local_day(at))


def _count(work: UnitOfWork, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Dossier).where(condition, col(Dossier.kind) == DossierKind.RENEWAL)
    return work.session.exec(query).one()
