"""Days off are pinned for as long as a cycle's leftovers may live (I6)."""

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.policy.working_days import WorkingDays, working_days_of_plan
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office


def test_the_pinned_days_are_those_that_the_plan_was_checked_with(office: "Office") -> None:
    """I6: a rung that `cycle check` has reckoned can be reckoned again when it comes."""
    plan = office.documents.plan
    with office.reading() as work:
        pinned = work.books.of_cycle(work.session, office.cycle(work)).days

    assert pinned == working_days_of_plan(plan.first_day, plan.runs_until, plan.calendar)
    assert (pinned.first_year, pinned.last_year) == (2016, 2024)
    assert WorkingDays.from_snapshot(pinned.snapshot()) == pinned


@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2019-04-02", "2019-04-18 00:00"),  # after the horizon; Monday 15 April is off for a holiday on Sunday
        ("2021-01-04", "2021-01-19 00:00"),  # two years later
        ("2023-12-18", "2024-01-03 00:00"),  # New Year's Day does not count
    ],
)
def test_a_leftover_goes_on_years_after_the_horizon(office: "Office", day: str, due: str) -> None:
    """Section 3: last year's leftovers beside this year's cycle; their dates, rungs and mails need days off too."""
    office.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    office.act(f"{day} 08:00", DossierTrigger.RECEIVE)

    with office.reading() as work:
        expected = datetime.fromisoformat(due).replace(tzinfo=OFFICE_ZONE)
        assert office.obligation(work, "decision").due_at == expected
    office.sweep(f"{day} 09:00")
    assert office.send(f"{day} 09:00").failed == 0
