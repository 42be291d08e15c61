"""When periodic reports are due, by the rules of Cẩm Phả and Khánh Hòa."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from ocop_workflow.policy.date_expressions import ReportDue, report_periods, resolve_report_due
from ocop_workflow.policy.plan import CalendarRules
from ocop_workflow.policy.working_days import working_days_of_vietnam

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
DAYS = working_days_of_vietnam(range(2017, 2022), CalendarRules())
REPORT: TypeAdapter[Any] = TypeAdapter(ReportDue)


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HANOI)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("period", "last"),
    [("2018-Q1", "2018-03-29"), ("2018-Q2", "2018-06-29"), ("2018-Q3", "2018-09-29"), ("2018-Q4", "2018-12-29")],
)
def test_resolve_report_due_before_the_thirtieth_is_the_twenty_ninth(period: str, last: str) -> None:
    """Cẩm Phả, KH 139/KH-UBND, part 3: trước ngày 30 cuối Quý."""
    quarter = next(each for each in report_periods("quarter", 2018) if each.id == period)
    resolved = resolve_report_due(
        REPORT.validate_python({"before_day": 30, "source": "part 3"}), quarter, zone=HANOI, days=DAYS
    )

    assert resolved.last_day == day(last)
    assert resolved.due_at == vn(last) + timedelta(days=1)
    assert resolved.code == "report_before_day"
    assert resolved.params == {"day": 30, "last_on": last}


@pytest.mark.parametrize(("year", "last"), [(2018, "2018-02-28"), (2020, "2020-02-29")])
def test_resolve_report_due_leaves_a_month_without_that_day_whole(year: int, last: str) -> None:
    """All of February lies before its 30th."""
    february = report_periods("month", year)[1]
    resolved = resolve_report_due(
        REPORT.validate_python({"before_day": 30, "source": "x"}), february, zone=HANOI, days=DAYS
    )

    assert resolved.last_day == day(last)


def test_resolve_report_due_counts_from_a_cut_off_and_from_the_period_end() -> None:
    quarter = report_periods("quarter", 2018)[0]
    cut_off = REPORT.validate_python({"cut_off_day": 14, "plus": "2 working days", "source": "x"})
    within = REPORT.validate_python({"within": "15 days of period_end", "source": "x"})
    working = REPORT.validate_python({"within": "5 working days of period_end", "source": "x"})

    first = resolve_report_due(cut_off, quarter, zone=HANOI, days=DAYS)
    second = resolve_report_due(within, quarter, zone=HANOI, days=DAYS)
    third = resolve_report_due(working, quarter, zone=HANOI, days=DAYS)

    assert (first.code, first.last_day) == ("cut_off", day("2018-03-16"))
    assert (first.params["cut_off_on"], first.params["count"]) == ("2018-03-14", 2)
    assert (second.code, second.last_day) == ("within_days", day("2018-04-16"))  # 15 April is a Sunday
    assert (second.params["anchor"], second.params["start_on"]) == ("period_end", "2018-04-01")
    assert (third.code, third.last_day) == ("within_working_days", day("2018-04-06"))


@pytest.mark.parametrize(
    ("every", "ids"),
    [
        ("month", [f"2018-{month:02d}" for month in range(1, 13)]),
        ("quarter", ["2018-Q1", "2018-Q2", "2018-Q3", "2018-Q4"]),
        ("half-year", ["2018-H1", "2018-H2"]),
        ("year", ["2018"]),
    ],
)
def test_report_periods_tile_the_year(every: Any, ids: list[str]) -> None:
    periods = report_periods(every, 2018)

    assert [period.id for period in periods] == ids
    assert [periods[0].start, periods[-1].end] == [date(2018, 1, 1), date(2019, 1, 1)]
    assert [period.end for period in periods[:-1]] == [period.start for period in periods[1:]]


@pytest.mark.parametrize(
    "written",
    [
        {"before_day": 30, "source": "x"},
        {"cut_off_day": 14, "plus": "2 working days", "source": "x"},
        {"within": "15 days of period_end", "origin": "statutory", "source": "x"},
    ],
)
def test_report_due_comes_back_from_json(written: dict[str, object]) -> None:
    read = REPORT.validate_python(written)

    assert REPORT.validate_json(REPORT.dump_json(read)) == read
    assert REPORT.validate_python(REPORT.dump_python(read)) == read


@pytest.mark.parametrize("before_day", range(2, 32))
def test_a_quarterly_duty_keeps_its_day_rule_over_forty_quarters(before_day: int) -> None:
    """No drift: the day before the printed one; a month without that day is left whole (decision 0010)."""
    rule = REPORT.validate_python({"before_day": before_day, "source": "part 3"})
    periods = [period for year in range(2017, 2027) for period in report_periods("quarter", year)]

    last_days = [resolve_report_due(rule, period, zone=HANOI, days=DAYS).last_day for period in periods]

    assert last_days == [
        date(year, month, min(before_day - 1, length))
        for year in range(2017, 2027)
        for month, length in ((3, 31), (6, 30), (9, 30), (12, 31))
    ]
