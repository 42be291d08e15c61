"""Periodic reports: opening their periods, filing them, closing those that nobody owed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.clock import local_day
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.plan import ReportDuty
from ocop_workflow.policy.report_figures import FigureFault, FigureValue, read_figures, written
from ocop_workflow.policy.report_lines import with_lines
from ocop_workflow.policy.report_periods import ReportPeriod, report_periods
from ocop_workflow.services.cycles import ids_by_cycle
from ocop_workflow.services.events import Act, append_event, command_done
from ocop_workflow.services.links import issue_link, links_of
from ocop_workflow.services.obligations import ENFORCEMENT_MARGIN, close_obligation, open_obligations_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.report_supplements import raise_supplements
from ocop_workflow.services.titles import in_both, listed_in_both, period_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Report
from state_machines.lifecycle import TransitionNotAllowedError
from state_machines.report import ReportStatus, ReportTrigger, report_lifecycle

FILED = "report_filed"
"""The action of every filing."""

_LIFECYCLE = report_lifecycle()
_UNFILED = (ReportStatus.UPCOMING.value, ReportStatus.OPEN.value)


class PeriodNotBegunError(RefusedError):
    """The period that a report is about has not begun."""


class ReportNotPermittedError(RefusedError):
    """The actor owes another report than this one, or collects another."""


class ReportNotOpenError(RefusedError, TransitionNotAllowedError):
    """The report's state does not take the trigger."""

    def __init__(self, report: Report, error: TransitionNotAllowedError, *, rule: str) -> None:
        """Say where the report is and what people can do with it there."""
        possible = [each for each in error.allowed if each != ReportTrigger.OPEN]
        TransitionNotAllowedError.__init__(self, error.lifecycle, error.state, error.trigger, error.allowed)
        RefusedError.__init__(
            self,
            "report_not_open" if possible else "report_settled",
            rule=rule,
            status=in_both(f"report.{report.status}"),
            trigger=in_both(f"report.trigger.{error.trigger}"),
            possible=listed_in_both([f"report.trigger.{trigger}" for trigger in possible]),
        )


class FiguresRefusedError(RefusedError):
    """The figures are not those that the report asks for."""

    def __init__(self, faults: Sequence[FigureFault], *, rule: str) -> None:
        """Tell the first fault, and keep all of them."""
        fault = faults[0]
        told = {language: said.rstrip(".") for language, said in in_both(fault.code, fault.params).items()}
        super().__init__("figure", rule=rule, figure=fault.figure[:80], told=told)
        self.faults = tuple(faults)


def duty_of(book: Rulebook, report: Report) -> ReportDuty:
    """Return the duty that a report fulfils, with the lines of long tasks that its reporter tells of."""
    duty = next(duty for duty in book.cycle_year.report_duties if duty.id == report.duty_id)
    return with_lines(duty, book.plan, book.units, year=book.year, unit=report.unit_id, period_id=report.period_id)


def rule_of(book: Rulebook, report: Report) -> str:
    """Return what a refusal about a report cites: the item that asks for it, while the plan still does."""
    duties = (duty.source for duty in book.cycle_year.report_duties if duty.id == report.duty_id)
    return next(duties, book.plan.source)


def period_of(book: Rulebook, report: Report) -> ReportPeriod:
    """Return the period that a report is about."""
    periods = report_periods(duty_of(book, report).every, book.year)
    return next(period for period in periods if period.id == report.period_id)


def reporter_of(work: UnitOfWork, report: Report) -> str:
    """Return who answers for a report now; its row keeps who it was planned for."""
    cycle = work.session.get_one(Cycle, report.cycle_id)
    return work.books.of_cycle(work.session, cycle).units.successor_of(report.reporter)


def reports_to_open(session: Session, cycle: Cycle, *, now: datetime) -> list[str]:
    """Return the ids of a cycle's reports whose period has opened and that nobody has opened yet."""
    return reports_to_open_by_cycle(session, [cycle], now=now)[cycle.id]


def reports_to_open_by_cycle(session: Session, cycles: Sequence[Cycle], *, now: datetime) -> dict[str, list[str]]:
    """Return for each cycle the ids of reports whose period has opened and that nobody has opened yet."""
    query = select(Report.cycle_id, Report.id).where(
        col(Report.cycle_id).in_([cycle.id for cycle in cycles]),
        col(Report.status) == ReportStatus.UPCOMING.value,
        col(Report.opens_at) <= now,
    )
    return ids_by_cycle(session, cycles, query.order_by(col(Report.opens_at), col(Report.id)))


def open_reports(work: UnitOfWork, report_ids: Sequence[str], *, actor: str) -> int:
    """Open reports whose period has come, each with the link by which it can be filed; idempotent.

    The event says when it became true, not when it was seen.
    """
    opened = 0
    for report in work.session.exec(select(Report).where(col(Report.id).in_(report_ids))):
        if report.status == ReportStatus.UPCOMING and report.opens_at <= work.now:
            act = Act(actor, "report_opened", effective_at=report.opens_at)
            apply_report_trigger(work, report, ReportTrigger.OPEN, act)
            ensure_link(work, report, actor=actor)
            opened += 1
    return opened


def reports_to_close(work: UnitOfWork, cycle: Cycle) -> list[str]:
    """Return the ids of reports asked for only if there is something, whose date is over with nothing sent."""
    duties = work.books.of_cycle(work.session, cycle).cycle_year.report_duties
    only_if_any = [duty.id for duty in duties if duty.only_if is not None]
    if not only_if_any:
        return []
    query = select(Report.id).where(
        col(Report.cycle_id) == cycle.id,
        col(Report.duty_id).in_(only_if_any),
        col(Report.status).in_(_UNFILED),
        col(Report.due_at) <= work.now - ENFORCEMENT_MARGIN,
    )
    return list(work.session.exec(query.order_by(col(Report.due_at), col(Report.id))))


