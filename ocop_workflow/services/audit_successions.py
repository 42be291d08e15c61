"""Whether units took over from others as the acts say: the acts' rows, products, producers, and offices."""

from collections.abc import Iterator

from sqlmodel import Session, select

from ocop_workflow.services.audit_fault import AuditFault
from ocop_workflow.services.events import details_of
from ocop_workflow.services.successions import UNITS_SUCCEEDED
from ocop_workflow.storage.tables import Cycle, Event, Producer, Product, SuccessionAct


def succession_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Find acts, places of products and producers, and offices that are not as the events of successions say."""
    units: dict[str, dict[str, str]] = {"products": {}, "producers": {}}
    acts = sorted(session.exec(select(SuccessionAct)), key=lambda act: act.recorded_at)
    for act in acts:
        stream = f"succession:{act.id}"
        (event,) = streams[stream]
        details = details_of(event)
        told = (details["document"], details["effective_on"], event.rule, event.recorded_at)
        if told != (act.document_hash, act.effective_on.isoformat(), act.decision, act.recorded_at):
            yield AuditFault(stream, 1, "the row is not as its event says")
        for kind, moved in units.items():
            moved.update(details[kind])
    for product in session.exec(select(Product)):
        if units["products"].get(product.id, product.unit_id) != product.unit_id:
            yield AuditFault(f"product {product.id}", None, "it does not lie where a succession of units put it")
    for producer in session.exec(select(Producer)):
        if units["producers"].get(producer.id, producer.unit_id) != producer.unit_id:
            yield AuditFault(f"producer {producer.id}", None, "it is not where a succession of units put it")
    for cycle in session.exec(select(Cycle)):
        stream = f"cycle:{cycle.id}"
        offices = [details_of(e)["office_position"] for e in streams[stream] if e.action == UNITS_SUCCEEDED]
        if offices and cycle.office_position != offices[-1]:
            yield AuditFault(stream, None, "its office is not the one that took over")
