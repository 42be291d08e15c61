"""Long tasks are lines of their lead's quarterly report: which, in whose and in which quarters, as the plans say."""

from functools import cache

import pytest

from ocop_workflow.config_files import PlanFiles, default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.report_lines import with_lines

CONFIG = default_config_dir()


@cache
def files_of(plan_id: str) -> PlanFiles:
    return load_plan_files(find_plan(CONFIG, plan_id), CONFIG)


def lines(plan_id: str, year: int, duty_id: str, unit: str | None = None, period: str | None = None) -> list[str]:
    files = files_of(plan_id)
    duty = next(each for each in files.plan.years[year].report_duties if each.id == duty_id)
    made = with_lines(duty, files.plan, files.units, year=year, unit=unit, period_id=period)
    assert all(figure.kind == "text" and figure.optional for figure in made.figures[len(duty.figures) :])
    return [figure.id for figure in made.figures[len(duty.figures) :]]


DISTRICT_TASKS = [
    "task-idea-selection",
    "task-business-plan-training",
    "task-business-plan-selection",
    "task-idea-survey",
    "task-survey-report",
    "task-idea-workshops",
    "task-product-projects",
]
"""Quảng Ninh's table of tasks has these in each of 14 districts and each of four years."""


@pytest.mark.parametrize("unit", ["dong-trieu", "co-to"])
@pytest.mark.parametrize("period", ["2018-Q1", "2018-Q4"])
def test_each_district_of_quang_ninh_tells_of_the_tasks_it_leads(unit: str, period: str) -> None:
    """The projects of item VII.7.2 run from the second quarter of 2017 to the fourth of 2020, so 2018 has them too."""
    found = lines("quang-ninh-2017-2020", 2018, "quarterly-progress", unit, period)

    assert sorted(found) == sorted([*DISTRICT_TASKS, "task-district-projects"])


def test_what_is_reckoned_by_a_day_or_led_by_others_is_no_line() -> None:
    """Meetings have days and reminders, the province's own windows are its own; neither is a district's to tell."""
    found = lines("quang-ninh-2017-2020", 2018, "quarterly-progress")

    assert not {"task-steering-meeting", "task-awareness", "task-quality-standards"} & set(found)


def test_only_the_broadcaster_of_cam_pha_tells_of_what_it_does_all_the_time() -> None:
    """III.2.5: the broadcaster informs "thường xuyên"; what has no date at all is no line of anybody."""
    duties = [duty.id for duty in files_of("cam-pha-2015").plan.years[2015].report_duties]

    found = {duty: lines("cam-pha-2015", 2015, duty) for duty in duties}

    assert {duty: names for duty, names in found.items() if names} == {"broadcaster": ["task-awareness"]}


def test_a_yearly_report_has_no_lines() -> None:
    """Vĩnh Nguơn has tasks "thường xuyên" and a report once a year."""
    assert lines("vinh-nguon-2023", 2023, "dossiers") == []
