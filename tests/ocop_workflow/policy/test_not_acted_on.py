"""What is read and has no effect yet is told, so that nobody relies on it."""

import pytest

from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.not_acted_on import not_acted_on


@pytest.mark.parametrize("plan", ["quang-ninh-2017-2020", "ba-don-2021"])
def test_shipped_plans_have_one_rule_without_effect(plan: str) -> None:
    """Both rule sets give 36 months; certificates come later."""
    files = load_plan_files(find_plan(default_config_dir(), plan), default_config_dir())

    (note,) = not_acted_on(files.plan, files.rule_sets)

    assert note.endswith("validity and renewal are read, but no certificate is watched")
