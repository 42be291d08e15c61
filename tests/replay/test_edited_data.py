"""The data drives the outcome: a threshold, a stage and a rung edited in a copy of the YAML, and the result moves."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from notifications.catcher import MailCatcher
from ocop_workflow.config_files import default_config_dir, load_plan_files
from ocop_workflow.replay import Staging

SPRING = Path(__file__).with_name("spring.yaml")
RULE_SET = "rulesets/quang-ninh-2017.yaml"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the shipped configuration with the spring's plan beside it."""
    copy = tmp_path / "config"
    shutil.copytree(default_config_dir(), copy)
    shutil.copy(SPRING, copy / "cycles" / "spring.yaml")
    return copy


def edit(path: Path, before: str, after: str) -> None:
    """Replace text that must be there."""
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture
def play(open_theatre: Callable[[Staging], Any], spring: Staging, config: Path) -> Callable[[], Any]:
    """Replay the spring with the copied configuration as it is now."""

    def go() -> Any:
        files = load_plan_files(config / "cycles" / "spring.yaml", config)
        theatre = open_theatre(replace(spring, files=files))
        with MailCatcher(theatre.folder / "mail") as catcher:
            met = theatre.to_the_end(*theatre.start(catcher.port))
        assert (met.refused, met.failures) == ([], [])
        return theatre.outcome()

    return go


def dossiers(outcome: Any) -> dict[str, Any]:
    """Return the dossiers' states only."""
    return {key: state for key, state in outcome.states.items() if len(state) == 3}


def test_higher_threshold_lets_fewer_dossiers_leave_the_district(
    play: Callable[[], Any], reference: Callable[[str], Any], config: Path
) -> None:
    """With 99 points asked of a district's product nobody reaches the province; before somebody did."""
    rules = config / RULE_SET
    text = rules.read_text(encoding="utf-8")
    start, end = text.index("    - id: district_evaluation"), text.index("    - id: province_evaluation")
    district = text[start:end]
    assert (district.count("at_least: 50 "), district.count("below: 50 ")) == (1, 1)
    stricter = district.replace("at_least: 50 ", "at_least: 99 ").replace("below: 50 ", "below: 99 ")
    rules.write_text(text[:start] + stricter + text[end:], encoding="utf-8")
    before, after = dossiers(reference("spring")), dossiers(play())

    assert any(state[0] == "province_evaluation" for state in before.values())
    assert not any(state[0] in ("province_evaluation", "national_referral") for state in after.values())


def test_stage_taken_out_of_the_route_is_not_passed(
    play: Callable[[], Any], reference: Callable[[str], Any], config: Path
) -> None:
    """Without the business plan an accepted idea goes straight to development, and nobody is asked for a plan."""
    rules, plan = config / RULE_SET, config / "cycles" / "spring.yaml"
    edit(rules, "verdict: accepted }, to: business_plan", "verdict: accepted }, to: development")
    text = rules.read_text(encoding="utf-8")
    start, end = text.index("    - id: business_plan"), text.index("    - id: development")
    rules.write_text(text[:start] + text[end:], encoding="utf-8")
    text = plan.read_text(encoding="utf-8")
    start, end = text.index("          business_plan:"), text.index("          development:")
    plan.write_text(text[:start] + text[end:], encoding="utf-8")
    before, after = reference("spring"), play()

    assert any("/business_plan/" in key for key in before.notices)
    assert not any("/business_plan/" in key for key in after.notices)
    assert any(state[1] in ("recognised", "rated_uncertified") for state in dossiers(after).values())


def test_rung_moved_is_said_on_another_day(
    play: Callable[[], Any], reference: Callable[[str], Any], config: Path
) -> None:
    """The producers' reminder of a week before becomes one of five days before."""
    edit(config / "cycles" / "spring.yaml", "rungs: [{ days: -7 }, { days: -3 }", "rungs: [{ days: -5 }, { days: -3 }")
    before, after = reference("spring"), play()

    def rungs(outcome: Any) -> set[str]:
        return {key.split("|")[2] for key in outcome.notices if "/idea_registration/submission|" in key}

    assert "-7" in rungs(before)
    assert "-7" not in rungs(after)
    assert "-5" in rungs(after)
    assert dossiers(before) == dossiers(after)
