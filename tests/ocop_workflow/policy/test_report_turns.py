"""Whose turn it is to report for which period, in a whole year and in what is left of one."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from ocop_workflow.config_files import PlanFiles, load_plan_files
from ocop_workflow.policy.date_expressions import ReportDue
from ocop_workflow.policy.report_turns import dated_periods, report_turns
from ocop_workflow.policy.working_days import working_days_of_plan
from ocop_workflow.policy.year_calendar import CalendarKind, year_calendar

SMALL = Path(__file__).parents[1] / "small"


@pytest.fixture(scope="module")
def files() -> PlanFiles:
    return load_plan_files(SMALL / "cycles" / "coast-2018.yaml", SMALL)


def periods(files: PlanFiles, first_day: str, **due: Any) -> list[str]:
    """Return the periods on which is reported under a plan that begins on a day."""
    plan = files.plan.model_validate({**files.plan.model_dump(mode="json"), "first_day": first_day})
    duty = plan.years[2018].report_duties[0]
    if due:
        rule: Any = TypeAdapter(ReportDue).validate_python({**due, "source": "item 7"})
        duty = duty.model_copy(update={"due": rule})
    days = working_days_of_plan(plan.first_day, plan.runs_until, plan.calendar)
    return [period.id for period, _ in dated_periods(plan, duty, year=2018, days=days)]


@pytest.mark.parametrize(
    ("first_day", "left"),
    [
        ("2018-01-01", ["2018-Q1", "2018-Q2", "2018-Q3", "2018-Q4"]),
        ("2018-03-29", ["2018-Q1", "2018-Q2", "2018-Q3", "2018-Q4"]),  # the last day in time for the first quarter
        ("2018-03-30", ["2018-Q2", "2018-Q3", "2018-Q4"]),
        ("2018-07-02", ["2018-Q3", "2018-Q4"]),
    ],
)
def test_no_report_is_asked_for_that_was_due_before_the_plans_first_day(
    files: PlanFiles, first_day: str, left: list[str]
) -> None:
    """A plan signed in the middle of its year asks nothing of the time before; "trước ngày 30" ends on the 29th."""
    assert periods(files, first_day) == left


def test_a_report_due_after_the_first_day_is_asked_for_though_its_period_began_before(files: PlanFiles) -> None:
    assert periods(files, "2018-04-02", within="10 days of period_end") == ["2018-Q1", "2018-Q2", "2018-Q3", "2018-Q4"]


def test_report_turns_and_the_calendar_of_the_year_agree(files: PlanFiles) -> None:
    """Section 2: what is shown before the cycle is opened is what opening it makes."""
    plan = files.plan.model_copy(update={"first_day": files.plan.first_day.replace(month=7)})
    days = working_days_of_plan(plan.first_day, plan.runs_until, plan.calendar)
    turns = [(turn.period.id, turn.unit) for turn in report_turns(plan, files.units, year=2018, days=days)]
    shown = year_calendar(plan, files.rule_sets, files.units, days=days, year=2018)

    assert turns == [("2018-Q3", "delta"), ("2018-Q3", "hill"), ("2018-Q4", "delta"), ("2018-Q4", "hill")]
    reports = [entry.subject for entry in shown if entry.kind is CalendarKind.REPORT]
    assert sorted(reports) == sorted(f"progress/{period}/{unit}" for period, unit in turns)
