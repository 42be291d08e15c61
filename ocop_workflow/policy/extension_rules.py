"""How far a date may be extended: by the plan's own rules, and never past the statutory date behind it."""

from dataclasses import dataclass
from datetime import datetime

from ocop_workflow.clock import last_day_in_time
from ocop_workflow.policy.plan import ExtensionRules


@dataclass(frozen=True, slots=True)
class Bound:
    """A statutory date that depends on another one: its first instant too late, the step and the article."""

    due_at: datetime
    step: str
    article: str


@dataclass(frozen=True, slots=True)
class Granted:
    """What was granted for one date before: how often, and the first date, from which days are counted."""

    times: int
    first_due_at: datetime


def why_too_far(due_at: datetime, *, granted: Granted, rules: ExtensionRules | None, bound: Bound | None) -> str | None:
    """Return why a date can't be moved to `due_at` (the first instant too late), or None when it can."""
    wanted = last_day_in_time(due_at)
    if bound is not None and due_at > bound.due_at:
        return (
            f"{wanted:%d/%m/%Y} is after {last_day_in_time(bound.due_at):%d/%m/%Y}, the statutory last day of "
            f"{bound.step} ({bound.article}), which depends on this date; a plan's date can't be moved past it"
        )
    if rules is None:
        return None
    if rules.at_most_times is not None and granted.times >= rules.at_most_times:
        return f"this date was extended {granted.times} times, and the plan allows no more ({rules.source})"
    days = (wanted - last_day_in_time(granted.first_due_at)).days
    if rules.at_most_days is not None and days > rules.at_most_days:
        first = last_day_in_time(granted.first_due_at)
        return (
            f"{wanted:%d/%m/%Y} is {days} days after the first date {first:%d/%m/%Y}; "
            f"the plan allows {rules.at_most_days} ({rules.source})"
        )
    return None
