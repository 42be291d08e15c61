"""Whatever the ladder and the sweeps: each rung has one moment and one decision (I2a, I3)."""

from collections import Counter
from datetime import date, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ocop_workflow.clock import at_local, local_day, start_of_day
from ocop_workflow.policy.ladders import (
    RungMoment,
    decide_rungs,
    first_moment_from,
    rung_moments,
)
from ocop_workflow.policy.plan import Audience, CalendarRules, Ladder, Rung
from ocop_workflow.policy.working_days import WorkingDays, working_days_of_vietnam

DAYS = working_days_of_vietnam(range(2017, 2020), CalendarRules())

_RUNGS = st.lists(
    st.builds(
        Rung,
        days=st.integers(-40, 40),
        count=st.sampled_from(["calendar", "working"]),
        audience=st.sampled_from(list(Audience)),
        useful_for_days=st.none() | st.integers(1, 20),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda rung: rung.id,
)
_LAST_DAYS = st.dates(date(2018, 1, 1), date(2018, 12, 1))
_HOURS = st.integers(0, 100 * 24)


def _moments(rungs: list[Rung], last_day: date, days: WorkingDays = DAYS) -> tuple[RungMoment, ...]:
    steps = Ladder(at=time(7, 30), rungs=tuple(rungs), source="made up")
    return rung_moments(steps, due_at=start_of_day(last_day + timedelta(days=1)), days=days)


@given(rungs=_RUNGS, last_day=_LAST_DAYS)
def test_every_rung_has_one_moment_on_a_working_day_and_one_rung_speaks_for_each_audience_and_day(
    rungs: list[Rung], last_day: date
) -> None:
    moments = _moments(rungs, last_day)
    speaking = Counter((moment.audience, local_day(moment.at)) for moment in moments if not moment.merged)

    assert sorted(moment.rung for moment in moments) == sorted(rung.id for rung in rungs)
    assert all(DAYS.is_working_day(local_day(moment.at)) for moment in moments)
    assert all(moment.at == at_local(local_day(moment.at), time(7, 30)) for moment in moments)
    assert set(speaking.values()) == {1}
    assert {(moment.audience, local_day(moment.at)) for moment in moments} == set(speaking)


@given(rungs=_RUNGS, last_day=_LAST_DAYS)
def test_rungs_before_the_date_fire_before_it_and_those_after_it_after_it(rungs: list[Rung], last_day: date) -> None:
    before = {rung.id for rung in rungs if rung.days <= 0}

    for moment in _moments(rungs, last_day):
        assert (local_day(moment.at) <= last_day) == (moment.rung in before)
        assert moment.past_due == (moment.rung not in before)


@given(
    rungs=_RUNGS,
    last_day=_LAST_DAYS,
    sweeps=st.lists(_HOURS, max_size=12),
    opened=_HOURS,
    closed=st.none() | _HOURS,
)
def test_whatever_the_sweeps_each_rung_is_decided_exactly_once(
    rungs: list[Rung], last_day: date, sweeps: list[int], opened: int, closed: int | None
) -> None:
    """I3: sweeps partition time; together they decide each rung that came while the obligation was open, once.

    I2a: no sweep plans more than one notice for an audience.
    """
    start = at_local(last_day - timedelta(days=50), time())
    moments = _moments(rungs, last_day)
    opened_at = start + timedelta(hours=opened)
    end = start + timedelta(days=101)
    closed_at = max(opened_at, start + timedelta(hours=closed)) if closed is not None else None
    seen: list[str] = []
    next_at = first_moment_from(moments, opened_at)
    for now in (*(start + timedelta(hours=hours) for hours in sorted(sweeps)), end):
        known_closed = closed_at if closed_at is not None and closed_at <= now else None
        if next_at is None or next_at > now:
            continue
        decisions = decide_rungs(moments, unhandled_from=next_at, now=now, closed_at=known_closed)
        planned = Counter(decision.moment.audience for decision in decisions if decision.suppression is None)
        assert set(planned.values()) <= {1}
        seen += [decision.moment.rung for decision in decisions]
        next_at = first_moment_from([m for m in moments if m.at > now], now) if known_closed is None else None

    horizon = end if closed_at is None else closed_at
    assert Counter(seen) == Counter(m.rung for m in moments if opened_at <= m.at <= horizon)
