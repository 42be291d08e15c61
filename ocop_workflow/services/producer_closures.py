"""A producer that has closed: what is open is withdrawn with the reason, and the office decides about certificates."""

from datetime import timedelta

from sqlmodel import Session, col, select

from ocop_workflow.services.certificate_facts import certificate_case
from ocop_workflow.services.certificate_lines import CERTIFICATE_NEWS
from ocop_workflow.services.certificates import certificates_not_ended, record_changes
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.events import append_event
from ocop_workflow.services.notices import tell
from ocop_workflow.services.obligations import RENEWAL, close_obligation, open_obligations_of
from ocop_workflow.services.producer_acts import (
    Change,
    ProducerRefusedError,
    act_of_office,
    document_of,
    office_cycle,
    open_dossiers_of,
    tell_producer,
)
from ocop_workflow.services.producer_register import record
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.services.withdrawals import PRODUCER_CLOSED
from ocop_workflow.storage.tables import Certificate, Producer, Product
from state_machines.certificate import IN_FORCE
from state_machines.dossier import DossierTrigger

PRODUCER_HAS_CLOSED = "producer_closed"
CLOSED = "closed"
"""The act in the streams of the producer and its certificates, and the state of the producer from then on."""


def close_producer(work: UnitOfWork, producer: Producer, change: Change) -> tuple[list[str], list[str]]:
    """Record that a producer closed on a day, its last; return its withdrawn dossiers and its certificates in force.

    No renewal is asked for any more. Whether a certificate is withdrawn is the authority's to decide, on a ground of
    the rule set and within its term from this finding; the office is told of each.

    Raises:
        ProducerRefusedError: It has closed before, the day lies in the future, or the document's number is missing.
        DossierLapsedError: A dossier lapsed before; `ocop run enforce-deadlines` records it.
    """
    if producer.closed_on is not None:
        raise ProducerRefusedError(f"{producer.name[:80]} has closed on {producer.closed_on:%d/%m/%Y} already")
    cycle = office_cycle(work.session, producer)
    rule = document_of(work, change)
    dossiers = open_dossiers_of(work.session, producer)
    for dossier in dossiers:
        details = {"ground": PRODUCER_CLOSED, "document": rule}
        apply_trigger(work, dossier, Request(DossierTrigger.WITHDRAW, cycle.office_position, details=details))
    producer.closed_on = change.on
    event = record(work, producer, act_of_office(cycle, PRODUCER_HAS_CLOSED, change, rule, to_state=CLOSED))
    work.session.flush()
    in_force = _certificates_in_force(work, producer, cycle.office_position)
    for certificate in in_force:
        _note_closure(work, certificate, change, rule)
    told = {"document": rule, "closed_on": change.on.isoformat()}
    tell_producer(work, cycle, producer, event, what="closed", params=told)
    return [dossier.key for dossier in dossiers], [certificate.number for certificate in in_force]


def _certificates_in_force(work: UnitOfWork, producer: Producer, actor: str) -> list[Certificate]:
    found = []
    for product_id in _products_of(work.session, producer):
        for certificate in certificates_not_ended(work.session, product_id):
            record_changes(work, certificate, actor=actor)
            if certificate.status in IN_FORCE:
                found.append(certificate)
    return found


def _products_of(session: Session, producer: Producer) -> list[str]:
    query = select(Product.id).where(col(Product.producer_id) == producer.id)
    return list(session.exec(query.order_by(col(Product.name))))


def _note_closure(work: UnitOfWork, certificate: Certificate, change: Change, rule: str) -> None:
    """Record the finding with the certificate, stop asking for its renewal, and tell the office by when to decide."""
    case = certificate_case(work.session, work.books, certificate)
    certificate.version += 1
    act = act_of_office(case.cycle, PRODUCER_HAS_CLOSED, change, rule)
    append_event(work, stream=case.stream, seq=certificate.version, cycle_id=case.cycle.id, act=act)
    work.session.add(certificate)
    for obligation in open_obligations_of(work.session, certificate.id):
        if obligation.kind == RENEWAL:  # a withdrawal that a finding asked for stays the authority's to decide
            close_obligation(obligation, status="cancelled", at=max(work.now, obligation.opens_at))
            work.session.add(obligation)
    own = work.books.rule_set(work.session, certificate.rule_set_hash)
    term = case.book.rule_set.withdrawal_within or own.withdrawal_within
    params = {"number": certificate.number, "closed_on": change.on.isoformat()}
    code = f"{CERTIFICATE_NEWS}producer_closed"
    if term is not None:
        code += ".term"
        params |= {"decide_on": (change.on + timedelta(days=term.days)).isoformat(), "source": term.source}
    tell(
        work,
        case.cycle,
        recipient=case.cycle.office_position,
        code=code,
        params=params,
        subject_id=certificate.id,
        stream=case.stream,
        seq=certificate.version,
    )
