"""A task that each unit of a level owes becomes one for each, as long as the unit exists."""

from datetime import date

import pytest

from ocop_workflow.policy.plan import CyclePlan, CycleYear
from ocop_workflow.policy.plan_checks import check_plan
from ocop_workflow.policy.report_turns import report_turns
from ocop_workflow.policy.task_units import unfold_tasks
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.policy.working_days import WorkingDays

TITLE = {"vi": "Tập huấn", "en": "Training"}
UNITS = UnitRegister.model_validate(
    {
        "id": "made-up",
        "source": "made up for the tests",
        "roles": {
            "team": {"level": "district", "title": {"vi": "Tổ", "en": "team"}},
            "office": {"level": "province", "title": {"vi": "Ban", "en": "board"}},
        },
        "units": [
            {"id": "north", "level": "province", "name": {"vi": "Bắc", "en": "North"}},
            {"id": "south", "level": "province", "name": {"vi": "Nam", "en": "South"}},
            {"id": "hill", "level": "district", "parent": "north", "name": {"vi": "Đồi", "en": "Hill"}},
            {
                "id": "lake",
                "level": "district",
                "parent": "north",
                "name": {"vi": "Hồ", "en": "Lake"},
                "valid_until": "2020-01-01",
                "successors": ["hill"],
            },
            {
                "id": "dune",
                "level": "district",
                "parent": "north",
                "name": {"vi": "Cồn", "en": "Dune"},
                "valid_from": "2020-01-01",
            },
            {"id": "cape", "level": "district", "parent": "south", "name": {"vi": "Mũi", "en": "Cape"}},
        ],
    }
)
DUTY = {
    "id": "progress",
    "title": TITLE,
    "every": "quarter",
    "reporters": {"role": "team", "level": "district"},
    "collector": {"role": "office", "unit": "north"},
    "due": {"before_day": 30, "source": "item 2"},
    "source": "item 2",
}


def plan_with(**task: object) -> CyclePlan:
    written = {"id": "training", "title": TITLE, "lead": {"role": "team"}, "source": "item 1", **task}
    return CyclePlan.model_validate(
        {
            "id": "made-up",
            "title": TITLE,
            "source": "made up for the tests",
            "office": "north",
            "office_role": "office",
            "units": "made-up",
            "first_day": "2019-01-01",
            "runs_until": "2021-01-01",
            "rule_set": "none",
            "digest_at": "07:00",
            "ladders": {},
            "years": {
                2019: {"tasks": [written], "report_duties": [DUTY]},
                2020: {"tasks": [written], "report_duties": [DUTY]},
            },
        }
    )


def leads_of(content: CycleYear) -> list[tuple[str, str | None]]:
    return [(task.id, task.lead.unit) for task in content.tasks]


def test_each_unit_that_exists_when_the_year_begins_owes_the_task_for_itself() -> None:
    unfolded = unfold_tasks(plan_with(each="district"), UNITS)

    assert leads_of(unfolded.years[2019]) == [("training.hill", "hill"), ("training.lake", "lake")]
    assert leads_of(unfolded.years[2020]) == [("training.hill", "hill"), ("training.dune", "dune")]
    assert {task.each for content in unfolded.years.values() for task in content.tasks} == {None}


def test_a_task_of_one_lead_stays_as_it_is() -> None:
    plan = plan_with(lead={"role": "office"})

    assert unfold_tasks(plan, UNITS) == plan


def test_a_unit_reports_on_the_quarters_at_whose_end_it_exists() -> None:
    """Lake is gone on 1/1/2020: it still reports on the fourth quarter of 2019, Dune from the first of 2020."""
    plan, days = plan_with(), WorkingDays(2018, 2021)
    found = {
        (turn.period.id, turn.unit) for year in (2019, 2020) for turn in report_turns(plan, UNITS, year=year, days=days)
    }

    assert {unit for period, unit in found if period == "2019-Q4"} == {"hill", "lake"}
    assert {unit for period, unit in found if period == "2020-Q1"} == {"hill", "dune"}


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        ({"lead": {"role": "team"}}, "or write each: district"),
        ({"lead": {"role": "office"}, "each": "district"}, "its lead must be a role of that level"),
        ({"lead": {"role": "team", "unit": "hill"}, "each": "district"}, "without a unit"),
        ({"lead": {"role": "team"}, "each": "commune"}, "its lead must be a role of that level"),
    ],
)
def test_check_finds_a_lead_that_is_not_each_units_own(task: dict[str, object], sentence: str) -> None:
    found = [finding.sentence for finding in check_plan(plan_with(**task), {}, UNITS)]

    assert len(found) == 2  # one for each year
    assert all(sentence in each for each in found)


def test_a_unit_exists_from_its_first_day_until_the_day_it_is_gone() -> None:
    lake, dune = UNITS.unit("lake"), UNITS.unit("dune")

    assert (lake.exists_on(date(2019, 12, 31)), lake.exists_on(date(2020, 1, 1))) == (True, False)
    assert (dune.exists_on(date(2019, 12, 31)), dune.exists_on(date(2020, 1, 1))) == (False, True)
