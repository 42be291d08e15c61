"""Whether the rows of certificates and product codes say what their events say."""

from collections.abc import Iterator

from sqlmodel import Session, select

from ocop_workflow.services.audit_fault import AuditFault
from ocop_workflow.services.certificates import facts_of_row
from ocop_workflow.services.events import details_of
from ocop_workflow.storage.tables import Certificate, Event, ProductCode


def certificate_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Find certificates whose facts, renewal, or instant of their state are not what their events recorded."""
    for certificate in session.exec(select(Certificate)):
        stream = f"certificate:{certificate.id}"
        events = streams[stream]
        told = details_of(events[0])
        for name, value in facts_of_row(certificate).items():
            if told[name] != value:
                yield AuditFault(stream, 1, f"the row's {name} is not what its events say")
        renewals = [details_of(event)["dossier"] for event in events if event.action == "renewal_opened"]
        if certificate.renewal_id != (renewals[-1] if renewals else None):
            yield AuditFault(stream, None, "the row's renewal is not what its events say")
        moved = [event.effective_at for event in events if event.to_state is not None]
        if certificate.status_at != moved[-1]:
            yield AuditFault(stream, None, "the row's status_at is not what its events say")


def product_code_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Find product codes that are not those that were given."""
    shown = {
        (f"dossier:{row.dossier_id}", row.code, row.serial, row.unit_id) for row in session.exec(select(ProductCode))
    }
    told = set()
    for stream, events in streams.items():
        for event in events:
            if event.action == "product_code_assigned":
                details = details_of(event)
                told.add((stream, details["code"], details["serial"], details["unit"]))
    for stream, *_ in sorted(shown ^ told):
        yield AuditFault(stream, None, "its product code is not what its events say")
