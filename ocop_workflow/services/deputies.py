"""Deputies: who reads a position's mail while its holder is away."""

from datetime import date

from sqlmodel import Session, col, select

from ocop_workflow.errors import InputError
from ocop_workflow.services.cycle_acts import record_cycle_act
from ocop_workflow.services.events import Act
from ocop_workflow.services.people import AddressTakenError, official_with_address, register_official
from ocop_workflow.services.positions import check_position, cycles_knowing
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Deputy, Official

DEPUTY_NAMED = "deputy_named"


class DeputyRefusedError(InputError):
    """Nobody can be written to in the holder's place, or the days are no span."""


def name_deputy(
    work: UnitOfWork, *, position: str, name: str, email: str | None, language: str, start_on: date, until_on: date
) -> bool:
    """Let somebody read a position's mail from a day until another; return whether anything changed.

    Of two absences of one position that overlap the later begun counts. The same first day again corrects the entry.
    Every open cycle that knows the position records the act.

    Args:
        work: The unit of work.
        position: `unit/role`.
        name: The deputy; without an address one official of that name must be known.
        email: The deputy's address, where it is not known.
        language: Of the mails, for somebody who is not known yet.
        start_on: The first day away.
        until_on: The first day back.

    Raises:
        DeputyRefusedError: The days are no span, or nobody or several of that name have an address.
        UnknownPositionError: No open cycle has the position.
        AddressTakenError: The address belongs to somebody of another name.
    """
    if until_on <= start_on:
        raise DeputyRefusedError(f"the first day back ({until_on}) must be after the first day away ({start_on})")
    check_position(work.session, work.books, position)
    official = _deputy(work, position, name, email, language)
    found = work.session.exec(
        select(Deputy).where(col(Deputy.position) == position, col(Deputy.start_on) == start_on)
    ).first()
    if found is not None and (found.official_id, found.until_on) == (official.id, until_on):
        return False
    if found is None:
        deputy_id = work.ids.new("deputy", f"{position}|{start_on}")
        found = Deputy(id=deputy_id, position=position, official_id=official.id, start_on=start_on, until_on=until_on)
    found.official_id, found.until_on = official.id, until_on
    work.session.add(found)
    details = {
        "position": position,
        "official": official.id,
        "start_on": start_on.isoformat(),
        "until_on": until_on.isoformat(),
    }
    for cycle in cycles_knowing(work.session, work.books, position):
        record_cycle_act(work, cycle, Act(cycle.office_position, DEPUTY_NAMED, details=details))
    return True


def _deputy(work: UnitOfWork, position: str, name: str, email: str | None, language: str) -> Official:
    if email is None:
        return _known(work.session, name)
    owner = official_with_address(work.session, email)
    if owner is None:
        return register_official(work, position, name, email, language)
    if owner.name != name:
        raise AddressTakenError(f"{email} is the address of {owner.name[:60]!r}; write that name, or another address")
    return owner


def _known(session: Session, name: str) -> Official:
    query = select(Official).where(col(Official.name) == name, col(Official.email).is_not(None))
    found = session.exec(query.limit(2)).all()
    if len(found) != 1:
        many = "several officials are" if found else "no official with an address is"
        raise DeputyRefusedError(f"{many} called {name[:60]!r}; give the address with --email")
    return found[0]
