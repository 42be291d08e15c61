"""Watching an office's certificates: what they have become, and what their producers owe for the renewal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import col, select

from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.certificate_terms import changes, renewal_due_at
from ocop_workflow.policy.date_expressions import Firmness, Origin, ResolvedDue
from ocop_workflow.policy.ladders import RungMoment, first_moment_from, rung_moments
from ocop_workflow.policy.route import party_of, step_settled_by
from ocop_workflow.policy.rule_set import DossierKind
from ocop_workflow.policy.working_days import DayOutsideCalendarError
from ocop_workflow.services.certificate_facts import CertificateCase, certificate_case
from ocop_workflow.services.certificates import record_changes
from ocop_workflow.services.obligations import RENEWAL, Duty, enforcement_of, open_obligation
from ocop_workflow.services.pinned_documents import RENEWAL_ROUND, Rulebook
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Cycle, Obligation
from state_machines.certificate import IN_FORCE, CertificateStatus
from state_machines.dossier import DossierTrigger

WATCHER = "system:watch-certificates"

LEAD_MARGIN = timedelta(days=31)
"""An obligation opens this long before its first rung, which may move earlier past days off."""

_OWED_IN = (CertificateStatus.VALID, CertificateStatus.RENEWAL_DUE)


@dataclass(frozen=True, slots=True)
class Watched:
    """How many changes of certificates were recorded, and how many renewals were asked for or given another date."""

    changes: int = 0
    asked: int = 0
    redated: int = 0


def certificates_to_watch(work: UnitOfWork, cycle: Cycle) -> list[str]:
    """Return the ids of an office's certificates with something to record or to ask, the earliest expiry first.

    Reads only those that come near their expiry. `cycle` is the office's of the day.
    """
    session = work.session
    book = work.books.of_cycle(session, cycle)
    query = select(Certificate).where(
        col(Certificate.office_id) == cycle.office_id,
        col(Certificate.status).in_(IN_FORCE),
        col(Certificate.expires_at) <= work.now + _horizon(book),
    )
    near = session.exec(query.order_by(col(Certificate.expires_at), col(Certificate.id))).all()
    if not near:
        return []
    owed = select(Obligation).where(
        col(Obligation.kind) == RENEWAL,
        col(Obligation.status) == "open",
        col(Obligation.subject_id).in_([certificate.id for certificate in near]),
    )
    duties = {obligation.subject_id: obligation for obligation in session.exec(owed)}
    due = []
    for certificate in near:
        case = certificate_case(work.session, work.books, certificate)
        status, since = CertificateStatus(certificate.status), certificate.status_at
        if changes(case.facts, status=status, since=since, now=work.now) or _asks(work, case, duties):
            due.append(certificate.id)
    return due


def watch(work: UnitOfWork, certificate_ids: Sequence[str]) -> Watched:
    """Record what some certificates have become, and ask their producers for the renewal.

    Idempotent; commits nothing.
    """
    recorded = asked = redated = 0
    query = select(Certificate).where(col(Certificate.id).in_(certificate_ids)).with_for_update()
    for certificate in work.session.exec(query.order_by(col(Certificate.expires_at), col(Certificate.id))).all():
        recorded += record_changes(work, certificate, actor=WATCHER)
        case = certificate_case(work.session, work.books, certificate)
        owed = _open_duty(work, certificate)
        if not _asks(work, case, {certificate.id: owed} if owed else {}):
            continue
        if owed is None:
            _open(work, case)
            asked += 1
        else:
            _follow(work, case, owed)
            redated += 1
    return Watched(recorded, asked, redated)


def renewal_opens_at(case: CertificateCase) -> datetime | None:
    """Return from when the producer owes a renewal, long before it can be submitted; None without a ladder."""
    rules = case.book.plan.certificates
    if rules is None:
        return None
    first = min(rung.days for rung in case.book.plan.ladders[rules.ladder].rungs)
    return max(renewal_due_at(case.facts) + timedelta(days=min(first, 0)) - LEAD_MARGIN, case.certificate.status_at)


def _horizon(book: Rulebook) -> timedelta:
    """Return how long before its expiry a certificate is looked at."""
    renewal, rules = book.rule_set.renewal, book.plan.certificates
    rungs = book.plan.ladders[rules.ladder].rungs if rules else ()
    first = -min((rung.days for rung in rungs), default=0)
    closes, opens = (renewal.closes_days_before, renewal.opens_days_before) if renewal else (0, 0)
    return max(timedelta(days=max(first, 0) + closes) + LEAD_MARGIN, timedelta(days=opens)) + timedelta(days=2)


def _open_duty(work: UnitOfWork, certificate: Certificate) -> Obligation | None:
    query = select(Obligation).where(
        col(Obligation.subject_id) == certificate.id,
        col(Obligation.kind) == RENEWAL,
        col(Obligation.status) == "open",
    )
    return work.session.exec(query).first()


def _asks(work: UnitOfWork, case: CertificateCase, duties: dict[str, Obligation]) -> bool:
    """Tell whether a renewal has to be asked for, or asked for by another date or in a newer cycle."""
    certificate = case.certificate
    opens_at = renewal_opens_at(case)
    if opens_at is None or work.now >= certificate.expires_at or case.producer_closed:
        return False
    owed = duties.get(certificate.id)
    if owed is None:
        due = certificate.status in _OWED_IN and work.now >= opens_at
    else:
        due = owed.cycle_id != case.cycle.id or owed.due_at != renewal_due_at(case.facts)
    return due and _is_covered(case)


def _is_covered(case: CertificateCase) -> bool:
    """Tell whether the days off are known for the whole ladder; an office's next cycle knows more of them."""
    try:
        _moments(case)
    except DayOutsideCalendarError:
        return False
    return True


