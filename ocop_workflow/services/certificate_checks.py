"""Checks of recognised products: each one event of its certificate; a finding asks the authority for the withdrawal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, select

from ocop_workflow.clock import local_day, start_of_day
from ocop_workflow.policy.date_expressions import Firmness, Origin, ResolvedDue
from ocop_workflow.policy.route import certifier_of, party_of
from ocop_workflow.policy.rule_set import Ground, RuleSet
from ocop_workflow.services.certificate_facts import CertificateCase, certificate_case, cycle_of_the_day
from ocop_workflow.services.certificates import (
    CertificateRefusedError,
    check_authority,
    check_in_force,
    record_changes,
)
from ocop_workflow.services.events import Act, append_event, command_done, details_of
from ocop_workflow.services.obligations import WITHDRAWAL, Duty, close_obligation, open_obligation, open_obligations_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Event, Product
from state_machines.certificate import IN_FORCE

CHECKED = "certificate_checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a product as it is recorded.

    Attributes:
        document: The number of the minutes or the conclusion.
        held_on: The day of the check, or of its conclusion.
        actor: The recognising authority, or the office recording it.
        finding: One of the withdrawal grounds of the rule set; None when the product keeps what it was recognised for.
        note: Free text, kept beside the event.
        command: Makes the act idempotent.
    """

    document: str
    held_on: date
    actor: str
    finding: str | None = None
    note: str | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A certificate in force, when its product was last checked, and with which finding."""

    certificate: Certificate
    product: Product
    last_on: date | None = None
    finding: str | None = None


def record_check(work: UnitOfWork, certificate: Certificate, check: Check) -> None:
    """Record a check; with a finding the authority owes the withdrawal, one without ends what an earlier one asked.

    Raises:
        CertificateRefusedError: It is not in force, the ground is none of the rule set's, the document or its day is
            missing or wrong, or the actor may not.
    """
    if command_done(work.session, check.command):
        return
    record_changes(work, certificate, actor=check.actor)
    case = certificate_case(work.session, work.books, certificate)
    own = work.books.rule_set(work.session, certificate.rule_set_hash)
    rule = own.article_on_stars(certificate.stars)
    check_authority(check.actor, case.authority, case.cycle.office_position, rule=rule)
    check_in_force(case, work.now)
    _refuse(case, check, today=local_day(work.now))
    ground = ground_of(work, case, check.finding) if check.finding is not None else None
    certificate.version += 1
    details = {"document": check.document, "finding": ground.id if ground else None}
    act = Act(
        check.actor,
        CHECKED,
        rule=ground.source if ground else None,
        details=details,
        effective_at=start_of_day(check.held_on),
        text=check.note,
        command=check.command,
    )
    append_event(work, stream=case.stream, seq=certificate.version, cycle_id=case.cycle.id, act=act)
    work.session.add(certificate)
    owed = [o for o in open_obligations_of(work.session, certificate.id) if o.kind == WITHDRAWAL]
    if ground is None:
        for obligation in owed:
            close_obligation(obligation, status="cancelled", at=max(act.effective_at or work.now, obligation.opens_at))
            work.session.add(obligation)
    elif not owed:
        _owe_withdrawal(work, case, check)


def checks_of(work: UnitOfWork, office_id: str, *, year: int) -> list[Checked]:
    """Return an office's certificates in force, each with its latest check of a year, the unchecked ones first."""
    latest = {event.stream: event for event in _checks(work.session, year)}
    query = select(Certificate, Product).join(Product, col(Product.id) == col(Certificate.product_id))
    found = []
    for certificate, product in work.session.exec(query.where(col(Certificate.office_id) == office_id)):
        case = certificate_case(work.session, work.books, certificate)
        if case.standing(work.now).status not in IN_FORCE:
            continue
        event = latest.get(case.stream)
        if event is None:
            found.append(Checked(certificate, product))
        else:
            found.append(Checked(certificate, product, local_day(event.effective_at), details_of(event)["finding"]))
    return sorted(found, key=lambda each: (each.last_on or date.min, each.certificate.number))


