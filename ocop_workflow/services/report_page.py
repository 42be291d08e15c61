"""What the page of one report shows its reporter, read in one session."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from ocop_workflow.clock import last_day_in_time, local_day
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.plan import Figure, ReportDuty
from ocop_workflow.policy.report_figures import FigureValue, written
from ocop_workflow.policy.report_standing import days_late
from ocop_workflow.services.events import details_of
from ocop_workflow.services.report_letters import reason_of
from ocop_workflow.services.reports import FILED, duty_of, period_of
from ocop_workflow.services.titles import Titles, period_title, position_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Event, Report
from state_machines.report import FINAL_REPORT_STATUSES, ReportStatus


@dataclass(frozen=True, slots=True)
class Filing:
    """One filing of a report: its number, when it came, and its figures as people write them (None: nothing)."""

    number: str
    at: datetime
    figures: tuple[tuple[Figure, str], ...] | None


@dataclass(frozen=True, slots=True)
class Returned:
    """Why a report came back, and the last day to correct it."""

    reason: str | None
    last_on: date


@dataclass(frozen=True, slots=True)
class ReportPage:
    """One report as its reporter sees it.

    Attributes:
        title: The report's name in the plan.
        period: The period as people say it, by language.
        unit: The reporting unit.
        collector: Where the report goes.
        status: A value of `ReportStatus`.
        figures: What is asked.
        only_if: When there is something to report at all; None when it is owed in any case.
        last_on: The last day in time, or None without a date.
        days_left: Days until then, 0 on the day itself, negative after it; None without a date.
        late_days: By how many days it came late.
        begins_on: The period's first day, while that lies ahead.
        returned: What a return asks, while it is owed.
        filings: Every filing, the earliest first; the last one counts.
        link_until: The last day on which the link works.
        as_of: When this was read.
    """

    title: LocalText
    period: Titles
    unit: LocalText
    collector: LocalText
    status: str
    figures: tuple[Figure, ...]
    only_if: LocalText | None
    last_on: date | None
    days_left: int | None
    late_days: int
    begins_on: date | None
    returned: Returned | None
    filings: tuple[Filing, ...]
    link_until: date
    as_of: datetime

    @property
    def receipt(self) -> Filing | None:
        """Return what counts now; None while nothing was filed."""
        return self.filings[-1] if self.filings else None

    @property
    def can_file(self) -> bool:
        """Return whether the report can be filed, or filed anew."""
        return self.status not in FINAL_REPORT_STATUSES and self.begins_on is None


def report_page(work: UnitOfWork, report: Report, *, link_until: datetime) -> ReportPage:
    """Return what the page of a report shows at the unit of work's `now`."""
    cycle = work.session.get_one(Cycle, report.cycle_id)
    book = work.books.of_cycle(work.session, cycle)
    duty, period, today = duty_of(book, report), period_of(book, report), local_day(work.now)
    last_on = last_day_in_time(report.due_at) if report.due_at else None
    return ReportPage(
        title=duty.title,
        period=period_title(report.period_id),
        unit=book.units.unit(report.unit_id).name,
        collector=position_title(book.units, book.units.successor_of(report.collector)),
        status=report.status,
        figures=duty.figures,
        only_if=duty.only_if,
        last_on=last_on,
        days_left=(last_on - today).days if last_on else None,
        late_days=days_late(report.due_at, report.submitted_at),
        begins_on=period.start if today < period.start else None,
        returned=_returned(work.session, report),
        filings=filings_of(work.session, report, duty),
        link_until=last_day_in_time(link_until),
        as_of=work.now,
    )


def filings_of(session: Session, report: Report, duty: ReportDuty) -> tuple[Filing, ...]:
    """Return every filing of a report in the order in which they were recorded."""
    return tuple(
        Filing(
            f"{report.duty_id}/{report.period_id}/{report.unit_id}/{number}",
            event.effective_at,
            _written(duty, details_of(event)["figures"]),
        )
        for number, event in enumerate(_events(session, report, FILED), start=1)
    )


def _written(duty: ReportDuty, figures: dict[str, FigureValue] | None) -> tuple[tuple[Figure, str], ...] | None:
    if figures is None:
        return None
    return tuple((figure, written(figure, figures[figure.id])) for figure in duty.figures if figure.id in figures)


def _returned(session: Session, report: Report) -> Returned | None:
    if report.status != ReportStatus.RETURNED or report.correct_by_at is None:
        return None
    event = _events(session, report, "report_returned")[-1]
    return Returned(reason_of(session, stream=event.stream, seq=event.seq), last_day_in_time(report.correct_by_at))


def _events(session: Session, report: Report, action: str) -> list[Event]:
    query = select(Event).where(col(Event.stream) == f"report:{report.id}", col(Event.action) == action)
    return list(session.exec(query.order_by(col(Event.seq))))
