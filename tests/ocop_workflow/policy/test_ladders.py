"""When rungs fire and what becomes of those whose moment has passed (I2a, I3)."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from ocop_workflow.clock import OFFICE_ZONE, start_of_day
from ocop_workflow.policy.ladders import (
    RungMoment,
    Suppression,
    decide_rungs,
    first_moment_from,
    rung_moments,
)
from ocop_workflow.policy.plan import Audience, CalendarRules, Ladder, Rung
from ocop_workflow.policy.working_days import working_days_of_vietnam

DAYS = working_days_of_vietnam(range(2017, 2020), CalendarRules())
MICROSECOND = timedelta(microseconds=1)
RESPONSIBLE, SUPERIOR, OFFICE = Audience.RESPONSIBLE, Audience.SUPERIOR, Audience.OFFICE


def ladder(*rungs: int | dict[str, Any], at: str = "07:30") -> Ladder:
    return Ladder(
        at=time.fromisoformat(at),
        rungs=tuple(Rung.model_validate({"days": rung} if isinstance(rung, int) else rung) for rung in rungs),
        source="chosen for this example",
    )


def by(last_day: str) -> datetime:
    """Return the first instant too late for something due by the end of a day."""
    return start_of_day(date.fromisoformat(last_day) + timedelta(days=1))


def vn(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def fires(moments: tuple[RungMoment, ...]) -> dict[str, str]:
    """Return the local time of each rung."""
    return {moment.rung: moment.at.astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M") for moment in moments}


def decided(moments: tuple[RungMoment, ...], *, since: str, now: datetime, closed: str | None = None) -> dict[str, Any]:
    decisions = decide_rungs(
        moments, unhandled_from=vn(since), now=now, closed_at=vn(closed) if closed is not None else None
    )
    return {decision.moment.rung: decision.suppression for decision in decisions}


# --- moments ---


def test_rungs_count_from_the_last_day_in_time() -> None:
    """Due by Friday 30 March 2018: a week before is the 23rd; a day after is Saturday, so Monday 2 April."""
    moments = rung_moments(ladder(-7, -1, 1, 3), due_at=by("2018-03-30"), days=DAYS)

    assert fires(moments) == {
        "-7": "2018-03-23 07:30",
        "-1": "2018-03-29 07:30",
        "+1": "2018-04-02 07:30",
        "+3": "2018-04-02 07:30",
    }


def test_before_a_strict_date_the_day_before_is_the_last() -> None:
    """ "Trước ngày 30/3" is due at 30 March 00:00, so a rung on the last day fires on the 29th."""
    moments = rung_moments(ladder(0), due_at=vn("2018-03-30 00:00"), days=DAYS)

    assert fires(moments) == {"+0": "2018-03-29 07:30"}


@pytest.mark.parametrize(
    ("last_day", "rung", "expected"),
    [
        ("2018-02-18", -1, "2018-02-13 07:30"),  # Tết 2018 has 14 to 20 February off: earlier
        ("2018-02-21", -1, "2018-02-13 07:30"),
        ("2018-02-21", -7, "2018-02-13 07:30"),
        ("2018-02-22", -1, "2018-02-21 07:30"),
        ("2018-02-13", 1, "2018-02-21 07:30"),  # later
        ("2018-02-15", 3, "2018-02-21 07:30"),
        ("2018-04-30", 0, "2018-04-27 07:30"),  # 30 April and 1 May, after a weekend
        ("2018-05-02", -1, "2018-04-27 07:30"),
        ("2018-04-27", 1, "2018-05-02 07:30"),
        ("2018-04-29", 2, "2018-05-02 07:30"),
        ("2018-04-24", 1, "2018-04-26 07:30"),  # 25 April 2018: the Hùng kings
        ("2018-09-03", 0, "2018-08-31 07:30"),  # 2 September on a Sunday, off on Monday
    ],
)
def test_rungs_never_fire_on_a_day_off(last_day: str, rung: int, expected: str) -> None:
    """Section 7: before the date a rung moves earlier, after it later (peers' mistake 18)."""
    moments = rung_moments(ladder(rung), due_at=by(last_day), days=DAYS)

    assert list(fires(moments).values()) == [expected]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, "2018-04-27 07:30"), (-2, "2018-04-26 07:30"), (-3, "2018-04-24 07:30"), (1, "2018-05-03 07:30")],
)
def test_working_day_rungs_count_working_days(days: int, expected: str) -> None:
    """Due by 2 May 2018: the working day before is 27 April, the third before is the 24th."""
    moments = rung_moments(ladder({"days": days, "count": "working"}), due_at=by("2018-05-02"), days=DAYS)

    assert list(fires(moments).values()) == [expected]


def test_two_rungs_of_one_audience_on_one_day_merge_into_the_later_of_the_ladder() -> None:
    """Section 7: after Tết the rungs -3 and -1 both fall on 13 February; the nearer one to the date speaks."""
    moments = rung_moments(ladder(-3, -1, -10), due_at=by("2018-02-18"), days=DAYS)

    assert [(moment.rung, moment.merged) for moment in moments] == [("-10", False), ("-1", False), ("-3", True)]


def test_rungs_of_different_audiences_on_one_day_do_not_merge() -> None:
    moments = rung_moments(ladder(1, {"days": 3, "audience": "superior"}), due_at=by("2018-03-30"), days=DAYS)

    assert fires(moments) == {"+1": "2018-04-02 07:30", "+3/superior": "2018-04-02 07:30"}
    assert [moment.merged for moment in moments] == [False, False]


