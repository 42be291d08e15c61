"""The yearly batches of a regulation: what was requested too late for one is evaluated in the next.

An office that asks late costs the dossier half a year, but not its place: its council has the days of the next batch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ocop_workflow.clock import local_day, start_of_day
from ocop_workflow.policy.date_expressions import ResolvedDue
from ocop_workflow.policy.rule_set import RuleSet

NEXT_BATCH = "next_batch"
"""How a day came about that is that of the batch after the planned one."""


@dataclass(frozen=True, slots=True)
class BatchDays:
    """A batch in one year. Both days are the first that are too late: to request, and to evaluate."""

    requested_before: date
    held_before: date
    source: str


def batch_of(rules: RuleSet, stage_id: str, requested_on: date) -> BatchDays | None:
    """Return the batch of a stage in which a request of this day is evaluated; None where the rule set has none."""
    following = (each for each in _batches(rules, stage_id, requested_on.year) if requested_on < each.requested_before)
    return min(following, key=lambda each: each.requested_before, default=None)


def in_its_batch(due: ResolvedDue, rules: RuleSet, stage_id: str, *, requested_at: datetime) -> ResolvedDue:
    """Return a fixed date of a stage's step, moved to the batch of the request where that came too late for its own.

    Args:
        due: The date by the plan, written for the batch that the round aims at.
        rules: The rule set.
        stage_id: The stage.
        requested_at: When the dossier was submitted at this stage.
    """
    actual = batch_of(rules, stage_id, local_day(requested_at))
    if actual is None or due.due_at is None or due.last_day is None:
        return due
    day_after = due.last_day + timedelta(days=1)
    ahead = (each for each in _batches(rules, stage_id, day_after.year) if day_after <= each.held_before)
    planned = min(ahead, key=lambda each: each.held_before)
    if actual.held_before <= planned.held_before:
        return due
    last_day = actual.held_before - timedelta(days=1)
    params: dict[str, str | int] = {
        "from_on": due.last_day.isoformat(),
        "requested_on": local_day(requested_at).isoformat(),
        "last_on": last_day.isoformat(),
    }
    due_at = start_of_day(actual.held_before)
    return replace(due, due_at=due_at, last_day=last_day, code=NEXT_BATCH, source=actual.source, params=params)


def _batches(rules: RuleSet, stage_id: str, year: int) -> Iterator[BatchDays]:
    """Yield a stage's batches of a year, the one before and the one after."""
    for batch in rules.batches:
        if batch.stage == stage_id:
            for each in (year - 1, year, year + 1):
                requested = date.fromisoformat(f"{each}-{batch.requested_before}")
                held = date.fromisoformat(f"{each}-{batch.held_before}")
                over_new_year = batch.held_before < batch.requested_before
                yield BatchDays(requested, held.replace(year=each + 1) if over_new_year else held, batch.source)
