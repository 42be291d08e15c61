"""Acts of the office on a whole cycle, each one event of the cycle's stream (promise I1)."""

from dataclasses import replace

from ocop_workflow.errors import InputError, RefusedError
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.titles import in_both
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Event


class OfficeOnlyError(RefusedError):
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


def check_office(cycle: Cycle, actor: str, *, act: str, rule: str | None = None) -> None:
    """Refuse anybody but the cycle's office; `act` is a code `office.…` of the catalogues, `rule` what is cited.

    Raises:
        OfficeOnlyError: Somebody else acts.
    """
    if actor != cycle.office_position:
        raise OfficeOnlyError("office_only", rule=rule, office=cycle.office_position, act=in_both(f"office.{act}"))


def said(text: str, *, what: str) -> str:
    """Return a text without blanks around it.

    Raises:
        InputError: Nothing is left of it; `what` names it.
    """
    if not text.strip():
        raise InputError(f"{what} is missing; an act without it can't be recorded")
    return text.strip()
