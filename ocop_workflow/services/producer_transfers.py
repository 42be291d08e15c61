"""A product that another producer makes from a day on: dossiers, duties and links follow it."""

from sqlmodel import Session, col, select

from ocop_workflow.clock import local_day
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.certificates import certificates_not_ended
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossier_news import give_link
from ocop_workflow.services.eligibility import check_eligible
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.handovers import line_of_open
from ocop_workflow.services.notices import insert_notices
from ocop_workflow.services.obligations import open_obligations_of
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
from ocop_workflow.storage.tables import Certificate, Cycle, Dossier, FormerHolder, Obligation, Producer, Product

HANDED_ON = "product_handed_on"
TAKEN_OVER = "product_taken_over"
TRANSFERRED = "product_transferred"
"""The act in the streams of the old producer, of the new one, and of each dossier and certificate."""


def transfer(work: UnitOfWork, product: Product, to: Producer, change: Change) -> list[str]:
    """Let another producer make a product from a day on; return the numbers of its certificates in force.

    What is open goes on with the new producer: it owes what was owed, by the same dates, and reads the pages through
    links of its own; the old ones end. A certificate stays as it was issued; whether it is withdrawn or issued anew is
    the authority's to decide.

    Raises:
        ProducerRefusedError: The product is that producer's, or it has one of this name; the day lies in the future or
            before the last transfer.
        IneligibleError: The rule set of an open dossier does not let the new producer take part.
    """
    session = work.session
    old = session.get_one(Producer, product.producer_id)
    cycle = office_cycle(session, old)
    rule = document_of(work, change)
    _check(session, product, to, change)
    dossiers = open_dossiers_of(session, old, product)
    certificates = certificates_not_ended(session, product.id)
    for dossier in dossiers:
        rules = work.books.of_dossier(session, session.get_one(Cycle, dossier.cycle_id), dossier).rule_set
        check_eligible(rules, to, group=product.group, on=change.on)
    details: dict[str, str | None] = {"product": product.id, "from": old.id, "to": to.id}
    handed_on = record(work, old, act_of_office(cycle, HANDED_ON, change, rule, details=details))
    taken_over = record(work, to, act_of_office(cycle, TAKEN_OVER, change, rule, details=details))
    session.add(FormerHolder(producer_id=old.id, seq=handed_on.seq, product_id=product.id, until_on=change.on))
    product.producer_id = to.id
    session.add(product)
    session.flush()
    moved = act_of_office(cycle, TRANSFERRED, change, rule, details=details)
    for dossier in dossiers:
        _follow_dossier(work, dossier, moved, old=old, new=to)
    for certificate in certificates:
        _follow(work, certificate, f"certificate:{certificate.id}", cycle.id, moved, old=old, new=to)
    told = {"product": product.name, "document": rule}
    tell_producer(work, cycle, old, handed_on, what="handed_on", params={**told, "other": to.name})
    tell_producer(work, cycle, to, taken_over, what="taken_over", params={**told, "other": old.name})
    return [certificate.number for certificate in certificates]


def _check(session: Session, product: Product, to: Producer, change: Change) -> None:
    if product.producer_id == to.id:
        raise ProducerRefusedError(f"{product.name[:80]} is made by {to.name[:80]} already")
    same = select(Product.id).where(col(Product.producer_id) == to.id, col(Product.name) == product.name)
    if session.exec(same).first() is not None:
        raise ProducerRefusedError(f"{to.name[:80]} has a product called {product.name[:80]} of its own")
    former = select(FormerHolder).where(col(FormerHolder.product_id) == product.id)
    last = session.exec(former.order_by(col(FormerHolder.until_on).desc())).first()
    if last is not None and change.on <= last.until_on:
        raise ProducerRefusedError(f"the product was transferred on {last.until_on:%d/%m/%Y}; the next one comes later")


def _follow_dossier(work: UnitOfWork, dossier: Dossier, moved: Act, *, old: Producer, new: Producer) -> None:
    """Let the new producer owe and read what the old one did."""
    _follow(work, dossier, f"dossier:{dossier.id}", dossier.cycle_id, moved, old=old, new=new)
    case = case_of(work, dossier)
    give_link(work, case, actor=moved.actor)
    dossier.responsible = case.responsible()


def _follow(
    work: UnitOfWork,
    subject: Dossier | Certificate,
    stream: str,
    cycle_id: str,
    moved: Act,
    *,
    old: Producer,
    new: Producer,
) -> None:
    subject.version += 1
    append_event(work, stream=stream, seq=subject.version, cycle_id=cycle_id, act=moved)
    work.session.add(subject)
    for obligation in open_obligations_of(work.session, subject.id):
        if obligation.party == f"{PRODUCER}:{old.id}":
            _owe_instead(work, obligation, f"{PRODUCER}:{new.id}")


def _owe_instead(work: UnitOfWork, obligation: Obligation, party: str) -> None:
    """Let another party owe the same by the same date; it is told at once, and the former one no more."""
    obligation.party = party
    work.session.add(obligation)
    cycle = work.session.get_one(Cycle, obligation.cycle_id)
    if obligation.opens_at <= work.now:
        insert_notices(work.session, [line_of_open(work, cycle, obligation, rung=f"handover/{local_day(work.now)}")])
