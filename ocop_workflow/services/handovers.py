"""Handing a position over: the one before ends, and the successor reads in one digest all that is open."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import col, or_, select

from ocop_workflow.clock import local_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan import Audience
from ocop_workflow.services.cycle_acts import record_cycle_act
from ocop_workflow.services.events import Act, command_done
from ocop_workflow.services.links import links_of_positions, reissue_link
from ocop_workflow.services.notices import insert_notices, notice_row
from ocop_workflow.services.people import take_over
from ocop_workflow.services.positions import check_position, cycles_knowing
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Obligation, StatusLink

POSITION_HANDED_OVER = "position_handed_over"


class HandoverRefusedError(InputError):
    """A position can't be handed over so."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Who holds a position from a day; `email` is None for somebody who can't be written to."""

    position: str
    name: str
    email: str | None
    language: str
    start_on: date


def hand_over(work: UnitOfWork, handover: Handover) -> int:
    """Let somebody hold a position in place of whoever did, and list for them what it owes; return how many lines.

    What the position owes stays the position's, so nothing has to be moved one by one: in every open cycle that knows
    it, one act names the open list, and one notice for each of its dates joins the successor's next digest. A line is
    dropped like any other when it is settled before (promise I4). The same words again do nothing.

    Raises:
        HandoverRefusedError: The first day is still to come, so the list would be another one by then.
        UnknownPositionError: No open cycle has the position.
        AddressTakenError: The address belongs to somebody who never held this position.
    """
    if handover.start_on > local_day(work.now):
        raise HandoverRefusedError(
            f"{handover.start_on:%d/%m/%Y} is still to come; hand over on that day, or let `ocop people import` "
            "enter the holder ahead"
        )
    check_position(work.session, work.books, handover.position)
    official = take_over(
        work,
        position=handover.position,
        name=handover.name,
        email=handover.email,
        language=handover.language,
        start_on=handover.start_on,
    )
    lines = 0
    for cycle in cycles_knowing(work.session, work.books, handover.position):
        command = f"{POSITION_HANDED_OVER}/{cycle.key}/{handover.position}/{official.id}/{handover.start_on}"
        if command_done(work.session, command):
            continue
        owed = _open_list(work, cycle, handover.position)
        details = {
            "position": handover.position,
            "official": official.id,
            "start_on": handover.start_on.isoformat(),
            "obligations": [obligation.id for obligation in owed],
        }
        record_cycle_act(
            work, cycle, Act(cycle.office_position, POSITION_HANDED_OVER, details=details, command=command)
        )
        _renew_links(work, cycle, handover.position)
        rung = f"handover/{handover.start_on}"
        insert_notices(work.session, [line_of_open(work, cycle, obligation, rung=rung) for obligation in owed])
        lines += len(owed)
    return lines


def _renew_links(work: UnitOfWork, cycle: Cycle, position: str) -> None:
    """Let a position's links work no longer in the predecessor's mails; new mails hold the new ones."""
    for link in work.session.exec(links_of_positions(cycle).where(col(StatusLink.recipient) == position)).all():
        reissue_link(work, link, actor=cycle.office_position)


def _open_list(work: UnitOfWork, cycle: Cycle, position: str) -> list[Obligation]:
    """Return what a position owes now, the earliest due first; what opens later is told by its own ladder."""
    query = select(Obligation).where(
        col(Obligation.cycle_id) == cycle.id,
        col(Obligation.party) == position,
        col(Obligation.status) == "open",
        or_(col(Obligation.opens_at) <= work.now, col(Obligation.due_at) <= work.now),
    )
    return list(work.session.exec(query.order_by(col(Obligation.due_at), col(Obligation.key))))


def line_of_open(work: UnitOfWork, cycle: Cycle, obligation: Obligation, *, rung: str) -> dict[str, object]:
    """Return the notice that tells a successor of one open date; a rung of the same day speaks for both."""
    overdue = obligation.due_at is not None and obligation.due_at <= work.now
    row = notice_row(
        work,
        cycle,
        key=f"{obligation.key}|v{obligation.deadline_version}|{rung}|{obligation.party}",
        recipient=obligation.party,
        audience=Audience.RESPONSIBLE.value,
        line_kind="overdue" if overdue else "reminder",
        subject_id=obligation.subject_id,
        moment_at=work.now,
    )
    return {
        **row,
        "obligation_id": obligation.id,
        "deadline_version": obligation.deadline_version,
        "rung": rung,
    }