def _moments(case: CertificateCase) -> tuple[RungMoment, ...]:
    rules = case.book.plan.certificates
    if rules is None:
        return ()
    ladder = case.book.plan.ladders[rules.ladder]
    return rung_moments(ladder, due_at=renewal_due_at(case.facts), days=case.book.days)


def _open(work: UnitOfWork, case: CertificateCase) -> None:
    certificate, rules = case.certificate, case.book.plan.certificates
    opens_at = renewal_opens_at(case)
    if rules is None or opens_at is None:
        return
    known = select(func.count()).select_from(Obligation).where(col(Obligation.subject_id) == certificate.id)
    attempt = work.session.exec(known).one() + 1
    duty = Duty(
        key=f"certificate/{certificate.id}/{attempt}",
        kind=RENEWAL,
        subject_id=certificate.id,
        unit_id=case.product.unit_id,
        party=case.producer,
        superior=receiver_of(case),
        due=_due(case),
        opens_at=opens_at,
        ladder=rules.ladder,
    )
    open_obligation(work, case.cycle, case.book, duty)


def _follow(work: UnitOfWork, case: CertificateCase, owed: Obligation) -> None:
    """Let an obligation follow into the office's newer cycle, and take the date that the rule of the day gives.

    What was said keeps its key, so that no rung is said twice for one date; another date is another deadline version.
    """
    rules = case.book.plan.certificates
    if rules is None:
        return
    due = _due(case)
    unhandled = owed.next_action_at
    owed.cycle_id, owed.ladder, owed.superior = case.cycle.id, rules.ladder, receiver_of(case)
    if due.due_at != owed.due_at:
        owed.due_at, owed.why_code, owed.why_params, owed.source = due.due_at, due.code, dict(due.params), due.source
        owed.deadline_version += 1
        owed.overdue_at = unhandled = None
    owed.next_action_at = first_moment_from(_moments(case), unhandled or work.now)
    enforcement_of(owed, work.now)
    work.session.add(owed)


def _due(case: CertificateCase) -> ResolvedDue:
    """Return the last instant of a renewal with its explanation: the window of the rule of the day, or the expiry."""
    facts, renewal = case.facts, case.facts.renewal
    due_at = renewal_due_at(facts)
    last_day = last_day_in_time(due_at)
    params: dict[str, str | int] = {"last_on": last_day.isoformat()}
    if renewal is None or facts.window is None:
        code, source = "certificate_expiry", case.certificate.decision or case.certificate.number
    else:
        code, source = "renewal_window", renewal.source
        params |= {"count": renewal.closes_days_before, "opens_on": local_day(facts.window.opens_at).isoformat()}
    opens_at = None if facts.window is None else facts.window.opens_at
    return ResolvedDue(opens_at, due_at, last_day, Firmness.HARD, Origin.STATUTORY, code, source, params)


def receiver_of(case: CertificateCase) -> str | None:
    """Return the position that takes the renewal in; None where the newest register has no such unit any more."""
    stage = case.book.stages(f"{RENEWAL_ROUND}{case.certificate.id}", DossierKind.RENEWAL)[0]
    receipt = step_settled_by(stage, DossierTrigger.RECEIVE)
    owner = receipt.owner if receipt else stage.decided_by
    try:
        return party_of(owner, units=case.book.units, unit=case.product.unit_id, producer_id=case.product.producer_id)
    except KeyError:
        return None
