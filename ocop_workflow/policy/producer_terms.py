"""What is left to a producer of a date that an office's delay has eaten up.

A missed date can end a producer's dossier, and only the producer's own delay may: when an office decides or returns so
late that fewer working days are left than the plan grants, the producer gets those days from the day on which the act
was written down, and so told.

Source: architecture section 5 (promise I5); the number of days is the plan's.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from ocop_workflow.clock import local_day, start_of_day
from ocop_workflow.policy.date_expressions import Origin, ResolvedDue
from ocop_workflow.policy.working_days import WorkingDays


def fair_last_day(told_at: datetime, *, days: WorkingDays, at_least: int) -> date:
    """Return the day before which nothing can be asked of a producer who is told at an instant."""
    return days.add(local_day(told_at), at_least)


def with_fair_term(due: ResolvedDue, *, told_at: datetime, days: WorkingDays, at_least: int) -> ResolvedDue:
    """Return a producer's date, moved when fewer than `at_least` working days are left from `told_at`.

    A statutory date does not move, since nobody here may move it.

    Args:
        due: The date as the plan has it.
        told_at: From when the producer can know: the writing down of the office's decision or return.
        days: The cycle's working days.
        at_least: Working days after the day of `told_at`.
    """
    if due.due_at is None or due.last_day is None or due.origin is Origin.STATUTORY:
        return due
    last_day = fair_last_day(told_at, days=days, at_least=at_least)
    if last_day <= due.last_day:
        return due
    params: dict[str, str | int] = {
        "from_on": due.last_day.isoformat(),
        "start_on": (local_day(told_at) + timedelta(days=1)).isoformat(),
        "last_on": last_day.isoformat(),
        "count": at_least,
    }
    due_at = start_of_day(last_day + timedelta(days=1))
    return replace(due, due_at=due_at, last_day=last_day, code="office_delay", params=params)
