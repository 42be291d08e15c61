"""Whether what is on record of producers says what their events say: forms, closures, former names, transfers."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.services.audit_fault import AuditFault
from ocop_workflow.services.events import details_of
from ocop_workflow.services.producer_acts import RENAMED, name_change
from ocop_workflow.services.producer_closures import PRODUCER_HAS_CLOSED
from ocop_workflow.services.producer_register import FORM_RECORDED, details_of_form
from ocop_workflow.services.producer_transfers import HANDED_ON
from ocop_workflow.storage.tables import Event, EventText, FormerHolder, FormerName, Producer, Product


def producer_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Compare producers, their former names and the products they gave away with the acts that made them so."""
    of_producers = {name: events for name, events in streams.items() if name.startswith("producer:")}
    yield from _standing_faults(session, of_producers)
    yield from _name_faults(session, of_producers)
    yield from _transfer_faults(session, of_producers)


def _standing_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    for producer in session.exec(select(Producer)):
        stream = f"producer:{producer.id}"
        told: dict[str, Any] = {**details_of_form(None, None), "closed_on": None}
        for event in streams.get(stream, ()):
            details = details_of(event)
            if event.action == FORM_RECORDED:
                told |= {name: details[name] for name in ("form", "registered_on")}
            elif event.action == PRODUCER_HAS_CLOSED:
                told["closed_on"] = details["on"]
        closed_on = producer.closed_on.isoformat() if producer.closed_on else None
        shown = {**details_of_form(producer.form, producer.registered_on), "closed_on": closed_on}
        for name, value in told.items():
            if shown[name] != value:
                yield AuditFault(stream, None, f"the row's {name} is not what its events say")


def _name_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Find names that are not those of the renamings; an erased text of one proves nothing of the names."""
    rows: dict[tuple[str, int], FormerName] = {}
    for row in session.exec(select(FormerName).order_by(col(FormerName.seq))):
        rows[f"producer:{row.producer_id}", row.seq] = row
    for stream, events in streams.items():
        renamings = [event for event in events if event.action == RENAMED]
        names = [rows[stream, event.seq].name for event in renamings if (stream, event.seq) in rows]
        if len(names) < len(renamings):
            yield AuditFault(stream, None, "a former name is missing")
            continue
        if renamings:
            names.append(session.get_one(Producer, stream.partition(":")[2]).name)
        for place, event in enumerate(renamings):
            row = rows.pop((stream, event.seq))
            text = session.get(EventText, (stream, event.seq))
            expected = name_change(names[place], names[place + 1])
            if row.until_on != _day(event) or (text is not None and text.body != expected):
                yield AuditFault(stream, event.seq, "the names are not those of the renaming")
    for stream, seq in rows:
        yield AuditFault(stream, seq, "a former name stands there without a renaming")


def _transfer_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    shown = {
        (f"producer:{row.producer_id}", row.seq, row.product_id, row.until_on)
        for row in session.exec(select(FormerHolder))
    }
    told = set()
    makers: dict[str, tuple[date, str]] = {}
    for stream, events in streams.items():
        for event in (event for event in events if event.action == HANDED_ON):
            details, day = details_of(event), _day(event)
            told.add((stream, event.seq, details["product"], day))
            makers[details["product"]] = max(makers.get(details["product"], (day, "")), (day, details["to"]))
    for stream, seq, *_ in sorted(shown ^ told):
        yield AuditFault(stream, seq, "the product it gave away is not what its events say")
    for product in session.exec(select(Product).where(col(Product.id).in_(makers))):
        if makers[product.id][1] != product.producer_id:
            yield AuditFault(f"producer:{product.producer_id}", None, "a product of its is not where its transfer says")


def _day(event: Event) -> date:
    return date.fromisoformat(details_of(event)["on"])
