"""A day that becomes one off or one of work, and which dates it moves: counted terms, and fixed ones that roll over."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from ocop_workflow.policy.plan import CalendarRules
from ocop_workflow.policy.working_days import WorkingDays

_COUNTED_IN_WORKING_DAYS = frozenset({"within_working_days", "cut_off", "office_delay"})
_COUNTED_OTHERWISE = frozenset({"within_days", "within_months"})
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Recounted:
    """A last day in time reckoned anew, with the parameters that explain it."""

    last_day: date
    params: dict[str, Any]


def days_with(days: WorkingDays, day: date, *, off: bool) -> WorkingDays:
    """Return the calendar with one day decreed as off or as one of work.

    Raises:
        DayOutsideCalendarError: The day lies outside the covered years.
    """
    days.is_working_day(day)
    if day.weekday() >= _SATURDAY:
        worked = set(days.working_days) - {day} if off else {*days.working_days, day}
        return replace(days, working_days=tuple(sorted(worked)))
    free = {*days.days_off, day} if off else set(days.days_off) - {day}
    return replace(days, days_off=tuple(sorted(free)))


def rules_with(rules: CalendarRules, day: date, *, off: bool, decision: str) -> CalendarRules:
    """Return a plan's calendar with one day decreed; the decision stands beside it."""
    days_off = {known: why for known, why in rules.days_off.items() if known != day}
    working_days = {known: why for known, why in rules.working_days.items() if known != day}
    (days_off if off else working_days)[day] = decision
    return rules.model_copy(update={"days_off": days_off, "working_days": working_days})


def recounted(code: str, params: dict[str, Any], *, days: WorkingDays, rules: CalendarRules) -> Recounted | None:
    """Return a date reckoned by a calendar, from how it was explained; None when nothing says how it came about.

    A term in working days is counted anew from its first day. Any other end moves off a day off only as far as the
    roll-over switches say, from the day on which it fell before it was ever rolled.

    Args:
        code: The explanation's code.
        params: Its parameters: `last_on`, and where counted `start_on` and `count`, as ISO days and numbers.
        days: The calendar.
        rules: The roll-over switches.
    """
    if "last_on" not in params:
        return None
    if code in _COUNTED_IN_WORKING_DAYS:
        if "start_on" not in params:
            return None
        count, anchor_day = int(params["count"]), date.fromisoformat(params["start_on"]) - timedelta(days=1)
        last_day = days.add(anchor_day, count)
        said = {**params, "last_on": last_day.isoformat()}
        if "skipped" in params:
            said["skipped"] = (last_day - anchor_day).days - count
        return Recounted(last_day, said)
    base = date.fromisoformat(params.get("rolled_from_on", params["last_on"]))
    counted = code in _COUNTED_OTHERWISE
    rolls = rules.roll_counted_terms if counted else rules.roll_fixed_dates
    last_day = days.roll_forward(base) if rolls else base
    said = {name: value for name, value in params.items() if name != "rolled_from_on"} | {"last_on": f"{last_day}"}
    if last_day != base:
        said["rolled_from_on"] = base.isoformat()
    if counted:
        said["skipped"] = (last_day - base).days
    return Recounted(last_day, said)
