"""What the demo replays: `config/demo.yaml`."""

from datetime import time

from pydantic import Field

from ocop_workflow.policy.document import Identifier, Record

Share = float


class Behaviour(Record):
    """How the scripted people of the demo behave; shares are from 0 to 1.

    `in_time`, `late` and `never` are shares of the submissions owed by producers, `late_days_at_most` bounds the
    late ones. `officials_late` and `officials_late_days_at_most` say the same of officials, who always act in the
    end. `accepted` is the share of verdicts that accept; `reports_late` and `reports_never` are shares of reports.
    `without_address` is the share of producers who have no e-mail address.
    """

    in_time: Share = Field(ge=0, le=1)
    late: Share = Field(ge=0, le=1)
    never: Share = Field(ge=0, le=1)
    late_days_at_most: int = Field(ge=1, le=60)
    accepted: Share = Field(ge=0, le=1)
    officials_late: Share = Field(ge=0, le=1)
    officials_late_days_at_most: int = Field(ge=1, le=60)
    reports_late: Share = Field(ge=0, le=1)
    reports_never: Share = Field(ge=0, le=1)
    without_address: Share = Field(ge=0, le=1)


class Outage(Record):
    """Days on which the scheduler stood still: from a day of the year (month-day), for some days."""

    start: str = Field(pattern=r"^\d\d-\d\d$")
    days: int = Field(ge=0, le=60)


class TrackedDays(Record):
    """The days that `ocop demo-prefect` replays as tracked runs: from a day of the year (month-day), for some days."""

    start: str = Field(pattern=r"^\d\d-\d\d$")
    days: int = Field(ge=1, le=14)


class DemoSettings(Record):
    """The plan and year that the demo replays, from which seed, looking at which local times of each day.

    The year opens on `opens` (month-day) and is followed for `days_after` days into the next one, or only until the
    day `until` (month-day). `specials` says whether one product is sent back, one withdrawn, one extended.
    """

    plan: Identifier
    year: int
    seed: int = Field(ge=0)
    ticks: tuple[time, ...] = Field(min_length=1)
    opens: str = Field(pattern=r"^\d\d-\d\d$")
    days_after: int = Field(ge=0, le=120)
    until: str | None = Field(default=None, pattern=r"^\d\d-\d\d$")
    outage: Outage | None = None
    specials: bool = True
    tracked: TrackedDays
    behaviour: Behaviour
