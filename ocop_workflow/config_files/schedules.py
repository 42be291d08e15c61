"""When each flow runs: `config/schedules.yaml`."""

import re

from pydantic import Field, field_validator

from ocop_workflow.policy.document import LocalText, Record

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBERS = re.compile(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?")
_RANGES = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12)}
_FIELDS = 5


class Schedule(Record):
    """One flow with its times, in the office's zone.

    `cron` has five fields: minute, hour, day of the month, month, day of the week. Weekdays are written as names
    and never beside a day of the month, because the two schedulers read both cases differently.
    """

    flow: str = Field(pattern=r"^[a-z]+(-[a-z]+)*$")
    entrypoint: str = Field(pattern=r"^flows(\.[a-z_]+)+:[a-z_]+$")
    cron: str
    title: LocalText

    @field_validator("cron")
    @classmethod
    def check_cron(cls, cron: str) -> str:
        """Refuse what APScheduler and Prefect would not read alike."""
        fields = cron.split()
        if len(fields) != _FIELDS:
            raise ValueError(
                f'"{cron[:80]}" has {len(fields)} fields; write five: minute hour day month weekday, such as 30 7 * * *'
            )
        for name, written in zip(_RANGES, fields, strict=False):
            _check_numbers(name, written)
        _check_weekday(fields[4])
        if fields[2] != "*" and fields[4] != "*":
            raise ValueError("a day of the month and a weekday together mean two things; leave one of them as *")
        return " ".join(fields)

    @property
    def minute(self) -> str:
        """Return the minutes of the hour."""
        return self.cron.split()[0]

    @property
    def hour(self) -> str:
        """Return the hours of the day."""
        return self.cron.split()[1]

    @property
    def day(self) -> str:
        """Return the days of the month."""
        return self.cron.split()[2]

    @property
    def month(self) -> str:
        """Return the months."""
        return self.cron.split()[3]

    @property
    def day_of_week(self) -> str:
        """Return the days of the week, by name."""
        return self.cron.split()[4]


class Schedules(Record):
    """All schedules, in the order in which one tick runs the flows that are due."""

    schedules: tuple[Schedule, ...] = Field(min_length=1)

    @field_validator("schedules")
    @classmethod
    def check_flows_differ(cls, schedules: tuple[Schedule, ...]) -> tuple[Schedule, ...]:
        """Refuse a flow that is scheduled twice."""
        flows = [schedule.flow for schedule in schedules]
        for flow in flows:
            if flows.count(flow) > 1:
                raise ValueError(f'the flow "{flow[:80]}" is scheduled twice; join its times in one cron line')
        return schedules


def _check_numbers(name: str, written: str) -> None:
    least, most = _RANGES[name]
    for part in written.split(","):
        match = _NUMBERS.fullmatch(part)
        numbers = [int(number) for number in match.groups()[:2] if number] if match else []
        in_range = numbers == sorted(numbers) and all(least <= number <= most for number in numbers)
        if match is None or not in_range or (match[3] is not None and int(match[3]) == 0):
            raise ValueError(
                f'the {name} "{part[:80]}" is wrong; write *, {least} to {most}, a-b, or any of these with /n'
            )


def _check_weekday(written: str) -> None:
    if written == "*":
        return
    for part in written.split(","):
        names = part.split("-")
        if len(names) > 2 or any(name not in _WEEKDAYS for name in names):  # noqa: PLR2004 -- from-to
            raise ValueError(
                f'the weekday "{part[:80]}" is wrong; write names such as mon-fri, since a number means different days '
                "to different schedulers"
            )
