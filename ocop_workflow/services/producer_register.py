"""The register of producers and their products: found by the names they have or had, and by whoever made them."""

from collections import defaultdict
from datetime import date

from sqlalchemy import bindparam
from sqlmodel import Session, col, or_, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.eligibility import LegalForm, ProducerStanding
from ocop_workflow.services.eligibility import standing_of
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, DossierSuccession, Event, FormerHolder, FormerName, Producer, Product
from state_machines.dossier import DossierStatus

FORM_RECORDED = "producer_form_recorded"

_NAMED = (
    select(Producer)
    .where(
        col(Producer.unit_id) == bindparam("unit"),
        or_(
            col(Producer.name) == bindparam("name"),
            col(Producer.id).in_(select(FormerName.producer_id).where(col(FormerName.name) == bindparam("name"))),
        ),
    )
    .order_by(col(Producer.name) != bindparam("name"), col(Producer.id))
)
_MADE = (
    select(Product)
    .where(
        col(Product.name) == bindparam("name"),
        or_(
            col(Product.producer_id) == bindparam("maker"),
            col(Product.id).in_(
                select(FormerHolder.product_id).where(col(FormerHolder.producer_id) == bindparam("maker"))
            ),
        ),
    )
    .order_by(col(Product.producer_id) != bindparam("maker"), col(Product.id))
)


class ProducerNotFoundError(InputError):
    """No producer, or more than one, is meant."""


def find_producer(session: Session, reference: str) -> Producer:
    """Return the producer with this name, `UNIT/NAME`, id or beginning of an id; a former name finds it too.

    Raises:
        ProducerNotFoundError: None or several match.
    """
    unit, _, name = reference.partition("/")
    former = select(FormerName.producer_id).where(col(FormerName.name).in_((reference, name)))
    ways = (
        (col(Producer.name) == reference) | (col(Producer.id) == reference),
        (col(Producer.unit_id) == unit) & (col(Producer.name) == name),
        col(Producer.id).in_(former) & ((col(Producer.unit_id) == unit) | (unit == reference)),
        col(Producer.id).startswith(reference, autoescape=True),
    )
    for way in ways if reference else ():
        found = session.exec(select(Producer).where(way)).all()
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(sorted(f"{producer.unit_id}/{producer.name}" for producer in found)[:5])
            raise ProducerNotFoundError(f"{len(found)} producers match {reference[:80]!r}; write one of {some}")
    raise ProducerNotFoundError(f"no producer matches {reference[:80]!r}; `ocop producer list` shows them")


def producer_named(session: Session, unit_id: str, name: str) -> Producer | None:
    """Return the producer of a unit who has this name, or else who had it."""
    return session.exec(_NAMED, params={"unit": unit_id, "name": name}).first()


def product_named(session: Session, producer: Producer, name: str) -> Product | None:
    """Return a producer's product of this name, or else the one that it made before it was transferred."""
    return session.exec(_MADE, params={"maker": producer.id, "name": name}).first()


def name_of_holder(session: Session, product: Product, on: date) -> str:
    """Return what the producer of a product was called on a day, as papers of that day have it."""
    holders = select(FormerHolder).where(col(FormerHolder.product_id) == product.id, col(FormerHolder.until_on) > on)
    holder = session.exec(holders.order_by(col(FormerHolder.until_on), col(FormerHolder.seq))).first()
    producer_id = holder.producer_id if holder is not None else product.producer_id
    names = select(FormerName).where(col(FormerName.producer_id) == producer_id, col(FormerName.until_on) > on)
    former = session.exec(names.order_by(col(FormerName.until_on), col(FormerName.seq))).first()
    return former.name if former is not None else session.get_one(Producer, producer_id).name


def busy_products(session: Session) -> set[tuple[str, str, str]]:
    """Return unit, producer and name of products with an open dossier anywhere, or that are recognised or replaced.

    A plan goes on naming a product as it was: by a name that its producer had, or by whoever made it before.
    """
    query = (
        select(Product.id, Product.unit_id, Product.producer_id, Product.name)
        .join(Dossier, col(Dossier.product_id) == col(Product.id))
        .where(
            col(Dossier.closed_at).is_(None)
            | (col(Dossier.status) == DossierStatus.RECOGNISED.value)
            | col(Dossier.id).in_(select(DossierSuccession.dossier_id))
        )
    )
    names = _names_of_producers(session)
    makers: dict[str, set[str]] = defaultdict(set)
    for product_id, producer_id in session.exec(select(FormerHolder.product_id, FormerHolder.producer_id)):
        makers[product_id].add(producer_id)
    return {
        (unit, called, name)
        for product_id, unit, producer_id, name in session.exec(query)
        for maker in {producer_id, *makers[product_id]}
        for called in names[maker]
    }


def _names_of_producers(session: Session) -> dict[str, set[str]]:
    """Return every name that each producer has or had, by the producer's id."""
    names: dict[str, set[str]] = defaultdict(set)
    for table in (select(Producer.id, Producer.name), select(FormerName.producer_id, FormerName.name)):
        for producer_id, name in session.exec(table):
            names[producer_id].add(name)
    return names


def standings_known(session: Session) -> dict[tuple[str, str], ProducerStanding]:
    """Return the standing of producers of whom more is known than the name, by unit and every name they have or had."""
    known = select(Producer).where(col(Producer.form).is_not(None) | col(Producer.closed_on).is_not(None))
    found = list(session.exec(known))
    names = _names_of_producers(session) if found else {}
    return {(each.unit_id, called): standing_of(each) for each in found for called in names[each.id]}


def record(work: UnitOfWork, producer: Producer, act: Act) -> Event:
    """Append an act to a producer's stream.

    Raises:
        VersionConflictError: Somebody else changed the producer meanwhile.
    """
    producer.version += 1
    work.session.add(producer)
    return append_event(work, stream=f"producer:{producer.id}", seq=producer.version, cycle_id=None, act=act)


def record_form(work: UnitOfWork, producer: Producer, form: LegalForm, registered_on: date | None, act: Act) -> Event:
    """Write down a producer's legal form and the day of its business registration, as `act` tells."""
    producer.form, producer.registered_on = form.value, registered_on
    return record(work, producer, act)


def details_of_form(form: str | None, registered_on: date | None) -> dict[str, str | None]:
    """Return legal form and day of registration as events tell them."""
    return {"form": form, "registered_on": registered_on.isoformat() if registered_on else None}
