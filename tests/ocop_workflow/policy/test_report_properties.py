"""A quarterly duty anchored on any day keeps its day rule over 40 quarters."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.policy.date_expressions import ReportDue, ResolvedDue, report_periods, resolve_report_due
from ocop_workflow.policy.plan import CalendarRules
from ocop_workflow.policy.working_days import working_days_of_vietnam

DAYS = working_days_of_vietnam(range(2015, 2042), CalendarRules())
REPORT: TypeAdapter[Any] = TypeAdapter(ReportDue)
FIRST_YEAR = st.integers(2015, 2030)


def forty_quarters(first_year: int, **rule: object) -> list[tuple[date, ResolvedDue]]:
    """Return the first day of each quarter's last month, with the report's date, for ten years."""
    due = REPORT.validate_python({**rule, "source": "item 1"})
    periods = [period for year in range(first_year, first_year + 10) for period in report_periods("quarter", year)]
    assert len(periods) == 40
    return [
        (
            (period.end - timedelta(days=1)).replace(day=1),
            resolve_report_due(due, period, zone=OFFICE_ZONE, days=DAYS),
        )
        for period in periods
    ]


@given(first_year=FIRST_YEAR, day=st.integers(2, 31))
def test_before_a_day_is_the_day_before_it_in_each_of_40_quarters(first_year: int, day: int) -> None:
    """31 March never drifts to the 30th, nor does June's 30 days shorten September's or December's."""
    for month, due in forty_quarters(first_year, before_day=day):
        length = monthrange(month.year, month.month)[1]

        assert due.last_day == month.replace(day=min(day - 1, length))
        assert due.params["day"] == day


@given(first_year=FIRST_YEAR, day=st.integers(1, 31), count=st.integers(1, 10))
def test_a_cut_off_is_on_its_day_in_each_of_40_quarters(first_year: int, day: int, count: int) -> None:
    for month, due in forty_quarters(first_year, cut_off_day=day, plus=f"{count} working days"):
        cut_off = month.replace(day=min(day, monthrange(month.year, month.month)[1]))

        assert due.params["cut_off_on"] == cut_off.isoformat()
        assert due.last_day is not None
        assert DAYS.between(cut_off, due.last_day) == count


@given(first_year=FIRST_YEAR, count=st.integers(1, 60))
def test_a_term_runs_from_the_last_day_of_each_of_40_quarters(first_year: int, count: int) -> None:
    for month, due in forty_quarters(first_year, within=f"{count} days of period_end"):
        last_of_quarter = month.replace(day=monthrange(month.year, month.month)[1])

        assert due.last_day == DAYS.roll_forward(last_of_quarter + timedelta(days=count))
