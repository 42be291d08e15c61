"""Who holds a position on a day, and to which address something for a party goes."""

import re
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, or_, select

from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Holding, Official, Producer

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True, slots=True)
class Addressee:
    """A person as mail sees them; `key` is `official:<id>` or `producer:<id>`: a new address doubles nothing."""

    key: str
    name: str
    address: str | None
    language: str


def is_address(text: str) -> bool:
    """Return whether a text is an e-mail address that every mail server takes: one mailbox in ASCII."""
    return _ADDRESS.fullmatch(text) is not None


def addressee_of(session: Session, party: str, *, on: date) -> Addressee | None:
    """Return the person behind a party on a day: the producer, or who has held the position longest; None if vacant."""
    kind, _, producer_id = party.partition(":")
    if kind == PRODUCER:
        producer = session.get(Producer, producer_id)
        if producer is None:
            return None
        return Addressee(party, producer.name, producer.email, producer.language)
    holder = session.exec(
        select(Official)
        .join(Holding, col(Holding.official_id) == col(Official.id))
        .where(
            col(Holding.position) == party,
            col(Holding.start_on) <= on,
            or_(col(Holding.until_on).is_(None), col(Holding.until_on) > on),
        )
        .order_by(col(Holding.start_on), col(Official.id))
    ).first()
    if holder is None:
        return None
    return Addressee(f"official:{holder.id}", holder.name, holder.email, holder.language)


def appoint(
    work: UnitOfWork, *, position: str, name: str, email: str | None, language: str, start_on: date
) -> Official:
    """Register an official (once per address) and let them hold a position from a day."""
    official = None
    if email is not None:
        official = work.session.exec(select(Official).where(col(Official.email) == email)).first()
    if official is None:
        official = Official(
            id=work.ids.new("official", email or f"{position}|{name}"), name=name, email=email, language=language
        )
        work.session.add(official)
        work.session.flush()
    present = work.session.exec(
        select(Holding).where(
            col(Holding.position) == position,
            col(Holding.official_id) == official.id,
            col(Holding.start_on) == start_on,
        )
    ).first()
    if present is None:
        work.session.add(
            Holding(
                id=work.ids.new("holding", f"{position}|{official.id}|{start_on}"),
                official_id=official.id,
                position=position,
                start_on=start_on,
            )
        )
    return official


def give_producer_address(work: UnitOfWork, producer_id: str, *, email: str | None, language: str) -> None:
    """Set where a producer's mail goes and in which language."""
    producer = work.session.get_one(Producer, producer_id)
    producer.email, producer.language = email, language
    work.session.add(producer)