def _checks(session: Session, year: int) -> Iterator[Event]:
    """Yield the checks held in a year, the earliest first; none is written down before it was held."""
    begin, end = start_of_day(date(year, 1, 1)), start_of_day(date(year + 1, 1, 1))
    query = select(Event).where(
        col(Event.recorded_at) >= begin,
        col(Event.action) == CHECKED,
        col(Event.effective_at) >= begin,
        col(Event.effective_at) < end,
    )
    yield from session.exec(query.order_by(col(Event.effective_at), col(Event.seq)))


def _refuse(case: CertificateCase, check: Check, *, today: date) -> None:
    issued_on = case.certificate.issued_on
    if not check.document.strip():
        raise CertificateRefusedError("check_document", rule=None)
    if not issued_on <= check.held_on <= today:
        raise CertificateRefusedError("check_day", rule=None, issued_on=issued_on.isoformat())


def rules_of_withdrawal(work: UnitOfWork, case: CertificateCase) -> RuleSet:
    """Return the rule set whose grounds of withdrawal hold: that of the day, where it has any, else its own."""
    of_the_day = case.book.rule_set
    own = work.books.rule_set(work.session, case.certificate.rule_set_hash)
    return of_the_day if of_the_day.withdrawal_grounds else own


def grounds_of(work: UnitOfWork, case: CertificateCase) -> tuple[Ground, ...]:
    """Return the grounds on which a certificate can be withdrawn."""
    return rules_of_withdrawal(work, case).withdrawal_grounds


def ground_of(work: UnitOfWork, case: CertificateCase, finding: str) -> Ground:
    """Return the ground of withdrawal with this id.

    Raises:
        CertificateRefusedError: The rule set has no such ground.
    """
    rules = rules_of_withdrawal(work, case)
    grounds = rules.withdrawal_grounds
    for ground in grounds:
        if ground.id == finding:
            return ground
    raise CertificateRefusedError(
        "withdrawal_ground_unknown" if grounds else "no_withdrawal_grounds",
        rule=rules.cited(grounds[0].source if grounds else rules.source),
        ground=finding[:60],
        known=", ".join(ground.id for ground in grounds),
    )


def _owe_withdrawal(work: UnitOfWork, case: CertificateCase, check: Check) -> None:
    """Ask the authority for the withdrawal within the regulation's term; nothing where it sets none."""
    certificate, rules = case.certificate, case.book.plan.certificates
    own = work.books.rule_set(work.session, certificate.rule_set_hash)
    term = case.book.rule_set.withdrawal_within or own.withdrawal_within
    if term is None:
        return
    last_day = check.held_on + timedelta(days=term.days)
    params: dict[str, str | int] = {
        "count": term.days,
        "found_on": check.held_on.isoformat(),
        "last_on": last_day.isoformat(),
    }
    opens_at, due_at = start_of_day(check.held_on), start_of_day(last_day + timedelta(days=1))
    party = _authority(case)
    duty = Duty(
        key=f"certificate/{certificate.id}/withdrawal/{certificate.version}",
        kind=WITHDRAWAL,
        subject_id=certificate.id,
        unit_id=case.product.unit_id,
        party=party,
        superior=case.book.units.superior_of(party),
        due=ResolvedDue(
            opens_at, due_at, last_day, Firmness.HARD, Origin.STATUTORY, "withdrawal_term", term.source, params
        ),
        opens_at=opens_at,
        ladder=rules.withdrawal_ladder if rules else None,
    )
    open_obligation(work, case.cycle, case.book, duty)


def _authority(case: CertificateCase) -> str:
    """Return who withdraws: who issues such certificates, if that is the unit that recognised it, else the office."""
    rules = case.book.rule_set
    owner = certifier_of(rules, rules.route.stages, case.certificate.stars)
    if owner is None:
        return case.cycle.office_position
    product = case.product
    party = party_of(owner, units=case.book.units, unit=product.unit_id, producer_id=product.producer_id)
    same = party.partition("/")[0] == case.authority
    return party if same else case.cycle.office_position


def year_of_checks(work: UnitOfWork, office_id: str) -> int:
    """Return the year of an office's cycle of the day, in which its checks are counted."""
    return cycle_of_the_day(work.session, office_id).year
