"""The only place that reads the machine's clock."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

OFFICE_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
"""The zone in which days begin and end for every office."""


class Clock(Protocol):
    """A source of business time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's present instant, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class SetClock:
    """A clock that stands where it was set; simulated folders use it."""

    at: datetime

    def now(self) -> datetime:
        """Return the instant the clock was set to."""
        return self.at


def local_day(instant: datetime) -> date:
    """Return the office's calendar day of an aware instant."""
    return instant.astimezone(OFFICE_ZONE).date()


def start_of_day(day: date) -> datetime:
    """Return the first instant of a day in the office's zone, in UTC."""
    return at_local(day, time())


def at_local(day: date, at: time) -> datetime:
    """Return the instant of a local time on a day in the office's zone, in UTC."""
    return datetime.combine(day, at, tzinfo=OFFICE_ZONE).astimezone(UTC)


def last_day_in_time(due_at: datetime) -> date:
    """Return the last local day on which something due at `due_at` (the first instant too late) is in time."""
    return local_day(due_at - timedelta(microseconds=1))
