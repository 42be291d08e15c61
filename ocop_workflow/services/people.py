"""Who holds a position on a day, and to which address something for a party goes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, or_, select

from notifications.addresses import is_public_address
from ocop_workflow.errors import InputError
from ocop_workflow.policy.route import PRODUCER
from ocop_workflow.services.feed_links import end_feed_of_predecessor
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Deputy, Holding, Official, Producer


class AddressTakenError(InputError):
    """An e-mail address belongs to somebody else."""


class OfficialNotFoundError(InputError):
    """No official, or more than one, is meant."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """A person as mail sees them; `key` is `official:<id>` or `producer:<id>`: a new address doubles nothing."""

    key: str
    name: str
    address: str | None
    language: str


def is_address(text: str) -> bool:
    """Return whether a text is an e-mail address that every mail server takes: one mailbox in ASCII."""
    return is_public_address(text)


def addressee_of(session: Session, party: str, *, on: date) -> Addressee | None:
    """Return the person behind a party on a day: the producer, or a holder of the position; None if vacant.

    While the holder is away that is the deputy, if the deputy can be written to. Of several holders one with an
    address goes before one without, then whoever has held it longest.
    """
    return addressees_of(session, [party], on=on)[party]


def addressees_of(session: Session, parties: Iterable[str], *, on: date) -> dict[str, Addressee | None]:
    """Return the person behind each party on a day, read together; see `addressee_of`."""
    prefix = f"{PRODUCER}:"
    found: dict[str, Addressee | None] = dict.fromkeys(parties)
    producers = [party.removeprefix(prefix) for party in found if party.startswith(prefix)]
    if producers:
        for producer in session.exec(select(Producer).where(col(Producer.id).in_(producers))):
            party = f"{prefix}{producer.id}"
            found[party] = Addressee(party, producer.name, producer.email, producer.language)
    positions = [party for party in found if not party.startswith(prefix)]
    if positions:
        for position, official in (
            _holders_of(session, positions, on=on) | _deputies_of(session, positions, on=on)
        ).items():
            found[position] = Addressee(f"official:{official.id}", official.name, official.email, official.language)
    return found


def _deputies_of(session: Session, positions: Sequence[str], *, on: date) -> dict[str, Official]:
    """Return who reads positions' mail on a day; a holder who came after the absence began is not the one away."""
    newcomer = select(Holding.id).where(
        col(Holding.position) == col(Deputy.position),
        col(Holding.start_on) > col(Deputy.start_on),
        col(Holding.start_on) <= on,
    )
    query = (
        select(Deputy.position, Official)
        .join(Official, col(Deputy.official_id) == col(Official.id))
        .where(
            col(Deputy.position).in_(positions),
            col(Deputy.start_on) <= on,
            col(Deputy.until_on) > on,
            col(Official.email).is_not(None),
            ~newcomer.exists(),
        )
        .order_by(col(Deputy.start_on))
    )
    return dict(session.exec(query).all())  # of several the last in this order: whose absence began latest


def _holders_of(session: Session, positions: Sequence[str], *, on: date) -> dict[str, Official]:
    query = (
        select(Holding.position, Official)
        .join(Official, col(Holding.official_id) == col(Official.id))
        .where(
            col(Holding.position).in_(positions),
            col(Holding.start_on) <= on,
            or_(col(Holding.until_on).is_(None), col(Holding.until_on) > on),
        )
        .order_by(col(Official.email).is_(None).desc(), col(Holding.start_on).desc(), col(Official.id).desc())
    )
    return dict(session.exec(query).all())  # of several the last in this order


def positions_of(session: Session, official_id: str, *, on: date) -> list[str]:
    """Return the positions that an official holds on a day, and those whose mail they then read as a deputy."""
    held = select(Holding.position).where(
        col(Holding.official_id) == official_id,
        col(Holding.start_on) <= on,
        or_(col(Holding.until_on).is_(None), col(Holding.until_on) > on),
    )
    stood_in = select(Deputy.position).where(
        col(Deputy.official_id) == official_id, col(Deputy.start_on) <= on, col(Deputy.until_on) > on
    )
    read = [
        position
        for position in session.exec(stood_in)
        if (deputy := _deputies_of(session, [position], on=on).get(position)) is not None and deputy.id == official_id
    ]
    return sorted({*session.exec(held), *read})


