"""Days of the office's zone and the instants between them."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocop_workflow.clock import SetClock, SystemClock, at_local, last_day_in_time, local_day, start_of_day

MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2018, 3, 30, 16, 59, 59, 999999, tzinfo=UTC), date(2018, 3, 30)),
        (datetime(2018, 3, 30, 17, tzinfo=UTC), date(2018, 3, 31)),
    ],
)
def test_local_day_ends_at_17_hours_utc(instant: datetime, day: date) -> None:
    """Asia/Ho_Chi_Minh is seven hours ahead, the year round."""
    assert local_day(instant) == day


def test_start_of_day_is_the_first_instant_in_utc() -> None:
    assert start_of_day(date(2018, 3, 31)) == datetime(2018, 3, 30, 17, tzinfo=UTC)
    assert start_of_day(date(2018, 3, 31)).tzinfo is UTC
    assert at_local(date(2018, 3, 31), time(7, 30)) == datetime(2018, 3, 31, 0, 30, tzinfo=UTC)


def test_last_day_in_time_is_the_day_before_a_midnight_and_the_day_itself_otherwise() -> None:
    """due_at is the first instant too late (half-open)."""
    midnight = start_of_day(date(2018, 3, 31))

    assert last_day_in_time(midnight) == date(2018, 3, 30)
    assert last_day_in_time(midnight + MICROSECOND) == date(2018, 3, 31)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_day_holds_exactly_its_instants(day: date) -> None:
    start, end = start_of_day(day), start_of_day(day + timedelta(days=1))

    assert local_day(start) == local_day(end - MICROSECOND) == last_day_in_time(end) == day
    assert local_day(start - MICROSECOND) == day - timedelta(days=1)


def test_system_clock_is_aware_and_goes_on() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()

    assert first.tzinfo is UTC
    assert first <= second


def test_set_clock_stands() -> None:
    at = datetime(2018, 3, 31, tzinfo=UTC)

    assert SetClock(at).now() == at
