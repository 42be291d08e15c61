"""When the rungs of a ladder fire, and what becomes of those whose moment has passed (promises I2a, I3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ocop_workflow.clock import at_local, last_day_in_time, local_day, start_of_day
from ocop_workflow.policy.plan import Audience, Ladder, Rung
from ocop_workflow.policy.working_days import WorkingDays


class Suppression(StrEnum):
    """Why a notice was not sent."""

    OVERTAKEN = "overtaken"
    SETTLED = "settled"
    USELESS = "useless"
    MERGED = "merged"
    REDATED = "redated"
    WITHDRAWN = "withdrawn"
    HANDED_ON = "handed_on"
    NO_RECIPIENT = "no_recipient"
    NO_ADDRESS = "no_address"
    REFUSED = "refused"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class RungMoment:
    """When one rung fires.

    Attributes:
        rung: The rung's id in its ladder.
        audience: To whom it speaks.
        at: The moment, in UTC; never on a day off.
        useful_until: The first instant at which saying it makes no sense any more, or None.
        merged: Another rung for the same audience falls on the same day and speaks for this one.
        past_due: It comes after the last day in time, so it says that something is late.
    """

    rung: str
    audience: Audience
    at: datetime
    useful_until: datetime | None
    merged: bool
    past_due: bool


@dataclass(frozen=True, slots=True)
class RungDecision:
    """What becomes of a rung: a notice to send (no suppression), or why none is sent."""

    moment: RungMoment
    suppression: Suppression | None


def rung_moments(ladder: Ladder, *, due_at: datetime, days: WorkingDays) -> tuple[RungMoment, ...]:
    """Return the moments of a ladder for one due instant, earliest first.

    A rung before the date that falls on a day off moves earlier, one after it later. Of two rungs for one
    audience on one day the one nearer to the end of the ladder speaks, the other is merged into it.
    """
    last_day = last_day_in_time(due_at)
    moments = [_moment(rung, ladder, due_at=due_at, days=days) for rung in sorted(ladder.rungs, key=lambda r: r.days)]
    spoken: dict[tuple[Audience, datetime], RungMoment] = {}
    for moment in moments:
        spoken[moment.audience, start_of_day(local_day(moment.at))] = moment
    kept = {id(moment) for moment in spoken.values()}
    return tuple(
        sorted(
            (
                RungMoment(
                    m.rung, m.audience, m.at, m.useful_until, id(m) not in kept, past_due=local_day(m.at) > last_day
                )
                for m in moments
            ),
            key=lambda m: (m.at, m.rung),
        )
    )


def _moment(rung: Rung, ladder: Ladder, *, due_at: datetime, days: WorkingDays) -> RungMoment:
    last_day = last_day_in_time(due_at)
    if rung.count == "working" and rung.days:
        day = days.add(last_day, rung.days)
    else:
        day = last_day + timedelta(days=rung.days)
        day = days.roll_back(day) if rung.days <= 0 else days.roll_forward(day)
    at = at_local(day, ladder.at)
    ends = [] if rung.days > 0 else [due_at]
    if rung.useful_for_days is not None:
        ends.append(start_of_day(day + timedelta(days=rung.useful_for_days)))
    return RungMoment(rung.id, rung.audience, at, min(ends) if ends else None, merged=False, past_due=rung.days > 0)


def first_moment_from(moments: Sequence[RungMoment], floor: datetime) -> datetime | None:
    """Return the earliest moment at or after `floor`, or None when the ladder has no more."""
    return min((moment.at for moment in moments if moment.at >= floor), default=None)


def decide_rungs(
    moments: Sequence[RungMoment],
    *,
    unhandled_from: datetime,
    now: datetime,
    closed_at: datetime | None,
    recipients: Mapping[Audience, str] | None = None,
) -> tuple[RungDecision, ...]:
    """Decide every rung whose moment has come and was not decided before.

    Of several for one recipient only the latest that is still useful is said; the others are overtaken. When the
    obligation was settled after a moment had passed, the rung is recorded as settled. Rungs later than the
    settlement never happen.

    Args:
        moments: The ladder's moments, earliest first.
        unhandled_from: The earliest moment not decided yet.
        now: Business time.
        closed_at: When the obligation was completed or cancelled, or None while it is open.
        recipients: Who stands behind each audience; without it each audience is a recipient of its own.
    """
    whom: Mapping[Audience, str] = recipients or {audience: audience.value for audience in Audience}
    horizon = now if closed_at is None else min(now, closed_at)
    due = [moment for moment in moments if unhandled_from <= moment.at <= horizon]
    speakable = [
        m for m in due if not m.merged and closed_at is None and (m.useful_until is None or now < m.useful_until)
    ]
    latest = {whom[moment.audience]: moment for moment in speakable}
    decisions = []
    for moment in due:
        suppression: Suppression | None
        if moment.merged:
            suppression = Suppression.MERGED
        elif closed_at is not None:
            suppression = Suppression.SETTLED
        elif moment not in speakable:
            suppression = Suppression.USELESS
        else:
            suppression = None if latest[whom[moment.audience]] is moment else Suppression.OVERTAKEN
        decisions.append(RungDecision(moment, suppression))
    return tuple(decisions)
