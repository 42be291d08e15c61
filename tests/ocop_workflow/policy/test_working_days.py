"""Working days against Vietnam's published calendars, and the arithmetic by its laws."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocop_workflow.policy.plan import CalendarRules
from ocop_workflow.policy.working_days import (
    DayOutsideCalendarError,
    WorkingDays,
    merged_calendar,
    working_days_of_vietnam,
)

YEARS = range(2017, 2028)
DAYS = working_days_of_vietnam(YEARS, CalendarRules())


def span(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=index) for index in range((end - start).days + 1)]


PUBLISHED_OFF = [
    ("2018-02-14", "2018-02-20"),
    ("2020-01-23", "2020-01-29"),
    ("2020-04-02", "2020-04-02"),
    ("2020-04-30", "2020-05-01"),
    ("2020-09-02", "2020-09-02"),
    ("2021-02-10", "2021-02-16"),
    ("2021-04-21", "2021-04-21"),
    ("2021-05-03", "2021-05-03"),
    ("2021-09-02", "2021-09-03"),
    ("2023-01-20", "2023-01-26"),
    ("2023-05-02", "2023-05-03"),
    ("2023-09-01", "2023-09-04"),
    ("2024-02-08", "2024-02-14"),
    ("2024-04-29", "2024-05-01"),
    ("2025-05-01", "2025-05-02"),
    ("2026-02-16", "2026-02-20"),
    ("2026-08-31", "2026-09-02"),
    ("2026-11-24", "2026-11-24"),
]


@pytest.mark.parametrize(("first", "last"), PUBLISHED_OFF)
def test_working_days_of_vietnam_have_the_published_days_off(first: str, last: str) -> None:
    assert [day for day in span(first, last) if DAYS.is_working_day(day)] == []


@pytest.mark.parametrize("day", ["2024-05-04", "2025-04-26", "2026-08-22"])
def test_working_days_of_vietnam_have_the_published_make_up_saturdays(day: str) -> None:
    assert DAYS.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2018-02-13", "2018-02-21", "2020-01-22", "2020-01-30", "2024-05-02", "2026-02-23"])
def test_working_days_of_vietnam_resume_beside_the_days_off(day: str) -> None:
    assert DAYS.is_working_day(date.fromisoformat(day))


def test_working_days_of_vietnam_follow_decreed_rules_over_the_public_calendar() -> None:
    """The swap of 2 January 2026 for Saturday 10 January 2026, which the library does not know."""
    rules = CalendarRules(
        days_off={date(2026, 1, 2): "swap"}, working_days={date(2026, 1, 10): "swap", date(2026, 2, 16): "decreed"}
    )

    corrected = working_days_of_vietnam(YEARS, rules)

    assert [DAYS.is_working_day(date(2026, 1, 2)), DAYS.is_working_day(date(2026, 1, 10))] == [True, False]
    assert [corrected.is_working_day(date(2026, 1, 2)), corrected.is_working_day(date(2026, 1, 10))] == [False, True]
    assert corrected.is_working_day(date(2026, 2, 16))


def test_working_days_of_vietnam_can_take_a_make_up_saturday_back() -> None:
    corrected = working_days_of_vietnam(YEARS, CalendarRules(days_off={date(2024, 5, 4): "decreed"}))

    assert not corrected.is_working_day(date(2024, 5, 4))


def test_merged_calendar_lets_the_plan_win_day_by_day() -> None:
    base = CalendarRules(days_off={date(2026, 1, 2): "base"}, working_days={date(2026, 1, 10): "base"})
    plan = CalendarRules(
        days_off={date(2026, 1, 10): "plan", date(2026, 3, 2): "plan"},
        working_days={date(2026, 1, 2): "plan"},
        roll_fixed_dates=True,
    )

    merged = merged_calendar(base, plan)

    assert merged.days_off == {date(2026, 1, 10): "plan", date(2026, 3, 2): "plan"}
    assert merged.working_days == {date(2026, 1, 2): "plan"}
    assert (merged.roll_counted_terms, merged.roll_fixed_dates) == (True, True)


@pytest.mark.parametrize(
    ("day", "count", "result"),
    [
        ("2018-02-13", 1, "2018-02-21"),
        ("2018-02-21", -1, "2018-02-13"),
        ("2018-06-15", 1, "2018-06-18"),
        ("2018-06-16", 1, "2018-06-18"),
        ("2018-06-16", -1, "2018-06-15"),
        ("2018-06-15", 5, "2018-06-22"),
    ],
)
def test_add_counts_from_the_day_beside(day: str, count: int, result: str) -> None:
    assert DAYS.add(date.fromisoformat(day), count) == date.fromisoformat(result)


def test_add_refuses_to_count_nothing() -> None:
    with pytest.raises(ValueError, match="at least one"):
        DAYS.add(date(2018, 6, 15), 0)


@pytest.mark.parametrize(
    ("day", "forward", "back"),
    [("2018-06-15", "2018-06-15", "2018-06-15"), ("2018-06-16", "2018-06-18", "2018-06-15")],
)
def test_roll_moves_only_off_a_day_off(day: str, forward: str, back: str) -> None:
    assert DAYS.roll_forward(date.fromisoformat(day)) == date.fromisoformat(forward)
    assert DAYS.roll_back(date.fromisoformat(day)) == date.fromisoformat(back)


@pytest.mark.parametrize("day", [date(2016, 12, 31), date(2028, 1, 1)])
def test_working_days_refuse_a_day_outside_the_calendar(day: date) -> None:
    with pytest.raises(DayOutsideCalendarError, match="the calendar covers 2017 to 2027") as refusal:
        DAYS.is_working_day(day)

    assert refusal.value.day == day


@pytest.mark.parametrize(("day", "count"), [(date(2027, 12, 31), 1), (date(2017, 1, 1), -1)])
def test_add_refuses_to_leave_the_calendar(day: date, count: int) -> None:
    with pytest.raises(DayOutsideCalendarError):
        DAYS.add(day, count)


def test_snapshot_gives_the_same_calendar_back() -> None:
    snapshot = DAYS.snapshot()

    assert snapshot["years"] == ["2017", "2027"]
    assert snapshot["days_off"] == sorted(snapshot["days_off"])
    assert "2024-05-04" in snapshot["working_days"]
    assert "2018-09-02" not in snapshot["days_off"]  # a Sunday is off by itself
    assert WorkingDays.from_snapshot(snapshot) == DAYS
    assert WorkingDays.from_snapshot(snapshot).add(date(2018, 2, 13), 1) == date(2018, 2, 21)


ANY_DAY = st.dates(date(2018, 1, 1), date(2026, 12, 31))
COUNT = st.integers(1, 200)


@given(day=ANY_DAY, count=COUNT)
def test_between_undoes_add(day: date, count: int) -> None:
    later, earlier = DAYS.add(day, count), DAYS.add(day, -count)

    assert DAYS.between(day, later) == count
    assert DAYS.between(day, earlier) == -count
    assert DAYS.is_working_day(later)
    assert DAYS.is_working_day(earlier)


@given(day=ANY_DAY, count=COUNT)
def test_add_back_undoes_add_from_a_working_day(day: date, count: int) -> None:
    start = DAYS.roll_forward(day)

    assert DAYS.add(DAYS.add(start, count), -count) == start


@given(first=ANY_DAY, second=ANY_DAY, count=COUNT)
def test_add_keeps_the_order_of_days(first: date, second: date, count: int) -> None:
    early, late = sorted([first, second])

    assert DAYS.add(early, count) <= DAYS.add(late, count)
    assert DAYS.roll_forward(early) <= DAYS.roll_forward(late)
    assert DAYS.between(early, late) >= 0


@given(start=ANY_DAY, middle=ANY_DAY, end=ANY_DAY)
def test_between_adds_up_over_a_day_in_the_middle(start: date, middle: date, end: date) -> None:
    first, second, third = sorted([start, middle, end])

    assert DAYS.between(first, third) == DAYS.between(first, second) + DAYS.between(second, third)
    assert DAYS.between(first, third) == sum(
        DAYS.is_working_day(first + timedelta(days=index)) for index in range(1, (third - first).days + 1)
    )
