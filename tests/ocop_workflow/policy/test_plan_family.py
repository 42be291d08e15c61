"""A lower plan is told where it falls behind the plan above it (issue 4, item 8)."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ocop_workflow.cli import app
from ocop_workflow.config_files import load_plan_files
from ocop_workflow.policy.plan import CyclePlan, Target
from ocop_workflow.policy.plan_family import targets_below_share

SMALL = Path(__file__).parents[1] / "small"
PARENT = "coast-2018"
Child = Callable[[dict[str, Any]], list[str]]


@pytest.fixture
def notes_on_child(tmp_path: Path) -> Child:
    """A way to check a copy of the small plan as a plan under it, with top-level keys of the copy changed."""
    config = tmp_path / "config"
    shutil.copytree(SMALL, config)
    text = (SMALL / "cycles" / f"{PARENT}.yaml").read_text(encoding="utf-8")

    def check(changes: dict[str, str]) -> list[str]:
        written = text.replace(f"id: {PARENT}", f"id: hill-2018\nparent: {changes.pop('parent', PARENT)}")
        for before, after in changes.items():
            assert before in written
            written = written.replace(before, after)
        (config / "cycles" / "hill-2018.yaml").write_text(written, encoding="utf-8")
        return notes(config, "hill-2018")

    return check


def notes(config: Path, plan: str) -> list[str]:
    ran = CliRunner().invoke(
        app, ["cycle", "check", plan, "--config", str(config)], catch_exceptions=False, env={"COLUMNS": "400"}
    )
    assert ran.exit_code == 0, ran.output
    return [line for line in ran.output.splitlines() if line.startswith("note: ")]


def test_a_plan_that_keeps_its_parents_dates_has_no_warning(notes_on_child: Child) -> None:
    assert notes_on_child({}) == []


def test_a_step_after_the_parents_day_is_named_with_both_days(notes_on_child: Child) -> None:
    """The parent wants the dossiers by 30 March; also a round of another name is compared."""
    [note] = notes_on_child({"by: 2018-03-30": "by: 2018-04-06", "id: r1": "id: spring"})

    assert 'dossier step "registration/submission" is due by 2018-04-06, after the parent plan\'s 2018-03-30' in note


def test_a_step_before_the_parents_day_is_no_matter(notes_on_child: Child) -> None:
    assert notes_on_child({"by: 2018-03-30": "by: 2018-03-23"}) == []


def test_later_reports_and_meetings_are_named_once_for_all_units(notes_on_child: Child) -> None:
    """Before the 31st is a day later than before the 30th, also in months of 30 days; two districts owe it."""
    found = notes_on_child({"before_day: 30": "before_day: 31", "by: 2018-08-10": "by: 2018-08-17"})

    assert [note.partition(" is due")[0] for note in found] == [
        'note: report "progress/2018-Q1"',
        'note: report "progress/2018-Q2"',
        'note: plan task "meeting/2"',
        'note: report "progress/2018-Q3"',
        'note: report "progress/2018-Q4"',
    ]


def test_a_parent_that_is_not_here_is_said_to_be_not_compared(notes_on_child: Child) -> None:
    [note] = notes_on_child({"parent": "province-2018"})

    assert "the parent plan province-2018 is not among the configuration's cycles/" in note


def test_a_parent_lists_the_plans_under_it(notes_on_child: Child, tmp_path: Path) -> None:
    notes_on_child({})

    [note] = notes(tmp_path / "config", PARENT)

    assert note == "note: plans under this one: hill-2018; look at them again when this one is amended"


def target(**given: Any) -> Target:
    return Target.model_validate(
        {"id": "ideas", "title": {"vi": "Ý tưởng", "en": "Ideas"}, "source": "item 6", **given}
    )


@pytest.mark.parametrize(
    ("office", "mine", "above", "said"),
    [
        ("hill", {"least": 1}, {"least": 2, "per": "district"}, "1, below its share of 2"),
        ("hill", {"least": 2}, {"least": 2, "per": "district"}, None),
        ("coast", {"least": 3}, {"least": 2, "per": "district"}, "3, below its share of 4"),
        ("coast", {"least": 2, "per": "district"}, {"least": 2, "per": "district"}, None),
        ("hill", {"percent": 90}, {"percent": 100}, "90 %, below its share of 100 %"),
        ("hill", {"percent": 100}, {"percent": 100}, None),
        ("hill", {"least": 1}, {"least": 250}, None),
        ("hill", {"id": "other", "least": 0}, {"least": 2, "per": "district"}, None),
    ],
)
def test_a_target_below_its_share_is_named(
    office: str, mine: dict[str, Any], above: dict[str, Any], said: str | None
) -> None:
    """Two ideas for each district: a district owes two, a province with two districts four; a total has no share."""
    files = load_plan_files(SMALL / "cycles" / f"{PARENT}.yaml", SMALL)

    found = targets_below_share(
        _with(files.plan, target(**mine), office), files.units, _with(files.plan, target(**above), "coast")
    )

    assert [said in sentence if said else sentence for sentence in found] == ([True] if said else [])


def _with(plan: CyclePlan, wanted: Target, office: str) -> CyclePlan:
    return plan.model_copy(update={"targets": (wanted,), "office": office})
