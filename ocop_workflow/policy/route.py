"""From a rule set's route to the dossier's lifecycle, and who does what on it."""

from collections.abc import Iterator, Sequence

from ocop_workflow.policy.plan import Round
from ocop_workflow.policy.rule_set import GuardChoice, Outcome, Owner, Route, RuleSet, Stage, Step
from ocop_workflow.policy.units import PositionRef, UnitRegister
from state_machines.dossier import DossierStatus, DossierTrigger, StageOutcome, StageShape, dossier_lifecycle
from state_machines.guards import LOWEST_MEAN, Facts, Guard
from state_machines.lifecycle import Lifecycle

PRODUCER = "producer"
"""The prefix of a producer among parties, as in `producer:<id>`; a position is written `unit/role`."""


COMPLETION = "completion"
"""The step that a return opens: whoever submitted brings the dossier back complete. A round may date it."""

CERTIFICATE = "certificate"
"""The step that a recognition opens: the authority issues the certificate. A round or a limit may date it."""

UNLISTED_STEPS = (COMPLETION, CERTIFICATE)
"""Steps that no stage lists, since every stage may come to them."""


def stages_of(rule_set: RuleSet, round_: Round, kind: str) -> tuple[Stage, ...]:
    """Return the stages that a dossier of this kind passes in a round, without those the round switched off."""
    return tuple(
        stage
        for stage in rule_set.route.stages
        if kind in stage.kinds and not (stage.can_be_switched_off and stage.id in round_.stages_off)
    )


def lifecycle_of(route: Route, stages: Sequence[Stage]) -> Lifecycle:
    """Return the dossier's table for the stages it passes; an outcome into one left out goes to the next one kept."""
    order = [stage.id for stage in route.stages]
    kept = [stage.id for stage in stages]
    return dossier_lifecycle(
        tuple(
            StageShape(
                stage.id,
                tuple(StageOutcome(_guard(end.when), _target(end.to, order, kept)) for end in stage.outcomes),
                lapses=stage.submitted_by.producer,
                judges=stage.judged_by != "nobody",
            )
            for stage in stages
        )
    )


def sure_stages(stages: Sequence[Stage]) -> tuple[str, ...]:
    """Return the ids of the stages without which nothing is recognised; those behind them depend on a result."""
    sure: list[str] = []
    for stage in stages:
        sure.append(stage.id)
        if any(end.to == DossierStatus.RECOGNISED for end in stage.outcomes):
            break
    return tuple(sure)


def outcome_for(stage: Stage, facts: Facts) -> Outcome | None:
    """Return the outcome that a stage has under these facts, or None when no guard accepts them."""
    return next((end for end in stage.outcomes if _guard(end.when).holds(facts)), None)


def _guard(choice: GuardChoice) -> Guard:
    return Guard(
        choice.guard, choice.verdict, choice.at_least if choice.at_least is not None else LOWEST_MEAN, choice.below
    )


def _target(to: str, order: Sequence[str], kept: Sequence[str]) -> str:
    """Return where an outcome leads: past stages that are left out; unchanged when nothing is kept behind them."""
    if to not in order or to in kept:
        return to
    return next((stage for stage in order[order.index(to) :] if stage in kept), to)


def step_settled_by(stage: Stage, trigger: str) -> Step | None:
    """Return the step of a stage that a trigger fulfils, or None."""
    return next((step for step in stage.steps if step.settled_by == trigger), None)


def steps_opened(stage: Stage, after: str | None = None) -> tuple[Step, ...]:
    """Return the steps that open when the step `after` was fulfilled, or when the stage begins.

    These are the next step that a trigger fulfils and the steps by hand before it, which block nothing; behind the last
    one with a trigger, all that is left to do by hand.
    """
    ids = [step.id for step in stage.steps]
    opened: list[Step] = []
    for step in stage.steps[0 if after is None else ids.index(after) + 1 :]:
        opened.append(step)
        if step.settled_by is not None:
            break
    return tuple(opened)


def certifier_of(rule_set: RuleSet, stages: Sequence[Stage], stars: int | None) -> Owner | None:
    """Return who issues the certificate of so many stars: who decides at the last stage of the level that recognises.

    Where no stage is of that level it is the last one; None where the rule set certifies nothing of the kind.
    """
    level = next((each.level for each in rule_set.recognition if stars in each.stars), None)
    if level is None or rule_set.validity_months is None:
        return None
    return next((stage for stage in reversed(stages) if stage.level == level), stages[-1]).decided_by


def steps_asked(stage: Stage, status: str) -> tuple[Step, ...]:
    """Return the steps that are open at a stage while a dossier has a status, besides what a return asks for."""
    passed = {DossierStatus.AWAITING_SUBMISSION: (), DossierStatus.SUBMITTED: (DossierTrigger.SUBMIT,)}
    triggers = passed.get(DossierStatus(status), (DossierTrigger.RECEIVE, DossierTrigger.SUBMIT))
    settled = (step_settled_by(stage, trigger) for trigger in triggers)
    return steps_opened(stage, next((step.id for step in settled if step is not None), None))


def party_of(owner: Owner, *, units: UnitRegister, unit: str, producer_id: str) -> str:
    """Return the party that an owner means for a product of `unit`: `producer:<id>` or `unit/role`.

    Raises:
        KeyError: The unit lies in no unit of the owner's level; the plan checks refuse that before.
    """
    if owner.producer:
        return f"{PRODUCER}:{producer_id}"
    return position_of(PositionRef(level=owner.level, role=owner.role or ""), units=units, unit=unit)


def positions_on(stages: Sequence[Stage], *, units: UnitRegister, unit: str) -> Iterator[str]:
    """Yield the positions that act at these stages on a product of `unit`, some more than once.

    Raises:
        KeyError: The unit lies in no unit of an owner's level.
    """
    for stage in stages:
        for owner in (stage.submitted_by, stage.decided_by, *(step.owner for step in stage.steps)):
            if not owner.producer:
                yield position_of(PositionRef(level=owner.level, role=owner.role or ""), units=units, unit=unit)


def position_of(reference: PositionRef, *, units: UnitRegister, unit: str) -> str:
    """Return the position (`unit/role`) that a reference means, seen from `unit`.

    Where its unit was taken over, it is the position that answers for it now.

    Raises:
        KeyError: No unit of that level holds `unit`, nor ever did.
    """
    if reference.unit is not None:
        return units.successor_of(f"{reference.unit}/{reference.role}")
    level = reference.level or units.roles[reference.role].level
    holder = units.seat(unit, level)
    if holder is None:
        raise KeyError(f"{unit} lies in no unit of level {level}")
    return units.successor_of(f"{holder.id}/{reference.role}")
