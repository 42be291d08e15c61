"""Opening the dossier by which a product with a certificate goes for a higher star."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from ocop_workflow.clock import last_day_in_time, local_day, start_of_day
from ocop_workflow.policy.plan import Round
from ocop_workflow.policy.rule_set import DossierKind, RuleSet
from ocop_workflow.services.certificate_facts import CertificateCase, certificate_case
from ocop_workflow.services.certificates import (
    CertificateRefusedError,
    check_no_open_dossier,
    check_not_ended,
    record_changes,
)
from ocop_workflow.services.dossiers import begin
from ocop_workflow.services.eligibility import check_eligible
from ocop_workflow.services.links import issue_link
from ocop_workflow.services.product_lists import open_round
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Dossier, Producer
from state_machines.certificate import IN_FORCE
from state_machines.dossier import DossierStatus


def open_upgrade(
    work: UnitOfWork,
    certificate: Certificate,
    *,
    actor: str,
    round_id: str | None = None,
    effective_at: datetime | None = None,
) -> Dossier:
    """Open the dossier that is to give a certified product more stars, in a round of the office's cycle of the day.

    The certificate stays as it is until another one is issued.

    Args:
        work: The unit of work.
        certificate: In force at that instant.
        actor: The office.
        round_id: Into which round; the earliest that takes upgrades and is not over when None.
        effective_at: When the producer asked for it, if not now.

    Raises:
        CertificateRefusedError: It is not in force, has the most stars there are, or the product has an open dossier or
            an upgrade in that round.
        IneligibleError: The rule set does not let the producer take part.
        IntakeClosedError: No round takes it.
        NotYetError: `effective_at` lies in the future.
    """
    at = work.happened_at(effective_at)
    record_changes(work, certificate, actor=actor)
    case = certificate_case(work.session, work.books, certificate)
    cycle = case.cycle
    round_ = open_round(work, cycle, case.book, round_id, kind=DossierKind.UPGRADE)
    book = work.books.of_round(work.session, cycle, round_.id)
    check_bettered(work, case, book.rule_set, at)
    _check_round(work, case, round_)
    key = f"{cycle.key}/{round_.id}/U{_upgrades_of(work, cycle.id) + 1}"
    dossier = Dossier(
        id=work.ids.new("dossier", key),
        key=key,
        cycle_id=cycle.id,
        round_id=round_.id,
        product_id=case.product.id,
        kind=DossierKind.UPGRADE.value,
        rule_set_hash=cycle.round_rule_sets.get(round_.id, cycle.rule_set_hash),
        criteria_set=_criteria_set(work, certificate, cycle.round_rule_sets.get(round_.id, cycle.rule_set_hash)),
        stage=book.stages(round_.id, DossierKind.UPGRADE)[0].id,
        status=DossierStatus.AWAITING_SUBMISSION.value,
        opened_at=max(at, start_of_day(round_.opens_on)),
        stage_at=start_of_day(round_.opens_on),
    )
    work.session.add(dossier)
    work.session.flush()
    begin(work, cycle, book, dossier, case.product, actor=actor, details={"certificate": certificate.id})
    issue_link(work, dossier, recipient=case.producer, actor=actor)
    return dossier


def check_bettered(work: UnitOfWork, case: CertificateCase, rules: RuleSet, at: datetime) -> None:
    """Refuse what keeps a certificate from being bettered under a rule set in any round; writes nothing.

    Raises:
        CertificateRefusedError: It is not in force, has the most stars there are, or the product has an open dossier.
        IneligibleError: The rule set does not let the producer take part.
    """
    certificate = case.certificate
    check_not_ended(case)
    if case.standing(at).status not in IN_FORCE:
        last_valid = last_day_in_time(certificate.expires_at).isoformat()
        raise CertificateRefusedError(
            "upgrade_expired", rule=case.rule, number=certificate.number, last_valid_on=last_valid
        )
    most = max(stars for recognition in rules.recognition for stars in recognition.stars)
    if certificate.stars >= most:
        raise CertificateRefusedError(
            "most_stars",
            rule=rules.article_on_stars(most),
            number=certificate.number,
            stars=certificate.stars,
            rule_set=rules.id,
        )
    check_no_open_dossier(work, case)
    maker = work.session.get_one(Producer, case.product.producer_id)
    check_eligible(rules, maker, group=case.product.group, on=local_day(at))


def _check_round(work: UnitOfWork, case: CertificateCase, round_: Round) -> None:
    """Refuse a second upgrade of a product in one round."""
    query = select(Dossier.key).where(
        col(Dossier.product_id) == case.product.id,
        col(Dossier.cycle_id) == case.cycle.id,
        col(Dossier.round_id) == round_.id,
        col(Dossier.kind) == DossierKind.UPGRADE,
    )
    before = work.session.exec(query).first()
    if before is not None:
        raise CertificateRefusedError("upgraded_in_round", rule=round_.source, round=round_.id, dossier=before)


def _upgrades_of(work: UnitOfWork, cycle_id: str) -> int:
    query = select(func.count()).select_from(Dossier)
    return work.session.exec(
        query.where(col(Dossier.cycle_id) == cycle_id, col(Dossier.kind) == DossierKind.UPGRADE)
    ).one()


def _criteria_set(work: UnitOfWork, certificate: Certificate, rule_set_hash: str) -> int | None:
    """Return the criteria set of the dossier that was certified, where the same rule set still decides."""
    certified = work.session.get(Dossier, certificate.dossier_id) if certificate.dossier_id else None
    return certified.criteria_set if certified is not None and certified.rule_set_hash == rule_set_hash else None
