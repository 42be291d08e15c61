"""What is read and has no effect yet is told, so that nobody relies on it."""

import pytest

from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.not_acted_on import not_acted_on
from ocop_workflow.policy.plan import CertificateRules


@pytest.mark.parametrize("plan", ["thai-binh-2020", "cam-pha-2015", "ba-don-2021"])
def test_shipped_plans_have_one_rule_without_effect(plan: str) -> None:
    """Both rule sets give 36 months, and neither printed plan says when to remind of a renewal."""
    files = load_plan_files(find_plan(default_config_dir(), plan), default_config_dir())

    (note,) = not_acted_on(files.plan, files.rule_sets)

    assert note.startswith("certificates: they expire by their dates, but the plan names no ladder")


def test_a_plan_with_a_ladder_for_renewals_is_acted_on_whole() -> None:
    files = load_plan_files(find_plan(default_config_dir(), "ba-don-2021"), default_config_dir())
    certificates = CertificateRules(ladder=next(iter(files.plan.ladders)), source="chosen for this example")

    assert not_acted_on(files.plan.model_copy(update={"certificates": certificates}), files.rule_sets) == ()
