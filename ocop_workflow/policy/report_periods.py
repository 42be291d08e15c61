"""The periods that reports are about, and when each report is due."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from ocop_workflow.policy.date_forms import (
    Firmness,
    ReportBeforeDay,
    ReportCutOff,
    ReportDue,
    ReportWithin,
)
from ocop_workflow.policy.date_texts import PERIOD_END
from ocop_workflow.policy.periods import add_months, day_of_month
from ocop_workflow.policy.resolved_due import Reckoning, ResolvedDue
from ocop_workflow.policy.working_days import WorkingDays

ReportInterval = Literal["month", "quarter", "half-year", "year"]

_MONTHS: dict[ReportInterval, int] = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """A half-open period reported on; `id` is `2018-03`, `2018-Q1`, `2018-H1` or `2018`."""

    id: str
    start: date
    end: date


def report_periods(every: ReportInterval, year: int) -> tuple[ReportPeriod, ...]:
    """Return the periods of one year in order, each computed from 1 January and never from the one before."""
    months = _MONTHS[every]
    first = date(year, 1, 1)
    return tuple(
        ReportPeriod(
            _period_id(every, year, index), add_months(first, index * months), add_months(first, (index + 1) * months)
        )
        for index in range(12 // months)
    )


def resolve_report_due(
    due: ReportDue,
    period: ReportPeriod,
    *,
    zone: ZoneInfo,
    days: WorkingDays,
    roll_counted_terms: bool = True,
    roll_fixed_dates: bool = False,
) -> ResolvedDue:
    """Return when the report on `period` is due.

    "Before the 30th" is strict; a month that has no 30th lies before it with all its days. A cut-off on a day counts
    its working days from the day after it. `opens_at` stays None: the report duty says when it opens.

    Raises:
        DayOutsideCalendarError: The reckoning leaves the years that `days` covers.
    """
    reckoning = Reckoning(zone, days, roll_counted_terms, roll_fixed_dates)
    last_month = add_months(period.end, -1)
    match due:
        case ReportBeforeDay(before_day=day):
            # A month without that day lies before it as a whole.
            last_day = min(last_month + timedelta(days=day - 2), period.end - timedelta(days=1))
            return reckoning.fixed(_empty(due, "report_before_day", {"day": day}), last_day)
        case ReportCutOff(cut_off_day=day, plus=term):
            cut_off = day_of_month(last_month, day)
            empty = _empty(due, "cut_off", {"cut_off_on": cut_off.isoformat(), "count": term.count})
            return reckoning.counted(empty, term, cut_off)
        case ReportWithin(within=term):
            code = f"within_{term.unit.replace(' ', '_')}"
            empty = _empty(due, code, {"count": term.count, "anchor": PERIOD_END})
            return reckoning.counted(empty, term, period.end - timedelta(days=1))


def _empty(due: ReportDue, code: str, params: dict[str, str | int]) -> ResolvedDue:
    return ResolvedDue(None, None, None, Firmness.HARD, due.origin, code, due.source, params)


def _period_id(every: ReportInterval, year: int, index: int) -> str:
    match every:
        case "month":
            return f"{year}-{index + 1:02d}"
        case "quarter":
            return f"{year}-Q{index + 1}"
        case "half-year":
            return f"{year}-H{index + 1}"
        case "year":
            return str(year)
