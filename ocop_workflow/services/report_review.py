"""What the receiving side does with a report: accepts it, returns it for correction, or does without it."""

from datetime import UTC, datetime

from ocop_workflow.clock import last_day_in_time
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.date_expressions import Firmness, Origin, ResolvedDue
from ocop_workflow.services.cycle_acts import said
from ocop_workflow.services.events import Act, command_done
from ocop_workflow.services.notices import tell
from ocop_workflow.services.obligations import REPORT, Duty, close_obligation, open_obligation, open_obligations_of
from ocop_workflow.services.reports import (
    ReportNotPermittedError,
    apply_report_trigger,
    duty_of,
    ensure_link,
    reporter_of,
    rule_of,
)
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Report
from state_machines.report import ReportTrigger


class ReviewRefusedError(RefusedError):
    """The report can't be returned so."""


def accept_report(work: UnitOfWork, report: Report, *, actor: str, command: str | None = None) -> None:
    """Accept a report as it is; from then on nobody changes it.

    Raises:
        ReportNotPermittedError: Neither the collector nor the office.
        ReportNotOpenError: Nothing was filed, or it is accepted already.
    """
    if command_done(work.session, command):
        return
    _check_collector(work, report, actor)
    apply_report_trigger(work, report, ReportTrigger.ACCEPT, Act(actor, "report_accepted", command=command))


def return_report(
    work: UnitOfWork, report: Report, *, actor: str, reason: str, correct_by_at: datetime, command: str | None = None
) -> None:
    """Return a report for correction by a date of its own; the reporter is told at once and owes it anew.

    Args:
        work: The unit of work; the caller commits.
        report: A filed report.
        actor: The collector, or the office.
        reason: What is to be corrected; kept beside the event.
        correct_by_at: The first instant too late.
        command: Makes the act idempotent.

    Raises:
        ReportNotPermittedError: Neither the collector nor the office.
        ReviewRefusedError: The date is past.
        InputError: No reason.
        ReportNotOpenError: Nothing was filed, or it is accepted already.
    """
    if command_done(work.session, command):
        return
    cycle = _check_collector(work, report, actor)
    said(reason, what="the reason: what is to be corrected")
    if correct_by_at <= work.now:
        rule = rule_of(work.books.of_cycle(work.session, cycle), report)
        last_on = last_day_in_time(correct_by_at).isoformat()
        raise ReviewRefusedError("correction_day_past", rule=rule, last_on=last_on)
    report.correct_by_at = correct_by_at
    details = {"correct_by_at": correct_by_at.astimezone(UTC).isoformat()}
    act = Act(actor, "report_returned", details=details, text=reason, command=command)
    apply_report_trigger(work, report, ReportTrigger.RETURN, act)
    returned = report.version
    ensure_link(work, report, actor=actor)
    _owe_correction(work, cycle, report, correct_by_at)
    tell(
        work,
        cycle,
        recipient=reporter_of(work, report),
        code="news.report_returned",
        params={"last_on": last_day_in_time(correct_by_at).isoformat()},
        subject_id=report.id,
        stream=f"report:{report.id}",
        seq=returned,
    )


def excuse_report(work: UnitOfWork, report: Report, *, actor: str, reason: str, command: str | None = None) -> None:
    """Do without a report that has not come; only whoever would receive it may say so.

    Raises:
        ReportNotPermittedError: Neither the collector nor the office.
        InputError: No reason.
        ReportNotOpenError: It has been filed.
    """
    if command_done(work.session, command):
        return
    _check_collector(work, report, actor)
    said(reason, what="the reason: why it is not required")
    act = Act(actor, "report_excused", text=reason, command=command)
    apply_report_trigger(work, report, ReportTrigger.EXCUSE, act)
    for obligation in open_obligations_of(work.session, report.id):
        close_obligation(obligation, status="cancelled", at=work.now)
        work.session.add(obligation)


def _owe_correction(work: UnitOfWork, cycle: Cycle, report: Report, correct_by_at: datetime) -> None:
    book = work.books.of_cycle(work.session, cycle)
    duty, reporter = duty_of(book, report), book.units.successor_of(report.reporter)
    due = ResolvedDue(
        opens_at=work.now,
        due_at=correct_by_at,
        last_day=last_day_in_time(correct_by_at),
        firmness=Firmness.HARD,
        origin=Origin.PLAN,
        code="report_returned",
        source=duty.source,
        params={},
    )
    place = f"{report.duty_id}/{report.period_id}/{report.unit_id}"
    owed = Duty(
        key=f"{cycle.key}/report/{place}/correction/{report.version}",
        kind=REPORT,
        subject_id=report.id,
        unit_id=report.unit_id,
        party=reporter,
        superior=book.units.superior_of(reporter),
        due=due,
        opens_at=work.now,
        ladder=duty.ladder,
    )
    open_obligation(work, cycle, book, owed)


def _check_collector(work: UnitOfWork, report: Report, actor: str) -> Cycle:
    cycle = work.session.get_one(Cycle, report.cycle_id)
    book = work.books.of_cycle(work.session, cycle)
    collector = book.units.successor_of(report.collector)
    if actor not in (collector, cycle.office_position):
        rule = rule_of(book, report)
        raise ReportNotPermittedError("review_not_permitted", rule=rule, actor=actor[:80], permitted=collector)
    return cycle