def close_empty_reports(work: UnitOfWork, cycle: Cycle, report_ids: Sequence[str], *, actor: str) -> int:
    """Close reports that were asked for only if there was something; idempotent. Nobody was late with them."""
    book = work.books.of_cycle(work.session, cycle)
    closed = 0
    wanted = set(report_ids) & set(reports_to_close(work, cycle))
    for report in work.session.exec(select(Report).where(col(Report.id).in_(wanted))):
        duty = duty_of(book, report)
        only_if = duty.only_if.model_dump() if duty.only_if else None
        act = Act(
            actor, "report_closed_empty", rule=duty.source, details={"only_if": only_if}, effective_at=report.due_at
        )
        apply_report_trigger(work, report, ReportTrigger.DECLARE_NOTHING, act)
        _settle(work, report, status="cancelled", at=report.due_at or work.now)
        closed += 1
    return closed


def file_report(
    work: UnitOfWork,
    report: Report,
    *,
    actor: str,
    figures: Mapping[str, FigureValue] | None,
    effective_at: datetime | None = None,
    command: str | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> Report:
    """File a report with its figures, or as "nothing to report" when `figures` is None.

    Before it is accepted, another filing replaces the one before; both stay on record, and the first receipt decides
    whether the report was late: that follows from the instant of receipt and `due_at` (promise I9).

    Args:
        work: The unit of work; the caller commits.
        report: The report.
        actor: The reporter, or the office for them.
        figures: By id, as `read_figures` returns them.
        effective_at: When it came in, if not now.
        command: Makes the act idempotent.
        evidence: What else the event records: the link it came by, the snapshot it was sent with.

    Raises:
        ReportNotPermittedError: Neither the reporter nor the office files it.
        PeriodNotBegunError: There is nothing to report yet.
        FiguresRefusedError: A figure is missing, unknown, or not of its kind.
        ReportNotOpenError: It is accepted, or not required.
    """
    if command_done(work.session, command):
        return report
    cycle = work.session.get_one(Cycle, report.cycle_id)
    book = work.books.of_cycle(work.session, cycle)
    reporter = book.units.successor_of(report.reporter)
    if actor not in (reporter, cycle.office_position):
        rule = rule_of(book, report)
        raise ReportNotPermittedError("report_not_permitted", rule=rule, actor=actor[:80], permitted=reporter)
    at = work.happened_at(effective_at)
    _check_begun(book, report, at)
    trigger = ReportTrigger.DECLARE_NOTHING if figures is None else ReportTrigger.SUBMIT
    report.figures = None if figures is None else _checked(duty_of(book, report), figures)
    report.submitted_at = at if report.submitted_at is None else min(at, report.submitted_at)
    report.revised_at = None if at == report.submitted_at else at
    report.supplement_at = None
    late = report.due_at is not None and at >= report.due_at
    details = {"figures": report.figures, "late": late, **(evidence or {})}
    act = Act(actor, FILED, details=details, effective_at=at, command=command)
    apply_report_trigger(work, report, trigger, act)
    _settle(work, report, status="done", at=at)
    raise_supplements(work, cycle, book, report, at=at)
    return report


def apply_report_trigger(work: UnitOfWork, report: Report, trigger: ReportTrigger, act: Act) -> None:
    """Move a report by its table and record it as one event of its stream.

    Raises:
        ReportNotOpenError: Its state doesn't take the trigger.
    """
    before = report.status
    try:
        report.status = _LIFECYCLE.fire(before, trigger)
    except TransitionNotAllowedError as error:
        book = work.books.of_cycle(work.session, work.session.get_one(Cycle, report.cycle_id))
        raise ReportNotOpenError(report, error, rule=rule_of(book, report)) from error
    report.version += 1
    moved = replace(act, from_state=before, to_state=report.status)
    append_event(work, stream=f"report:{report.id}", seq=report.version, cycle_id=report.cycle_id, act=moved)
    work.session.add(report)


def ensure_link(work: UnitOfWork, report: Report, *, actor: str) -> None:
    """Give a report the link for its reporter, unless it has one."""
    with work.session.no_autoflush:  # of a batch of reports all that changes is written together
        if not links_of(work.session, report.id):
            issue_link(work, report, recipient=reporter_of(work, report), actor=actor)


def _settle(work: UnitOfWork, report: Report, *, status: str, at: datetime) -> None:
    for obligation in open_obligations_of(work.session, report.id):
        close_obligation(obligation, status=status, at=at)
        work.session.add(obligation)


def _check_begun(book: Rulebook, report: Report, at: datetime) -> None:
    period = period_of(book, report)
    if local_day(at) < period.start:
        raise PeriodNotBegunError(
            "period_not_begun",
            rule=rule_of(book, report),
            period=period_title(report.period_id),
            begins_on=period.start.isoformat(),
        )


def _checked(duty: ReportDuty, figures: Mapping[str, FigureValue]) -> dict[str, FigureValue]:
    """Return the figures as they are stored: what a person could have written, by the rules of its kind."""
    asked = {figure.id: figure for figure in duty.figures}
    try:
        given = {name: written(asked[name], value) if name in asked else "" for name, value in figures.items()}
    except ValueError:
        given = {name: str(value) for name, value in figures.items()}
    read, faults = read_figures(duty.figures, given)
    if faults:
        raise FiguresRefusedError(faults, rule=duty.source)
    return read
