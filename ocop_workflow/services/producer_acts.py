"""What changes about a producer: its name and its legal form, each an act with its day and document (promise I1)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session, col, select

from notifications.catalogue import Parameter
from ocop_workflow.clock import local_day, start_of_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.eligibility import LegalForm
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.certificate_facts import cycle_of_the_day
from ocop_workflow.services.cycle_acts import said
from ocop_workflow.services.eligibility import form_title
from ocop_workflow.services.events import Act
from ocop_workflow.services.notices import tell
from ocop_workflow.services.producer_register import FORM_RECORDED, details_of_form, record, record_form
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Certificate, Cycle, Dossier, Event, FormerName, Producer, Product

RENAMED = "producer_renamed"

PRODUCER_NEWS = "news.producer_"
"""How the codes of news about producers themselves begin."""


class ProducerRefusedError(InputError):
    """A producer can't be changed so."""


@dataclass(frozen=True, slots=True)
class Change:
    """From which day something about a producer is otherwise, and by which document."""

    on: date
    document: str


def rename(work: UnitOfWork, producer: Producer, name: str, change: Change) -> None:
    """Give a producer another name from a day on; papers from before keep the old one.

    Raises:
        ProducerRefusedError: The name is the present one or another producer's of the unit, the day lies in the future
            or before the last renaming, or the document's number is missing.
    """
    cycle = office_cycle(work.session, producer)
    rule = document_of(work, change)
    name = said(name, what="the new name")
    if name == producer.name:
        raise ProducerRefusedError(f"the producer is called {name[:80]} already")
    here = select(Producer.id).where(col(Producer.unit_id) == producer.unit_id, col(Producer.name) == name)
    if work.session.exec(here).first() is not None:
        raise ProducerRefusedError(
            f"another producer of {producer.unit_id} is called {name[:80]}; transfer its products"
        )
    former = select(FormerName).where(col(FormerName.producer_id) == producer.id)
    last = work.session.exec(former.order_by(col(FormerName.seq).desc())).first()
    if last is not None and change.on <= last.until_on:
        raise ProducerRefusedError(
            f"the producer was renamed on {last.until_on:%d/%m/%Y}; the next renaming comes later"
        )
    event = give_name(work, producer, name, act_of_office(cycle, RENAMED, change, rule), until_on=change.on)
    tell_producer(work, cycle, producer, event, what="renamed", params={"name": name, "document": rule})


def give_name(work: UnitOfWork, producer: Producer, name: str, act: Act, *, until_on: date) -> Event:
    """Let a producer be called otherwise from a day on; the names go into the text of the act, which can be erased."""
    event = record(work, producer, replace(act, text=name_change(producer.name, name)))
    work.session.add(FormerName(producer_id=producer.id, seq=event.seq, name=producer.name, until_on=until_on))
    producer.name = name
    work.session.flush()
    return event


def change_form(
    work: UnitOfWork, producer: Producer, form: LegalForm, change: Change, *, registered_on: date | None = None
) -> None:
    """Write down a producer's legal form, and the day of its business registration where it has one.

    Raises:
        ProducerRefusedError: Nothing is new, a day lies in the future, or the document's number is missing.
    """
    cycle = office_cycle(work.session, producer)
    rule = document_of(work, change)
    if (form, registered_on) == (producer.form, producer.registered_on):
        raise ProducerRefusedError("that is on record already")
    if registered_on is not None and registered_on > local_day(work.now):
        raise ProducerRefusedError(f"a registration of {registered_on:%d/%m/%Y} is still to come")
    details = details_of_form(form, registered_on)
    act = act_of_office(cycle, FORM_RECORDED, change, rule, details=details)
    event = record_form(work, producer, form, registered_on, act)
    work.session.flush()
    tell_producer(work, cycle, producer, event, what="form", params={"form": form_title(form), "document": rule})


def name_change(before: str, after: str) -> str:
    """Return what the erasable text of a renaming says."""
    return f"{before} → {after}"


def office_cycle(session: Session, producer: Producer) -> Cycle:
    """Return the cycle of the day of the office that has the producer's newest dossier, or certificate without one.

    Raises:
        ProducerRefusedError: The producer has no product that an office knows.
    """
    products = select(Product.id).where(col(Product.producer_id) == producer.id)
    offices = select(Cycle.office_id).join(Dossier, col(Dossier.cycle_id) == col(Cycle.id))
    office = session.exec(
        offices.where(col(Dossier.product_id).in_(products)).order_by(col(Dossier.opened_at).desc())
    ).first()
    if office is None:
        certified = select(Certificate.office_id).where(col(Certificate.product_id).in_(products))
        office = session.exec(certified.order_by(col(Certificate.issued_on).desc())).first()
    if office is None:
        raise ProducerRefusedError(f"{producer.name[:80]} has no product here; nothing can be recorded about it")
    return cycle_of_the_day(session, office)


def tell_producer(
    work: UnitOfWork,
    cycle: Cycle,
    producer: Producer,
    event: Event,
    *,
    what: str,
    params: Mapping[str, Parameter],
) -> None:
    """Plan the news of an act for the producer whom it is about."""
    tell(
        work,
        cycle,
        recipient=f"{PRODUCER}:{producer.id}",
        code=f"{PRODUCER_NEWS}{what}",
        params=params,
        subject_id=producer.id,
        stream=event.stream,
        seq=event.seq,
        happened_at=event.effective_at,
    )


def open_dossiers_of(session: Session, producer: Producer, product: Product | None = None) -> list[Dossier]:
    """Return the open dossiers of a producer's products, or of one of them, by number."""
    query = select(Dossier).join(Product, col(Product.id) == col(Dossier.product_id))
    query = query.where(col(Product.producer_id) == producer.id, col(Dossier.closed_at).is_(None))
    if product is not None:
        query = query.where(col(Product.id) == product.id)
    return list(session.exec(query.order_by(col(Dossier.key))))


def document_of(work: UnitOfWork, change: Change) -> str:
    """Return the document's number.

    Raises:
        ProducerRefusedError: The day lies in the future.
        InputError: The number is missing.
    """
    if change.on > local_day(work.now):
        raise ProducerRefusedError(f"{change.on:%d/%m/%Y} is still to come; record the change when it holds")
    return said(change.document, what="the document's number")


def act_of_office(
    cycle: Cycle,
    action: str,
    change: Change,
    rule: str,
    *,
    details: dict[str, str | None] | None = None,
    to_state: str | None = None,
) -> Act:
    """Return an act of the office that holds from the day of a change on."""
    return Act(
        cycle.office_position,
        action,
        to_state=to_state,
        rule=rule,
        details={"on": change.on.isoformat(), **(details or {})},
        effective_at=start_of_day(change.on),
    )
