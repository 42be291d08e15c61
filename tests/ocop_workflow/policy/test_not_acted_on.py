"""What is read and has no effect yet is told, so that nobody relies on it."""

import pytest

from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.date_expressions import Due
from ocop_workflow.policy.not_acted_on import not_acted_on
from ocop_workflow.policy.plan import CertificateRules, CyclePlan
from ocop_workflow.policy.rule_set import StatutoryLimit


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


def test_statutory_limits_that_date_nothing_are_named_with_the_reason() -> None:
    files = load_plan_files(find_plan(default_config_dir(), "quang-ninh-2017-2020"), default_config_dir())
    (name, rules), *_ = files.rule_sets.items()
    stage = rules.route.stages[0]
    known = next(step.id for step in stage.steps if step.settled_by is not None)

    def limit(id_: str, of: str, *, stage_id: str | None = stage.id) -> StatutoryLimit:
        due = Due.model_validate({"within": f"5 days of {of}", "source": "article 9"})
        return StatutoryLimit(id=id_, stage=stage_id, step=known if stage_id else None, due=due, article="article 9")

    limits = (limit("watched", "received"), limit("whole", "complete"), limit("floating", "received", stage_id=None))
    changed = rules.model_copy(update={"limits": limits, "validity_months": None, "renewal": None})

    assert not_acted_on(files.plan, {name: changed}) == (
        (
            f'rule set "{name}": the statutory limit "whole" is read, but not watched: '
            "nothing records when a dossier is complete"
        ),
        f'rule set "{name}": the statutory limit "floating" is read, but not watched: it names no stage',
    )


def test_batches_are_acted_on_where_the_plan_dates_their_stages() -> None:
    files = load_plan_files(find_plan(default_config_dir(), "province-2027"), default_config_dir())
    year = files.plan.years[2027]
    undated = [round_.model_copy(update={"stages": {}}) for round_ in year.rounds]
    without = files.plan.model_copy(update={"years": {2027: year.model_copy(update={"rounds": tuple(undated)})}})

    def about_batches(plan: CyclePlan) -> list[str]:
        return [note for note in not_acted_on(plan, files.rule_sets) if "batches" in note]

    assert about_batches(files.plan) == []
    (note,) = about_batches(without)
    assert note.endswith("not watched at national_evaluation, province_evaluation, where the plan gives no date")
