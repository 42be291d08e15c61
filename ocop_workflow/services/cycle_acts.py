"""Acts of the office on a whole cycle, each one event of the cycle's stream (promise I1)."""

from dataclasses import replace

from ocop_workflow.errors import InputError
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Event


class OfficeOnlyError(InputError):
    """Only the coordination office of the cycle does this."""


def record_cycle_act(work: UnitOfWork, cycle: Cycle, act: Act) -> Event:
    """Append an act to a cycle's stream; the cycle's status stays.

    Raises:
        VersionConflictError: Somebody else changed the cycle meanwhile.
    """
    cycle.version += 1
    work.session.add(cycle)
    standing = replace(act, from_state=None, to_state=None)
    return append_event(work, stream=f"cycle:{cycle.id}", seq=cycle.version, cycle_id=cycle.id, act=standing)


def check_office(cycle: Cycle, actor: str, *, what: str) -> None:
    """Refuse anybody but the cycle's office.

    Raises:
        OfficeOnlyError: Somebody else acts; `what` completes the sentence "only … ".
    """
    if actor != cycle.office_position:
        raise OfficeOnlyError(f"only {cycle.office_position} {what}")


def said(text: str, *, what: str) -> str:
    """Return a text without blanks around it.

    Raises:
        InputError: Nothing is left of it; `what` names it.
    """
    if not text.strip():
        raise InputError(f"{what} is missing; an act without it can't be recorded")
    return text.strip()
