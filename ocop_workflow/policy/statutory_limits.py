"""Terms that a regulation sets for a step: they date it where the plan does not, and bound what the plan may say.

Source: architecture section 4: a statutory date is never extended, and no plan's date is moved past it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ocop_workflow.policy.date_checks import UNRECORDED
from ocop_workflow.policy.date_expressions import Anchor, Firmness, Origin, ResolvedDue, Within
from ocop_workflow.policy.route import step_settled_by
from ocop_workflow.policy.rule_set import RuleSet, Stage, StatutoryLimit
from state_machines.dossier import DossierTrigger


@dataclass(frozen=True, slots=True)
class DatedStep:
    """A step's date, with the statutory instant behind a plan's date and its article, where there is one."""

    due: ResolvedDue
    limit_at: datetime | None = None
    limit_source: str | None = None


def limits_of(rule_set: RuleSet, stage: Stage, step_id: str, *, kind: str) -> tuple[StatutoryLimit, ...]:
    """Return the limits of a stage's step for one kind of dossier; one without a step is that of the decision."""
    decision = step_settled_by(stage, DossierTrigger.CONCLUDE)
    of_stage = decision.id if decision is not None else None
    return tuple(
        limit
        for limit in rule_set.limits
        if limit.stage == stage.id and (limit.step or of_stage) == step_id and kind in limit.kinds
    )


def as_statutory(limit: StatutoryLimit, resolved: ResolvedDue) -> ResolvedDue:
    """Return a limit's resolved date as the regulation's own, with its article."""
    return replace(resolved, origin=Origin.STATUTORY, source=limit.article)


def dated_by(planned: ResolvedDue | None, limits: Sequence[ResolvedDue]) -> DatedStep | None:
    """Return the date of a step: the plan's where it is firm and no later than the regulation's, else the latter.

    None when neither gives anything to watch.
    """
    known = [(limit.due_at, limit) for limit in limits if limit.due_at is not None]
    if not known:
        return None if planned is None else DatedStep(planned)
    bound_at, bound = min(known, key=lambda pair: pair[0])
    if planned is None or planned.due_at is None or planned.firmness is Firmness.EXPECTED:
        return DatedStep(bound)
    return DatedStep(bound) if planned.due_at > bound_at else DatedStep(planned, bound_at, bound.source)


def unwatched(rule_set: RuleSet) -> Iterator[tuple[str, str]]:
    """Yield the limits that date nothing, each with the reason."""
    for limit in rule_set.limits:
        term = limit.due.date
        why = UNRECORDED.get(Anchor(term.within.anchor)) if isinstance(term, Within) else None
        if limit.stage is None:
            why = "it names no stage"
        if why is not None:
            yield limit.id, why
