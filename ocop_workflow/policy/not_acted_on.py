"""What a plan or rule set says and nothing acts on yet: read, kept, and told to whoever checks the plan."""

from collections.abc import Iterator, Mapping

from ocop_workflow.policy.plan import CyclePlan
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.statutory_limits import unwatched


def not_acted_on(plan: CyclePlan, rule_sets: Mapping[str, RuleSet]) -> tuple[str, ...]:
    """Return a sentence for each rule that has no effect yet, so that nobody relies on it."""
    return (*_of_rule_sets(rule_sets), *_of_plan(plan))


def _of_rule_sets(rule_sets: Mapping[str, RuleSet]) -> Iterator[str]:
    for name, rules in rule_sets.items():
        if rules.gates:
            yield f'rule set "{name}": gates are read, but stars follow the bands alone'
        for limit, why in unwatched(rules):
            yield f'rule set "{name}": the statutory limit "{limit}" is read, but not watched: {why}'
        if rules.renewal is not None or rules.validity_months is not None:
            yield f'rule set "{name}": validity and renewal are read, but no certificate is watched'
        if rules.transitions or rules.takes_new:
            yield f'rule set "{name}": which dossiers it takes is read; the plan\'s choice of rule set decides'


def _of_plan(plan: CyclePlan) -> Iterator[str]:
    if any(council.max_spread is not None for council in plan.councils.values()):
        yield "councils: max_spread is read, but no re-score is asked for"
    for year, content in plan.years.items():
        if any(task.needs_approval is not None for task in content.tasks):
            yield f"{year}: needs_approval of tasks is read, but a task can be done without it"
        if any(duty.only_if is not None for duty in content.report_duties):
            yield f"{year}: only_if of reports is read, but the report is asked for in any case"
