"""How a report stands follows from its dates and its receipt alone (promise I9)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocop_workflow.clock import OFFICE_ZONE, last_day_in_time, local_day, start_of_day
from ocop_workflow.policy.report_standing import (
    ReportDates,
    Standing,
    days_late,
    days_late_or_missing,
    standing_of,
)


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


DUE, OPENS = vn("2018-03-30 00:00"), vn("2018-02-28 00:00")
IN_TIME, LATE = vn("2018-03-29 23:59"), vn("2018-04-02 08:00")


def report(status: str, came: datetime | None = None, *, figures: bool = True, if_any: bool = False) -> ReportDates:
    return ReportDates(status, OPENS, DUE, came, figures, if_any)


@pytest.mark.parametrize(
    ("received", "days"),
    [
        (None, 0),
        (vn("2018-03-29 23:59:59"), 0),
        (DUE, 1),
        (vn("2018-03-30 23:59:59"), 1),
        (vn("2018-03-31 00:00"), 2),
        (LATE, 4),
    ],
)
def test_days_late_counts_from_the_last_day_in_time(received: datetime | None, days: int) -> None:
    """ "Before the 30th": the 29th is in time, the 30th one day late, 2 April four days."""
    assert days_late(DUE, received) == days


@pytest.mark.parametrize(
    ("dates", "now", "standing", "days"),
    [
        (report("upcoming"), "2018-02-27 08:00", Standing.NOT_YET, 0),
        (report("upcoming"), "2018-02-28 00:00", Standing.AWAITED, 0),
        (report("open"), "2018-03-29 23:59", Standing.AWAITED, 0),
        (report("open"), "2018-03-30 00:00", Standing.MISSING, 1),
        (report("upcoming"), "2018-04-10 00:00", Standing.MISSING, 12),
        (report("submitted", IN_TIME), "2018-04-10 00:00", Standing.IN_TIME, 0),
        (report("accepted", LATE), "2018-04-10 00:00", Standing.LATE, 4),
        (report("nothing_to_report", IN_TIME, figures=False), "2018-04-10 00:00", Standing.NOTHING, 0),
        (report("nothing_to_report", LATE, figures=False), "2018-04-10 00:00", Standing.NOTHING_LATE, 4),
        (report("accepted", IN_TIME, figures=False), "2018-04-10 00:00", Standing.NOTHING, 0),
        (report("returned", LATE), "2018-04-10 00:00", Standing.RETURNED, 4),
        (report("not_required"), "2018-04-10 00:00", Standing.EXCUSED, 0),
        (report("open", figures=False, if_any=True), "2018-04-10 00:00", Standing.NOTHING, 0),
        (report("nothing_to_report", LATE, figures=False, if_any=True), "2018-04-10 00:00", Standing.NOTHING, 0),
        (report("submitted", LATE, if_any=True), "2018-04-10 00:00", Standing.LATE, 4),
    ],
)
def test_standing_of(dates: ReportDates, now: str, standing: Standing, days: int) -> None:
    assert (standing_of(dates, now=vn(now)), days_late_or_missing(dates, now=vn(now))) == (standing, days)


instants = st.datetimes(datetime(2018, 1, 1), datetime(2018, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 -- the strategy adds the zone


@given(instants, st.none() | instants, instants)
def test_standing_of_an_owed_report_follows_from_due_and_receipt_alone(
    due: datetime, received: datetime | None, now: datetime
) -> None:
    """I9: whether a sweep has opened it or not changes nothing; late means on a day after the last one in time."""
    due_at = start_of_day(local_day(due))
    states = ["submitted", "accepted"] if received else ["upcoming", "open"]
    dates = [ReportDates(state, due_at - timedelta(days=30), due_at, received, has_figures=True) for state in states]

    standings = {standing_of(each, now=now) for each in dates}

    assert len(standings) == 1
    if received is not None:
        is_late = local_day(received) > last_day_in_time(due_at)
        assert standings == {Standing.LATE if is_late else Standing.IN_TIME}
        assert (days_late(due_at, received) > 0) == is_late
    else:
        assert (standings == {Standing.MISSING}) == (now >= due_at)
