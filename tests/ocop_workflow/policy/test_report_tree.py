"""Collecting duties: which periods they add up, and a note where nobody has a day to do it."""

import pytest

from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.plan import CyclePlan, ReportDuty
from ocop_workflow.policy.report_tree import collected_periods, collecting_notes


@pytest.fixture(scope="module")
def plan() -> CyclePlan:
    return load_plan_files(find_plan(default_config_dir(), "quang-ninh-2017-2020"), default_config_dir()).plan


@pytest.mark.parametrize(
    ("every", "period", "collected"),
    [
        ("quarter", "2018-Q2", ("2018-Q2",)),
        ("half-year", "2018-H2", ("2018-Q3", "2018-Q4")),
        ("year", "2018", ("2018-Q1", "2018-Q2", "2018-Q3", "2018-Q4")),
        ("month", "2018-05", ()),
    ],
)
def test_collected_periods_are_those_inside(
    plan: CyclePlan, every: str, period: str, collected: tuple[str, ...]
) -> None:
    inputs = plan.years[2018].report_duties[0]
    collecting = inputs.model_copy(update={"every": every})

    assert collected_periods(collecting, inputs, year=2018, period_id=period) == collected


@pytest.mark.parametrize(
    ("due", "count"),
    [
        ({"before_day": 30, "source": "item 4"}, 1),
        ({"before_day": 31, "source": "item 4"}, 0),  # a day later in every quarter, also in June and September
        ({"within": "5 days of period_end", "source": "item 4"}, 0),
    ],
)
def test_collecting_notes_name_a_duty_due_on_the_day_of_its_inputs(
    plan: CyclePlan, due: dict[str, object], count: int
) -> None:
    content = plan.years[2018]
    inputs = content.report_duties[0]
    summary = ReportDuty.model_validate(inputs.model_dump() | {"id": "summary", "collects": inputs.id, "due": due})
    both = content.model_copy(update={"report_duties": (inputs, summary)})

    notes = collecting_notes(plan.model_copy(update={"years": {2018: both}}))

    assert len(notes) == count
    assert all(note.startswith(f'2018: report "summary" is due on the same day as "{inputs.id}"') for note in notes)
