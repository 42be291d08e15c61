"""What was requested too late for one batch is evaluated in the next (QĐ 26/2026/QĐ-TTg, Điều 5)."""

from datetime import date, datetime

import pytest

from ocop_workflow.clock import OFFICE_ZONE, start_of_day
from ocop_workflow.config_files import default_config_dir, load_rule_sets
from ocop_workflow.policy.batches import batch_of, in_its_batch
from ocop_workflow.policy.date_expressions import Firmness, Origin, ResolvedDue

RULES = load_rule_sets(default_config_dir())["qd-26-2026"]
PROVINCE, NATIONAL = "province_evaluation", "national_evaluation"


@pytest.mark.parametrize(
    ("stage", "requested_on", "before", "held"),
    [
        (PROVINCE, "2027-04-29", "2027-04-30", "2027-06-30"),
        (PROVINCE, "2027-04-30", "2027-10-30", "2027-12-30"),  # "trước ngày 30/4": the day itself is too late
        (PROVINCE, "2027-10-30", "2028-04-30", "2028-06-30"),
        (PROVINCE, "2028-01-01", "2028-04-30", "2028-06-30"),
        (NATIONAL, "2027-07-29", "2027-07-30", "2027-09-30"),
        (NATIONAL, "2027-07-30", "2028-01-30", "2028-03-30"),
        (NATIONAL, "2027-12-31", "2028-01-30", "2028-03-30"),
    ],
)
def test_a_request_belongs_to_the_first_batch_that_it_is_in_time_for(
    stage: str, requested_on: str, before: str, held: str
) -> None:
    """Điều 5.1: asked before 30/4 and 30/10, held before 30/6 and 30/12; 5.2: before 30/7 and 30/1, 30/9 and 30/3."""
    found = batch_of(RULES, stage, date.fromisoformat(requested_on))

    assert found is not None
    assert (str(found.requested_before), str(found.held_before)) == (before, held)


def test_a_stage_without_batches_has_none() -> None:
    assert batch_of(RULES, "commune_assessment", date(2027, 4, 1)) is None


@pytest.mark.parametrize(
    ("planned", "requested", "last_day"),
    [
        ("2027-06-29", "2027-04-29 23:59", "2027-06-29"),
        ("2027-06-29", "2027-04-30 00:00", "2027-12-29"),
        ("2027-06-10", "2027-04-29 23:59", "2027-06-10"),  # an office may meet earlier than the law asks
        ("2027-06-10", "2027-05-05 08:00", "2027-12-29"),
        ("2027-06-29", "2028-02-01 08:00", "2028-06-29"),
        ("2027-12-29", "2027-04-01 08:00", "2027-12-29"),  # asked early for a later batch: the plan's day stands
    ],
)
def test_a_fixed_day_moves_to_the_batch_of_the_request(planned: str, requested: str, last_day: str) -> None:
    day = date.fromisoformat(planned)
    due_at = start_of_day(day.replace(day=day.day + 1))
    due = ResolvedDue(None, due_at, day, Firmness.HARD, Origin.STATUTORY, "before", "Điều 5.1")

    moved = in_its_batch(
        due, RULES, PROVINCE, requested_at=datetime.fromisoformat(requested).replace(tzinfo=OFFICE_ZONE)
    )

    assert str(moved.last_day) == last_day
    assert (moved.code == "next_batch") == (last_day != planned)
    assert (moved.origin, moved.firmness) == (Origin.STATUTORY, Firmness.HARD)