def test_a_rung_before_the_date_is_useful_until_the_date_at_most() -> None:
    moments = rung_moments(
        ladder({"days": -7, "useful_for_days": 2}, {"days": -1, "useful_for_days": 5}, 0, 1),
        due_at=by("2018-03-30"),
        days=DAYS,
    )

    assert {moment.rung: moment.useful_until for moment in moments} == {
        "-7": vn("2018-03-25 00:00"),
        "-1": by("2018-03-30"),
        "+0": by("2018-03-30"),
        "+1": None,
    }


def test_a_rung_after_the_date_is_useful_for_its_days() -> None:
    (moment,) = rung_moments(ladder({"days": 1, "useful_for_days": 3}), due_at=by("2018-03-28"), days=DAYS)

    assert moment.useful_until == vn("2018-04-01 00:00")
    assert moment.past_due


def test_rungs_know_whether_they_come_after_the_last_day() -> None:
    moments = rung_moments(ladder(-1, 0, 1), due_at=by("2018-03-28"), days=DAYS)

    assert [moment.past_due for moment in moments] == [False, False, True]


@pytest.mark.parametrize(
    ("floor", "expected"),
    [
        ("2018-03-23 07:30:00", "2018-03-23 07:30"),
        ("2018-03-23 07:30:00.000001", "2018-03-29 07:30"),
        ("2018-03-29 07:30:00.000001", None),
    ],
)
def test_first_moment_from_takes_the_moment_itself(floor: str, expected: str | None) -> None:
    """I3: a rung at the very instant of opening is planned, one a microsecond before is not."""
    moments = rung_moments(ladder(-7, -1), due_at=by("2018-03-30"), days=DAYS)

    assert first_moment_from(moments, vn(floor)) == (vn(expected) if expected is not None else None)


# --- decisions ---

WEEKS = rung_moments(
    ladder(-14, -7, -1, 1, {"days": 3, "audience": "superior"}, {"days": 7, "audience": "office"}),
    due_at=by("2018-03-28"),
    days=DAYS,
)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (vn("2018-03-21 07:30") - MICROSECOND, {}),
        (vn("2018-03-21 07:30"), {"-7": None}),
        (vn("2018-03-21 07:30") + MICROSECOND, {"-7": None}),
    ],
)
def test_decide_rungs_takes_a_rung_from_its_very_moment(now: datetime, expected: dict[str, None]) -> None:
    assert decided(WEEKS, since="2018-03-21 07:30", now=now) == expected


def test_after_an_outage_only_the_latest_useful_rung_is_said() -> None:
    """I3: of several missed rungs for one recipient the latest useful one; the others were overtaken."""
    assert decided(WEEKS, since="2018-03-14 07:30", now=vn("2018-03-28 12:00")) == {
        "-14": Suppression.OVERTAKEN,
        "-7": Suppression.OVERTAKEN,
        "-1": None,
    }


def test_after_the_date_the_reminders_before_it_are_useless_and_each_audience_is_told_once() -> None:
    assert decided(WEEKS, since="2018-03-14 07:30", now=vn("2018-04-10 08:00")) == {
        "-14": Suppression.USELESS,
        "-7": Suppression.USELESS,
        "-1": Suppression.USELESS,
        "+1": None,
        "+3/superior": None,
        "+7/office": None,
    }


@pytest.mark.parametrize(
    ("now", "expected"),
    [(by("2018-03-28") - MICROSECOND, None), (by("2018-03-28"), Suppression.USELESS)],
)
def test_a_reminder_is_useful_up_to_the_due_instant(now: datetime, expected: Suppression | None) -> None:
    """Half-open: at due_at it is too late to say that something is about to fall due."""
    assert decided(WEEKS, since="2018-03-27 07:30", now=now) == {"-1": expected}


def test_a_useless_latest_rung_lets_the_one_before_speak() -> None:
    """I3 says the latest *useful* one."""
    moments = rung_moments(ladder(-7, {"days": -5, "useful_for_days": 1}), due_at=by("2018-03-28"), days=DAYS)

    assert decided(moments, since="2018-03-01 00:00", now=vn("2018-03-26 08:00")) == {
        "-7": None,
        "-5": Suppression.USELESS,
    }


def test_one_recipient_behind_two_audiences_is_told_once() -> None:
    """I3 counts recipients: where the office stands above too, only its latest rung is said."""
    decisions = decide_rungs(
        WEEKS,
        unhandled_from=vn("2018-03-29 07:30"),
        now=vn("2018-04-10 08:00"),
        closed_at=None,
        recipients={RESPONSIBLE: "hill/ocop_team", SUPERIOR: "coast/office", OFFICE: "coast/office"},
    )

    assert {decision.moment.rung: decision.suppression for decision in decisions} == {
        "+1": None,
        "+3/superior": Suppression.OVERTAKEN,
        "+7/office": None,
    }


def test_merged_rungs_are_recorded_as_merged() -> None:
    moments = rung_moments(ladder(-3, -1), due_at=by("2018-02-18"), days=DAYS)

    assert decided(moments, since="2018-02-13 07:30", now=vn("2018-02-13 08:00")) == {
        "-3": Suppression.MERGED,
        "-1": None,
    }


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("2018-03-21 07:29:59.999999", {"-14": Suppression.SETTLED}),
        ("2018-03-21 07:30:00", {"-14": Suppression.SETTLED, "-7": Suppression.SETTLED}),
        ("2018-03-21 07:30:00.000001", {"-14": Suppression.SETTLED, "-7": Suppression.SETTLED}),
    ],
)
def test_rungs_before_the_settlement_are_settled_and_later_ones_never_happen(
    closed: str, expected: dict[str, Suppression]
) -> None:
    """I3: each rung whose moment has passed ends with a reason, also when nobody swept before the settlement."""
    assert decided(WEEKS, since="2018-03-14 07:30", now=vn("2018-06-01 00:00"), closed=closed) == expected
