"""Where a dossier goes on when its office moves it to another rule set, and with which of the plan's dates."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ocop_workflow.policy.plan import StepDates
from ocop_workflow.policy.rule_set import RuleSet

DatesByStage = dict[str, dict[str, StepDates]]
"""What a plan says of the steps of each stage."""


def stages_taken_over(before: RuleSet, after: RuleSet) -> dict[str, str]:
    """Return, by the stages of one rule set, where their dossiers go on under another.

    The later text names it under `takes_over`; a stage that it does not name goes on as the one of the same id. What
    is left out has no stage to go on at.
    """
    same = {stage.id for stage in before.route.stages} & {stage.id for stage in after.route.stages}
    named = {
        stage: target for block in after.takes_over if before.id in block.of for stage, target in block.stages.items()
    }
    return {stage: stage for stage in same} | named


def dates_taken_over(rule_sets: Sequence[RuleSet], dates: Mapping[str, dict[str, StepDates]]) -> DatesByStage:
    """Return a round's dates for a dossier that has been under several rule sets, the first of them first.

    The plan dates the stages of the first. What it says of one holds for the stage that goes on in its place, unless
    it dates that one itself.
    """
    known = dict(dates)
    for before, after in pairwise(rule_sets):
        for stage, target in stages_taken_over(before, after).items():
            if stage in known:
                known.setdefault(target, known[stage])
    return known
