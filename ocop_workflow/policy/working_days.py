"""Working days: Monday to Friday without public holidays and decreed days off, with decreed make-up days."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Self

import holidays

from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan import CalendarRules

_SATURDAY = 5


class DayOutsideCalendarError(InputError):
    """A day lies outside the years for which days off are known."""

    def __init__(self, day: date, first_year: int, last_year: int) -> None:
        """Name the day and the years that are known."""
        super().__init__(
            f"no working days are known for {day.isoformat()}; the calendar covers {first_year} to {last_year}, "
            "build it for more years"
        )
        self.day = day


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The working days of whole years; `days_off` are weekdays, `working_days` Saturdays and Sundays."""

    first_year: int
    last_year: int
    days_off: tuple[date, ...] = ()
    working_days: tuple[date, ...] = ()
    _ordinals: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out the ordinals of all working days once; every question is then a bisection."""
        off = {day.toordinal() for day in self.days_off}
        extra = {day.toordinal() for day in self.working_days}
        ordinals = tuple(
            ordinal
            for ordinal in range(self._first_day.toordinal(), self._last_day.toordinal() + 1)
            if (ordinal in extra if _is_weekend(date.fromordinal(ordinal)) else ordinal not in off)
        )
        object.__setattr__(self, "_ordinals", ordinals)

    @property
    def _first_day(self) -> date:
        return date(self.first_year, 1, 1)

    @property
    def _last_day(self) -> date:
        return date(self.last_year, 12, 31)

    def is_working_day(self, day: date) -> bool:
        """Tell whether offices work on this day.

        Raises:
            DayOutsideCalendarError: The day lies outside the covered years.
        """
        ordinal = self._covered(day).toordinal()
        index = bisect_left(self._ordinals, ordinal)
        return index < len(self._ordinals) and self._ordinals[index] == ordinal

    def add(self, day: date, count: int) -> date:
        """Return the `count`-th working day after `day` (before it if negative); `day` itself is not counted.

        Raises:
            DayOutsideCalendarError: The day or the result lies outside the covered years.
            ValueError: `count` is 0; use `roll_forward` or `roll_back`.
        """
        if count == 0:
            raise ValueError("add counts at least one working day; use roll_forward or roll_back for none")
        ordinal = self._covered(day).toordinal()
        if count > 0:
            index = bisect_right(self._ordinals, ordinal) + count - 1
        else:
            index = bisect_left(self._ordinals, ordinal) + count
        if not 0 <= index < len(self._ordinals):
            beyond = self._last_day + timedelta(days=1) if count > 0 else self._first_day - timedelta(days=1)
            raise DayOutsideCalendarError(beyond, self.first_year, self.last_year)
        return date.fromordinal(self._ordinals[index])

    def between(self, start: date, end: date) -> int:
        """Count the working days after `start` up to and including `end` (negative if `end` is earlier).

        So `between(day, add(day, n)) == n`.

        Raises:
            DayOutsideCalendarError: A day lies outside the covered years.
        """
        if end < start:
            return bisect_left(self._ordinals, self._covered(end).toordinal()) - bisect_left(
                self._ordinals, self._covered(start).toordinal()
            )
        return bisect_right(self._ordinals, self._covered(end).toordinal()) - bisect_right(
            self._ordinals, self._covered(start).toordinal()
        )

    def roll_forward(self, day: date) -> date:
        """Return `day` if it is a working day, else the next one.

        Raises:
            DayOutsideCalendarError: As for `add`.
        """
        return day if self.is_working_day(day) else self.add(day, 1)

    def roll_back(self, day: date) -> date:
        """Return `day` if it is a working day, else the one before.

        Raises:
            DayOutsideCalendarError: As for `add`.
        """
        return day if self.is_working_day(day) else self.add(day, -1)

    def snapshot(self) -> dict[str, list[str]]:
        """Return what makes this calendar, as sorted ISO days, to be kept with a plan version (promise I6)."""
        return {
            "years": [str(self.first_year), str(self.last_year)],
            "days_off": [day.isoformat() for day in self.days_off],
            "working_days": [day.isoformat() for day in self.working_days],
        }

    @classmethod
    def from_snapshot(cls, snapshot: dict[str, list[str]]) -> Self:
        """Return the calendar that `snapshot` was taken from."""
        first, last = snapshot["years"]
        return cls(
            int(first),
            int(last),
            tuple(date.fromisoformat(day) for day in snapshot["days_off"]),
            tuple(date.fromisoformat(day) for day in snapshot["working_days"]),
        )

    def _covered(self, day: date) -> date:
        if not self.first_year <= day.year <= self.last_year:
            raise DayOutsideCalendarError(day, self.first_year, self.last_year)
        return day


def working_days_of_vietnam(years: range, rules: CalendarRules) -> WorkingDays:
    """Return Vietnam's working days: public holidays and swapped days, then the decreed `rules` over them.

    Args:
        years: The years to cover, without gaps.
        rules: Days off and working days that the plan or the installation decrees; they win.
    """
    public = holidays.country_holidays("VN", years=years)
    decreed_off, decreed_work = set(rules.days_off), set(rules.working_days)
    off = (_within(public.keys(), years) - decreed_work) | _within(decreed_off, years)
    work = (_within(public.weekend_workdays, years) - decreed_off) | _within(decreed_work, years)
    return WorkingDays(
        first_year=years[0],
        last_year=years[-1],
        days_off=tuple(sorted(day for day in off if not _is_weekend(day))),
        working_days=tuple(sorted(day for day in work if _is_weekend(day))),
    )


def working_days_of_plan(first_day: date, runs_until: date, rules: CalendarRules) -> WorkingDays:
    """Return the days of a plan's years, two more before and five after: leftovers outlive the horizon."""
    return working_days_of_vietnam(range(first_day.year - 2, runs_until.year + 6), rules)


def lunar_new_year(year: int) -> date:
    """Return the first day of Tết, the lunar new year of Vietnam, in a year."""
    public = holidays.country_holidays("VN", years=year, language="en_US")
    return next(day for day, name in sorted(public.items()) if "Lunar New Year" in name.split("; "))


def merged_calendar(base: CalendarRules, plan: CalendarRules) -> CalendarRules:
    """Return the plan's calendar over the installation's: the plan wins day by day, its switches stand."""
    return plan.model_copy(
        update={
            "days_off": {
                **{day: why for day, why in base.days_off.items() if day not in plan.working_days},
                **plan.days_off,
            },
            "working_days": {
                **{day: why for day, why in base.working_days.items() if day not in plan.days_off},
                **plan.working_days,
            },
        }
    )


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY


def _within(days: Iterable[date], years: range) -> set[date]:
    return {day for day in days if day.year in years}
