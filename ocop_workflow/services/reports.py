"""Periodic reports: opening their periods and filing them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.clock import local_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.report_periods import report_periods
from ocop_workflow.services.events import Act, append_event, command_done
from ocop_workflow.services.obligations import close_obligation, open_obligations_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Report
from state_machines.report import ReportStatus, ReportTrigger, report_lifecycle

_LIFECYCLE = report_lifecycle()


class PeriodNotBegunError(InputError):
    """The period that a report is about has not begun."""


class ReportNotPermittedError(InputError):
    """The actor owes another report than this one."""


def reports_to_open(session: Session, cycle: Cycle, *, now: datetime) -> list[str]:
    """Return the ids of reports whose period has opened and that nobody has opened yet."""
    query = select(Report.id).where(
        col(Report.cycle_id) == cycle.id,
        col(Report.status) == ReportStatus.UPCOMING.value,
        col(Report.opens_at) <= now,
    )
    return list(session.exec(query.order_by(col(Report.opens_at), col(Report.id))))


def open_reports(work: UnitOfWork, report_ids: Sequence[str], *, actor: str) -> int:
    """Open reports whose period has come; idempotent. The event says when it became true, not when it was seen."""
    opened = 0
    for report in work.session.exec(select(Report).where(col(Report.id).in_(report_ids))):
        if report.status == ReportStatus.UPCOMING:
            _apply(work, report, ReportTrigger.OPEN, Act(actor, "report_opened", effective_at=report.opens_at))
            opened += 1
    return opened


def file_report(
    work: UnitOfWork,
    report: Report,
    *,
    actor: str,
    figures: Mapping[str, Any] | None,
    effective_at: datetime | None = None,
    command: str | None = None,
) -> Report:
    """File a report with its figures, or as "nothing to report" when `figures` is None.

    Lateness follows from the instant of receipt and `due_at` (promise I9).

    Raises:
        ReportNotPermittedError: Neither the reporter nor the office files it.
        PeriodNotBegunError: There is nothing to report yet.
        TransitionNotAllowedError: It is filed already.
    """
    if command_done(work.session, command):
        return report
    cycle = work.session.get_one(Cycle, report.cycle_id)
    if actor not in (report.reporter, cycle.office_position):
        raise ReportNotPermittedError(f"{actor} may not file this report; that is for {report.reporter}")
    at = work.happened_at(effective_at)
    _check_begun(work, cycle, report, at)
    trigger = ReportTrigger.DECLARE_NOTHING if figures is None else ReportTrigger.SUBMIT
    report.submitted_at = at
    report.figures = None if figures is None else dict(figures)
    details = {"figures": report.figures, "late": report.due_at is not None and at >= report.due_at}
    _apply(work, report, trigger, Act(actor, "report_filed", details=details, effective_at=at, command=command))
    for obligation in open_obligations_of(work.session, report.id):
        close_obligation(obligation, status="done", at=at)
        work.session.add(obligation)
    return report


def _check_begun(work: UnitOfWork, cycle: Cycle, report: Report, at: datetime) -> None:
    duties = work.books.of_cycle(work.session, cycle).cycle_year.report_duties
    every = next(duty.every for duty in duties if duty.id == report.duty_id)
    period = next(period for period in report_periods(every, cycle.year) if period.id == report.period_id)
    if local_day(at) < period.start:
        raise PeriodNotBegunError(f"the period {report.period_id} has not begun; it begins on {period.start:%d/%m/%Y}")


def _apply(work: UnitOfWork, report: Report, trigger: ReportTrigger, act: Act) -> None:
    before = report.status
    report.status = _LIFECYCLE.fire(before, trigger)
    report.version += 1
    moved = Act(
        act.actor,
        act.action,
        from_state=before,
        to_state=report.status,
        details=act.details,
        effective_at=act.effective_at,
        command=act.command,
    )
    append_event(work, stream=f"report:{report.id}", seq=report.version, cycle_id=report.cycle_id, act=moved)
    work.session.add(report)
