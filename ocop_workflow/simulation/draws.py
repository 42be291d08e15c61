"""Chance that is fixed before the run: every draw is a pure function of seed, subject and step."""

import hashlib
from datetime import date, datetime, time, timedelta

from ocop_workflow.clock import at_local, local_day
from ocop_workflow.policy.working_days import WorkingDays

_SCALE = 2**64
OFFICE_OPENS = time(8)
OFFICE_MINUTES = 8 * 60


def draw(seed: int, subject: str, step: str) -> float:
    """Return a number in [0, 1) that depends on nothing but its arguments."""
    material = f"{seed}\x00{subject}\x00{step}".encode()
    return int.from_bytes(hashlib.blake2b(material, digest_size=8).digest()) / _SCALE


def office_time(day: date, share: float) -> datetime:
    """Return an instant in the office hours (08:00 to 16:00) of a local day, `share` of the way through."""
    return at_local(day, OFFICE_OPENS) + timedelta(seconds=int(share * OFFICE_MINUTES * 60))


def next_office_time(after: datetime, share: float, days: WorkingDays) -> datetime:
    """Return an instant in the office hours of the first working day after an instant's own day."""
    return office_time(days.add(local_day(after), 1), share)


def day_between(first: date, last: date, share: float, days: WorkingDays) -> date:
    """Return a working day from `first` to `last`, `share` of the way; the nearest one after when there is none."""
    span = max((last - first).days, 0)
    day = first + timedelta(days=int(share * (span + 1)))
    earlier = days.roll_back(day)
    return earlier if earlier >= first else days.roll_forward(day)
