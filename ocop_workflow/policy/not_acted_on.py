"""What a plan or rule set says and nothing acts on yet: read, kept, and told to whoever checks the plan."""

from collections.abc import Iterator, Mapping

from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.statutory_limits import unwatched


def not_acted_on(plan: CyclePlan, rule_sets: Mapping[str, RuleSet]) -> tuple[str, ...]:
    """Return a sentence for each rule that has no effect yet, so that nobody relies on it."""
    return (*_of_rule_sets(plan, rule_sets), *_of_certificates(plan, rule_sets))


def _of_rule_sets(plan: CyclePlan, rule_sets: Mapping[str, RuleSet]) -> Iterator[str]:
    for name, rules in rule_sets.items():
        for limit, why in unwatched(rules):
            yield f'rule set "{name}": the statutory limit "{limit}" is read, but not watched: {why}'
        undated = {batch.stage for batch in rules.batches} - _dated_stages(plan)
        if undated:
            stages = ", ".join(sorted(undated))
            yield f'rule set "{name}": batches are not watched at {stages}, where the plan gives no date'
        if rules.transitions:
            yield f'rule set "{name}": transitions are read, but the last days they set are not watched'


def _dated_stages(plan: CyclePlan) -> set[str]:
    """Return the stages of which some round dates a step."""
    rounds = [round_ for year in plan.years.values() for round_ in year.rounds]
    dated = [item for round_ in rounds for item in round_.stages.items()]
    return {stage for stage, steps in dated if any(step.due is not None for step in steps.values())}


def _of_certificates(plan: CyclePlan, rule_sets: Mapping[str, RuleSet]) -> Iterator[str]:
    if plan.certificates is None and any(rules.validity_months is not None for rules in rule_sets.values()):
        yield "certificates: they expire by their dates, but the plan names no ladder, so nobody is reminded to renew"