def find_official(session: Session, reference: str, *, on: date) -> Official:
    """Return the holder of a position (`unit/role`) on a day, or the one official of a name or address.

    Raises:
        OfficialNotFoundError: Nobody holds the position, or none or several have the name.
    """
    if "/" in reference:
        holder = _holders_of(session, [reference], on=on).get(reference)
        if holder is None:
            raise OfficialNotFoundError(
                f"nobody holds {reference[:80]!r} on {on:%d/%m/%Y}; `ocop people list` shows who holds what"
            )
        return holder
    query = select(Official).where(or_(col(Official.name) == reference, col(Official.email) == reference))
    found = session.exec(query.limit(2)).all()
    if len(found) != 1:
        many = "several officials are" if found else "no official is"
        raise OfficialNotFoundError(f"{many} called {reference[:80]!r}; give the position UNIT/ROLE or the address")
    return found[0]


def person_of(session: Session, key: str) -> Addressee | None:
    """Return the person with a key of `Addressee` as they are now, so that a corrected address is used at once."""
    kind, _, person_id = key.partition(":")
    person = session.get(Producer, person_id) if kind == PRODUCER else session.get(Official, person_id)
    return None if person is None else Addressee(key, person.name, person.email, person.language)


def appoint(
    work: UnitOfWork,
    *,
    position: str,
    name: str,
    email: str | None,
    language: str,
    start_on: date,
    until_on: date | None = None,
) -> Official:
    """Register an official (once per address) and let them hold a position from a day, beside whoever holds it."""
    official = official_with_address(work.session, email) or register_official(work, position, name, email, language)
    _let_hold(work, official, position, start_on=start_on, until_on=until_on)
    return official


def take_over(
    work: UnitOfWork,
    *,
    position: str,
    name: str,
    email: str | None,
    language: str,
    start_on: date,
    until_on: date | None = None,
) -> Official:
    """Let an official hold a position in place of whoever held it before, from a day.

    The same name at the same position with another address corrects the address; another name with an address that
    the position has already is the new owner of that mailbox, which ends the link to the calendar of the one before.
    Either changes the person wherever they are named.

    Raises:
        AddressTakenError: The address belongs to somebody who never held this position.
    """
    official = _identified(work.session, position, name, email)
    if official is None:
        official = register_official(work, position, name, email, language)
    else:
        if official.name != name:
            end_feed_of_predecessor(work, official)
        official.name, official.email, official.language = name, email or official.email, language
        work.session.add(official)
    earlier = select(Holding).where(
        col(Holding.position) == position,
        col(Holding.official_id) != official.id,
        col(Holding.start_on) < start_on,
        or_(col(Holding.until_on).is_(None), col(Holding.until_on) > start_on),
    )
    for holding in work.session.exec(earlier):
        holding.until_on = start_on
        work.session.add(holding)
    _let_hold(work, official, position, start_on=start_on, until_on=until_on)
    return official


def give_producer_address(work: UnitOfWork, producer_id: str, *, email: str | None, language: str) -> None:
    """Set where a producer's mail goes and in which language."""
    producer = work.session.get_one(Producer, producer_id)
    producer.email, producer.language = email, language
    work.session.add(producer)


def _identified(session: Session, position: str, name: str, email: str | None) -> Official | None:
    """Return who is meant: by the address, or by the name among those who ever held the position."""
    holders = session.exec(
        select(Official)
        .join(Holding, col(Holding.official_id) == col(Official.id))
        .where(col(Holding.position) == position)
        .order_by(col(Holding.start_on).desc(), col(Official.id))
    ).all()
    owner = official_with_address(session, email)
    if owner is None:
        return next((holder for holder in holders if holder.name == name), None)
    if owner.name != name and owner not in holders:
        raise AddressTakenError(f"{email} is the address of {owner.name[:60]!r}; write that name, or another address")
    return owner


def official_with_address(session: Session, email: str | None) -> Official | None:
    """Return the official with this address; None without an address or owner."""
    return None if email is None else session.exec(select(Official).where(col(Official.email) == email)).first()


def register_official(work: UnitOfWork, position: str, name: str, email: str | None, language: str) -> Official:
    """Add an official; the position only names somebody without an address."""
    official_id = work.ids.new("official", email or f"{position}|{name}")
    official = Official(id=official_id, name=name, email=email, language=language)
    work.session.add(official)
    work.session.flush()
    return official


def _let_hold(work: UnitOfWork, official: Official, position: str, *, start_on: date, until_on: date | None) -> None:
    """Add a holding that begins on a day, or give the one that runs on that day already its end."""
    present = work.session.exec(
        select(Holding).where(
            col(Holding.position) == position,
            col(Holding.official_id) == official.id,
            (col(Holding.start_on) == start_on)
            | ((col(Holding.start_on) < start_on) & col(Holding.until_on).is_(None)),
        )
    ).first()
    if present is None:
        present = Holding(
            id=work.ids.new("holding", f"{position}|{official.id}|{start_on}"),
            official_id=official.id,
            position=position,
            start_on=start_on,
        )
    present.until_on = until_on or present.until_on
    work.session.add(present)
