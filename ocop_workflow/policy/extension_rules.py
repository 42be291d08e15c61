"""How far a date may be extended: by the plan's own rules, and never past the statutory date behind it."""

from dataclasses import dataclass
from datetime import datetime

from ocop_workflow.clock import last_day_in_time
from ocop_workflow.errors import RefusedError
from ocop_workflow.policy.plan import ExtensionRules


class ExtensionRefusedError(RefusedError):
    """The date cannot be moved so."""


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


def check_not_too_far(due_at: datetime, *, granted: Granted, rules: ExtensionRules | None, bound: Bound | None) -> None:
    """Refuse to move a date to `due_at` (the first instant too late) where a statutory date or the plan forbids it.

    Raises:
        ExtensionRefusedError: One of them does; the error cites it.
    """
    wanted = last_day_in_time(due_at)
    if bound is not None and due_at > bound.due_at:
        raise ExtensionRefusedError(
            "past_statutory_date",
            rule=bound.article,
            wanted_on=wanted.isoformat(),
            bound_on=last_day_in_time(bound.due_at).isoformat(),
            step=bound.step,
        )
    if rules is None:
        return
    if rules.at_most_times is not None and granted.times >= rules.at_most_times:
        raise ExtensionRefusedError("extended_before", rule=rules.source, times=granted.times)
    first = last_day_in_time(granted.first_due_at)
    days = (wanted - first).days
    if rules.at_most_days is not None and days > rules.at_most_days:
        raise ExtensionRefusedError(
            "extended_too_far",
            rule=rules.source,
            wanted_on=wanted.isoformat(),
            first_on=first.isoformat(),
            days=days,
            most=rules.at_most_days,
        )
