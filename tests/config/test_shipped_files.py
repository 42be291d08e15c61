"""The files that are shipped: they load, say their sources, and follow the documents they come from."""

import unicodedata
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from ocop_workflow.config_files import (
    PlanFiles,
    default_config_dir,
    find_plan,
    json_schemas,
    load_calendar,
    load_plan_files,
    load_rule_set,
)
from ocop_workflow.config_files.schemas import schema_text
from ocop_workflow.policy.date_expressions import By, ReportBeforeDay, Within
from ocop_workflow.policy.plan import CyclePlan, StepDates
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.working_days import working_days_of_vietnam

CONFIG = default_config_dir()
YAML_FILES = sorted(path for path in CONFIG.rglob("*.yaml"))


@pytest.fixture(scope="module")
def files() -> PlanFiles:
    return load_plan_files(find_plan(CONFIG, "quang-ninh-2017-2020"), CONFIG)


@pytest.mark.parametrize("path", sorted((CONFIG / "cycles").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_plan_has_no_fault(path: Path) -> None:
    assert load_plan_files(path, CONFIG).plan.id == path.stem


@pytest.mark.parametrize("path", sorted((CONFIG / "rulesets").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_rule_set_has_no_fault(path: Path) -> None:
    assert load_rule_set(CONFIG, path.stem).id == path.stem


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_shipped_file_names_its_schema_and_is_in_nfc(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first = text.splitlines()[0]

    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("=")[2]).resolve().is_file()
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize("name", sorted(json_schemas()))
def test_committed_json_schemas_are_current(name: str) -> None:
    committed = (CONFIG / "schema" / f"{name}.schema.json").read_text(encoding="utf-8")

    assert committed == schema_text(json_schemas()[name]), (
        "run ocop_workflow.config_files.write_json_schemas(default_config_dir())"
    )


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_json_schemas_know_every_key_that_is_used(path: Path) -> None:
    """A full validator is no dependency; the keys of the top level must at least be those of the schema."""
    schema = path.read_text(encoding="utf-8").splitlines()[0].rpartition("/")[2].removesuffix(".schema.json")
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 -- BaseLoader gives text only

    assert set(data) <= set(json_schemas()[schema]["properties"])
    assert set(json_schemas()[schema].get("required", ())) <= set(data)


def test_rule_set_of_quang_ninh_has_the_six_stages_in_order(files: PlanFiles) -> None:
    rule_set = files.rule_sets["quang-ninh-2017"]

    assert [stage.id for stage in rule_set.route.stages] == [
        "idea_registration",
        "business_plan",
        "development",
        "district_evaluation",
        "province_evaluation",
        "national_referral",
    ]
    assert [[step.id for step in stage.steps] for stage in rule_set.route.stages] == 6 * [
        ["submission", "receipt", "decision"]
    ]
    assert {step.settled_by for stage in rule_set.route.stages for step in stage.steps} == {
        "submit",
        "receive",
        "conclude",
    }


def test_rule_set_of_quang_ninh_scores_as_decision_1048(files: PlanFiles) -> None:
    rule_set = files.rule_sets["quang-ninh-2017"]

    assert [(part.id, int(part.maximum)) for part in rule_set.parts] == [("A", 35), ("B", 25), ("C", 40)]
    assert [(band.stars, str(band.at_least), str(band.below)) for band in rule_set.bands] == [
        (5, "90", "None"),
        (4, "70", "90"),
        (3, "50", "70"),
        (2, "30", "50"),
        (1, "0", "30"),
    ]
    assert rule_set.validity_months == 36


@pytest.mark.parametrize(
    ("stage", "mean", "to"),
    [
        ("district_evaluation", "49.99", "rated_uncertified"),
        ("district_evaluation", "50", "province_evaluation"),
        ("province_evaluation", "49.99", "rated_uncertified"),
        ("province_evaluation", "50", "recognised"),
        ("province_evaluation", "89.5", "recognised"),
        ("province_evaluation", "90", "national_referral"),
        ("national_referral", "100", "recognised"),
        ("national_referral", "0", "rated_uncertified"),
    ],
)
def test_route_of_quang_ninh_leads_each_mean_to_one_way(files: PlanFiles, stage: str, mean: str, to: str) -> None:
    outcomes = files.rule_sets["quang-ninh-2017"].route.stage(stage).outcomes
    ways = [
        outcome.to
        for outcome in outcomes
        if (outcome.when.at_least or 0) <= Decimal(mean)
        and (outcome.when.below is None or Decimal(mean) < outcome.when.below)
    ]

    assert ways == [to]


def test_units_are_the_province_with_its_14_units_in_the_order_of_the_plan(files: PlanFiles) -> None:
    districts = [u for u in files.units.units_of_level("district") if u.parent == "quang-ninh"]

    assert [unit.name.vi for unit in districts] == [
        "thị xã Đông Triều",
        "thị xã Quảng Yên",
        "thành phố Uông Bí",
        "huyện Hoành Bồ",
        "thành phố Hạ Long",
        "thành phố Cẩm Phả",
        "huyện Vân Đồn",
        "huyện Ba Chẽ",
        "huyện Tiên Yên",
        "huyện Bình Liêu",
        "huyện Đầm Hà",
        "huyện Hải Hà",
        "thành phố Móng Cái",
        "huyện Cô Tô",
    ]
    assert {unit.valid_until for unit in districts} == {date(2020, 1, 1), date(2025, 7, 1)}


def test_superiors_climb_to_the_province(files: PlanFiles) -> None:
    climbed = ["ba-che/ocop_team"]
    while (above := files.units.superior_of(climbed[-1])) is not None:
        climbed.append(above)

    assert climbed == ["ba-che/ocop_team", "ba-che/district_leader", "quang-ninh/province_leader"]
    assert files.units.superior_of("quang-ninh/coordination_office") == "quang-ninh/province_leader"


def test_plan_of_quang_ninh_in_2018_has_one_round_three_meetings_and_reports_before_the_thirtieth(
    files: PlanFiles,
) -> None:
    year = files.plan.years[2018]
    (round_,) = year.rounds
    (duty,) = year.report_duties
    meeting = next(task for task in year.tasks if task.id == "steering-meeting")

    assert list(round_.stages) == [stage.id for stage in files.rule_sets["quang-ninh-2017"].route.stages]
    assert len(meeting.dates) == 3
    assert isinstance(duty.due, ReportBeforeDay)
    assert (duty.every, duty.due.before_day) == ("quarter", 30)
    assert (duty.collector.unit, duty.collector.role) == ("quang-ninh", "coordination_office")


def test_plan_of_quang_ninh_lapses_only_what_the_producer_owes(files: PlanFiles) -> None:
    (round_,) = files.plan.years[2018].rounds
    lapsing = {(stage, step): d.lapse for stage, steps in round_.stages.items() for step, d in steps.items() if d.lapse}

    assert set(lapsing) == {
        (stage, "submission") for stage in ("idea_registration", "business_plan", "development", "district_evaluation")
    }
    assert {lapse.after_days for lapse in lapsing.values()} == {30}


@pytest.mark.parametrize("late_days", [0, 20])
def test_plan_of_quang_ninh_can_decide_every_dossier_in_2018(files: PlanFiles, late_days: int) -> None:
    """Also one that the producer brings 20 days late at each stage, if the offices keep their terms."""
    days = working_days_of_vietnam(range(2017, 2020), files.plan.calendar)
    (round_,) = files.plan.years[2018].rounds
    decided_on = round_.opens_on
    for steps in round_.stages.values():
        if (last_day := printed_last_day(steps["submission"])) is not None:
            assert decided_on <= last_day
            submitted_on = last_day + timedelta(days=late_days)
        else:
            submitted_on = days.add(decided_on, term_of(steps["submission"]))
        received_on = days.add(submitted_on, term_of(steps["receipt"]))
        decided_on = days.add(received_on, term_of(steps["decision"]))

    assert decided_on <= date(2018, 12, 31)


def printed_last_day(dates: StepDates) -> date | None:
    assert dates.due is not None
    return dates.due.date.by.last_day if isinstance(dates.due.date, By) else None


def term_of(dates: StepDates) -> int:
    assert dates.due is not None
    assert isinstance(dates.due.date, Within)
    return dates.due.date.within.count


def test_every_rule_of_the_plan_says_where_it_comes_from(files: PlanFiles) -> None:
    """Whatever is not printed says that it was chosen; the dates of 2018 all are."""
    sources = Counter(_sources(files.plan.model_dump(mode="json")))

    assert sources["chosen for this example"] > 0
    assert not [source for source in sources if not source.strip()]


def _sources(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["source"])] if "source" in value else []
        return own + [found for child in value.values() for found in _sources(child)]
    return [found for child in value for found in _sources(child)] if isinstance(value, list) else []


def test_plan_and_rule_set_come_back_from_json(files: PlanFiles) -> None:
    """They are pinned as JSON when a cycle opens, and must be the same when read again."""
    rule_set = files.rule_sets["quang-ninh-2017"]

    assert CyclePlan.model_validate_json(files.plan.model_dump_json()) == files.plan
    assert RuleSet.model_validate_json(rule_set.model_dump_json()) == rule_set


def test_load_plan_files_merges_the_installations_calendar(files: PlanFiles) -> None:
    assert load_calendar(CONFIG).days_off.keys() == {date(2026, 1, 2)}
    assert files.plan.calendar.working_days.keys() == {date(2026, 1, 10)}
