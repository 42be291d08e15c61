"""The reports of units that ended: each period is reported by the units before or by the successor, never by both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import col, select

from ocop_workflow.policy.successions import Succession
from ocop_workflow.services.events import Act
from ocop_workflow.services.obligations import close_obligation, open_obligations_of
from ocop_workflow.services.projection import missing_reports, project_reports
from ocop_workflow.services.reports import apply_report_trigger
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Report
from state_machines.report import ReportStatus, ReportTrigger

REPORT_EXCUSED = "report_excused"

_UNFILED = (ReportStatus.UPCOMING, ReportStatus.OPEN)


@dataclass(frozen=True, slots=True)
class ReportsMoved:
    """What became of the reports of units that ended, each as `duty/period/unit`.

    Attributes:
        excused: Nobody owes them any more.
        new: Successors owe them from now on.
        answered: Of earlier periods; successors answer for them.
        reporters: The positions that owe the new ones.
    """

    excused: tuple[str, ...]
    new: tuple[str, ...]
    answered: tuple[str, ...]
    reporters: tuple[str, ...]


def move_reports(work: UnitOfWork, cycle: Cycle, succession: Succession, act: Act) -> ReportsMoved:
    """Let the successors report the periods that end after the day, where the units before have not.

    A report of a period that ended before the day stays, and so does one whose date has passed or that a unit before
    has sent: the successor answers for what is open of it. Every other later report of a unit that ended is not
    required any more; its successor reports that period, where it is among those that the plan asks.
    """
    book = work.books.of_cycle(work.session, cycle)
    query = select(Report).where(col(Report.cycle_id) == cycle.id, col(Report.unit_id).in_(succession.ended))
    before = list(work.session.exec(query.order_by(col(Report.due_at), col(Report.unit_id))))
    turns = book.report_turns()
    later = [row for row in before if (row.duty_id, row.period_id, row.unit_id) not in turns]
    stays = {(row.duty_id, row.period_id, book.units.unit_today(row.unit_id)) for row in later if _stays(work, row)}
    heirs = {each.successor for each in succession.take_overs}
    missing = missing_reports(work, cycle, book)
    fresh = {(turn.duty.id, turn.period.id, turn.unit) for turn in missing if turn.unit in heirs}
    project_reports(work, cycle, actor=act.actor)
    work.session.flush()
    own = {
        (row.duty_id, row.period_id, row.unit_id): row
        for row in work.session.exec(select(Report).where(col(Report.cycle_id) == cycle.id))
    }
    excused = []
    for row in later:
        place = (row.duty_id, row.period_id, book.units.unit_today(row.unit_id))
        heir = own.get(place)
        kept = place in stays if place in fresh else _stays(work, row) or (heir is not None and _stays(work, heir))
        if not kept and row.status in _UNFILED:
            _excuse(work, row, act)
            excused.append(row)
    new = []
    for place in sorted(fresh):
        row = own[place]
        if place in stays or (row.due_at is not None and row.due_at <= work.now):
            _excuse(work, row, act)
        else:
            new.append(row)
    answered = [row for row in before if row not in excused and row.status in (*_UNFILED, ReportStatus.RETURNED)]
    reporters = tuple(sorted({row.reporter for row in new}))
    return ReportsMoved(_keys(excused), _keys(new), _keys(answered), reporters)


def _stays(work: UnitOfWork, row: Report) -> bool:
    """Tell whether a report was sent, or was to be sent by now."""
    return row.status not in _UNFILED or (row.due_at is not None and row.due_at <= work.now)


def _excuse(work: UnitOfWork, row: Report, act: Act) -> None:
    """Do without a report; nobody was late with it."""
    for obligation in open_obligations_of(work.session, row.id):
        late = obligation.due_at is not None and obligation.due_at <= work.now
        close_obligation(obligation, status="cancelled", at=obligation.opens_at if late else work.now)
        work.session.add(obligation)
    apply_report_trigger(work, row, ReportTrigger.EXCUSE, replace(act, action=REPORT_EXCUSED))


def _keys(rows: Sequence[Report]) -> tuple[str, ...]:
    return tuple(f"{row.duty_id}/{row.period_id}/{row.unit_id}" for row in rows)
