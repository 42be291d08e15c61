"""What is read and has no effect yet is told, so that nobody relies on it."""

import pytest

from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.not_acted_on import not_acted_on
from ocop_workflow.policy.plan import CertificateRules
from ocop_workflow.policy.rule_set import Gate


@pytest.mark.parametrize("plan", ["thai-binh-2020", "cam-pha-2015", "ba-don-2021"])
def test_shipped_plans_have_one_rule_without_effect(plan: str) -> None:
    """Both rule sets give 36 months, and neither printed plan says when to remind of a renewal."""
    files = load_plan_files(find_plan(default_config_dir(), plan), default_config_dir())

    (note,) = not_acted_on(files.plan, files.rule_sets)

    assert note.startswith("certificates: they expire by their dates, but the plan names no ladder")


def test_gates_and_spread_are_named() -> None:
    files = load_plan_files(find_plan(default_config_dir(), "quang-ninh-2017-2020"), default_config_dir())
    (name, rules), *_ = files.rule_sets.items()
    gate = Gate(id="star", title=LocalText(vi="Dấu sao", en="A star"), cap=4, source="annex")
    changed = rules.model_copy(update={"gates": (gate,), "validity_months": None, "renewal": None})
    council = next(iter(files.plan.councils.values())).model_copy(update={"max_spread": 10})
    plan = files.plan.model_copy(update={"councils": {"district_evaluation": council}})

    notes = not_acted_on(plan, {name: changed})

    assert [note.split(":")[0] for note in notes][:2] == [f'rule set "{name}"', "councils"]


def test_a_plan_with_a_ladder_for_renewals_is_acted_on_whole() -> None:
    files = load_plan_files(find_plan(default_config_dir(), "ba-don-2021"), default_config_dir())
    certificates = CertificateRules(ladder=next(iter(files.plan.ladders)), source="chosen for this example")

    assert not_acted_on(files.plan.model_copy(update={"certificates": certificates}), files.rule_sets) == ()
