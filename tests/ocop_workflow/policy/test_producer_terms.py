"""What an office's delay leaves of a producer's date (I5)."""

from datetime import date, datetime

import pytest

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.policy.date_expressions import Due, ResolvedDue, resolve_due
from ocop_workflow.policy.plan import CalendarRules
from ocop_workflow.policy.producer_terms import fair_last_day, with_fair_term
from ocop_workflow.policy.working_days import working_days_of_vietnam

DAYS = working_days_of_vietnam(range(2017, 2020), CalendarRules())


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def by_25_may(**more: str) -> ResolvedDue:
    due = Due.model_validate({"by": "2018-05-25", "source": "item 1", **more})
    return resolve_due(due, year=2018, zone=OFFICE_ZONE, days=DAYS)


@pytest.mark.parametrize(
    ("told_at", "last_day"),
    [
        ("2018-04-02 08:00", "2018-05-25"),
        ("2018-05-18 23:59", "2018-05-25"),  # Friday: the five working days are 21 to 25 May
        ("2018-05-19 00:00", "2018-05-25"),  # Saturday: the same five
        ("2018-05-21 00:00", "2018-05-28"),  # one day later, and only four are left
        ("2018-05-25 16:00", "2018-06-01"),
        ("2018-07-02 09:00", "2018-07-09"),
        ("2018-12-28 09:00", "2019-01-07"),  # New Year's Day does not count
    ],
)
def test_with_fair_term_leaves_a_producer_five_working_days(told_at: str, last_day: str) -> None:
    due = with_fair_term(by_25_may(), told_at=vn(told_at), days=DAYS, at_least=5)

    assert due.last_day == date.fromisoformat(last_day)
    assert due.due_at is not None
    assert due.due_at.astimezone(OFFICE_ZONE).time() == datetime.min.time()
    assert (due.due_at.astimezone(OFFICE_ZONE).date() - due.last_day).days == 1


def test_with_fair_term_says_why_the_date_is_another_one() -> None:
    """Section 6: each deadline explains itself."""
    due = with_fair_term(by_25_may(), told_at=vn("2018-07-02 09:00"), days=DAYS, at_least=5)

    assert due.code == "office_delay"
    assert due.params == {"from_on": "2018-05-25", "start_on": "2018-07-03", "last_on": "2018-07-09", "count": 5}
    assert due.source == "item 1"


def test_with_fair_term_moves_no_statutory_date() -> None:
    """Section 4: nobody here may move what the law sets."""
    law = by_25_may(origin="statutory")

    assert with_fair_term(law, told_at=vn("2018-07-02 09:00"), days=DAYS, at_least=5) == law


def test_with_fair_term_makes_no_date_where_there_is_none() -> None:
    none = resolve_due(Due.model_validate({"at": "none", "source": "item 1"}), year=2018, zone=OFFICE_ZONE, days=DAYS)

    assert with_fair_term(none, told_at=vn("2018-07-02 09:00"), days=DAYS, at_least=5) == none


def test_fair_last_day_passes_over_tet() -> None:
    """The public holiday of Tết 2018 ran from 14 to 20 February."""
    assert fair_last_day(vn("2018-02-12 10:00"), days=DAYS, at_least=2) == date(2018, 2, 21)
