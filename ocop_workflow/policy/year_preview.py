"""What a year under a plan would be like, as values: counted from a replay of it, before anything is lived."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.working_days import WorkingDays, lunar_new_year
from ocop_workflow.policy.year_calendar import CalendarKind

QUIET_WORKING_DAYS = 8
"""The working days before Tết on which offices have no ear for reminders."""

BUSIEST_DAYS = 10
RISKS = 3
POSITIONS_SHOWN = 15
"""The heaviest positions that people are shown; programs get all of them."""


class Reader(StrEnum):
    """Whom a mail is for; each mail counts once.

    `SUPERIOR` has at least one escalation to somebody's superior in it, `OFFICE` goes to the coordination office.
    """

    PRODUCER = "producer"
    OFFICIAL = "official"
    SUPERIOR = "superior"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Part:
    """So many of so many."""

    count: int
    of: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """How often something happens on a day."""

    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Span:
    """When something goes on: from its first day to its last, with the last days that the plan fixes in between."""

    key: str
    title: LocalText
    start: date
    end: date
    marks: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class LateWork:
    """How often one kind of duty is late by the script, and by how many days at most; `kind` is the obligations'."""

    kind: str
    key: str
    title: LocalText
    late: Part
    days_at_most: int


@dataclass(frozen=True, slots=True)
class SilentRung:
    """A rung that never speaks in the whole year: its moment lies before the duty is there, or another speaks."""

    key: str
    title: LocalText
    rung: str
    duties: int


@dataclass(frozen=True, slots=True)
class DayOffDue:
    """Duties whose last day is a day off."""

    key: str
    title: LocalText
    day: date
    duties: int


@dataclass(frozen=True, slots=True)
class Load:
    """How many duties one position has open in each month."""

    position: str
    title: LocalText
    months: tuple[int, ...]

    @property
    def most(self) -> int:
        """Return the number in the heaviest month."""
        return max(self.months, default=0)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One unit's reports on each period: how many in time, late, missing."""

    unit: str
    title: LocalText
    periods: Mapping[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Tet:
    """Tết with the days off around it, and the reminders that fall due in the working days before."""

    first_day_off: date
    new_year: date
    last_day_off: date
    quiet_from: date
    rungs: tuple[DayCount, ...]


@dataclass(frozen=True, slots=True)
class Risk:
    """Something that the office head should know, with the share that orders it among the others."""

    code: str
    part: Part
    params: Mapping[str, str | int | dict[str, str]]

    @property
    def share(self) -> float:
        """Return how much of the whole is concerned, from 0 to 1."""
        return self.part.count / self.part.of if self.part.of else 0.0


@dataclass(frozen=True, slots=True)
class YearPreview:
    """A year that was replayed with scripted people, as one value.

    Attributes:
        plan: The plan's id.
        title: Its title.
        source: What it is taken from.
        year: Its year.
        seed: Of the scripted people.
        office: The office's unit.
        office_title: The office as people call it.
        first_day: The local day on which the cycle was opened.
        last_day: The last local day that was replayed.
        months: The months of the replay, as `2018-01`.
        dossiers: How many dossiers ended in each status.
        stars: How many products ended with each number of stars.
        tasks: How many dated tasks the plan has.
        mails: The office's mails of each day on which any left.
        readers: Its mails by month and reader.
        days_off: Every day off of the replay.
        tets: Each Tết whose quiet days lie in the replay.
        rungs: How many rungs came due.
        silent: Rungs that never speak.
        due_on_days_off: Last days that are days off.
        dated: How many duties have a date.
        loads: Every position with its open duties by month, the heaviest first.
        late: What is late by the script, the most frequent first.
        reports: The reports by unit and period.
        spans: The stages, reports and tasks along the year.
        unreachable: Producers without an address.
    """

    plan: str
    title: LocalText
    source: str
    year: int
    seed: int
    office: str
    office_title: LocalText
    first_day: date
    last_day: date
    months: tuple[str, ...]
    dossiers: Mapping[str, int]
    stars: Mapping[int, int]
    tasks: int
    mails: tuple[DayCount, ...]
    readers: Mapping[str, Mapping[Reader, int]]
    days_off: tuple[date, ...]
    tets: tuple[Tet, ...]
    rungs: int
    silent: tuple[SilentRung, ...]
    due_on_days_off: tuple[DayOffDue, ...]
    dated: int
    loads: tuple[Load, ...]
    late: tuple[LateWork, ...]
    reports: tuple[ReportRow, ...]
    spans: tuple[Span, ...]
    unreachable: Part

    @property
    def dossiers_total(self) -> int:
        """Return how many dossiers there are."""
        return sum(self.dossiers.values())

    @property
    def mails_total(self) -> int:
        """Return how many mails leave."""
        return sum(day.count for day in self.mails)

    @property
    def busiest(self) -> tuple[DayCount, ...]:
        """Return the days with most mails, the busiest first; of equal ones the earlier first."""
        return tuple(sorted(self.mails, key=lambda each: (-each.count, each.day))[:BUSIEST_DAYS])

    @property
    def reports_by_outcome(self) -> tuple[int, int, int]:
        """Return how many reports come in time, late, and not at all."""
        tallies = [tally for row in self.reports for tally in row.periods.values()]
        in_time, late, missing = (sum(tally[place] for tally in tallies) for place in range(3))
        return in_time, late, missing

    def risks(self) -> tuple[Risk, ...]:
        """Return the three risks that concern the largest shares of what they count."""
        in_time, late, missing = self.reports_by_outcome
        quiet = sum(each.count for tet in self.tets for each in tet.rungs)
        found = [
            Risk("lapsed", Part(self.dossiers.get("lapsed", 0), self.dossiers_total), {}),
            Risk("reports", Part(late + missing, in_time + late + missing), {"late": late, "missing": missing}),
            Risk("days_off", Part(sum(each.duties for each in self.due_on_days_off), self.dated), {}),
            Risk("tet", Part(quiet, self.rungs), {"days": QUIET_WORKING_DAYS}),
            Risk("unreachable", self.unreachable, {}),
        ]
        if steps := [each for each in self.late if each.kind == CalendarKind.DOSSIER_STEP]:
            worst = max(steps, key=lambda each: each.late.count)
            found.append(Risk("late", worst.late, {"duty": dict(worst.title.model_dump()), "days": worst.days_at_most}))
        if self.busiest:
            peak = self.busiest[0]
            found.append(Risk("peak", Part(peak.count, self.mails_total), {"peak_on": peak.day.isoformat()}))
        real = [risk for risk in found if risk.part.count]
        return tuple(sorted(real, key=lambda risk: (-risk.share, risk.code))[:RISKS])


def months_between(first: date, last: date) -> tuple[str, ...]:
    """Return every month from one day's to another's, as `2018-01`."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return tuple(f"{number // 12}-{number % 12 + 1:02d}" for number in numbers)


def tets_of(first: date, last: date, *, days: WorkingDays, rungs: Mapping[date, int]) -> tuple[Tet, ...]:
    """Return each Tết whose quiet working days lie, at least partly, between two days.

    Args:
        first: The first day.
        last: The last day.
        days: The working days; they must reach two weeks beyond both.
        rungs: How many reminders fall due on each day.
    """
    found = []
    for year in range(first.year, last.year + 2):
        new_year = lunar_new_year(year)
        if days.add(new_year, -1) < first or days.add(new_year, -QUIET_WORKING_DAYS) > last:
            continue
        quiet = [days.add(new_year, -back) for back in range(QUIET_WORKING_DAYS, 0, -1)]
        found.append(
            Tet(
                first_day_off=quiet[-1] + timedelta(days=1),
                new_year=new_year,
                last_day_off=days.add(new_year, 1) - timedelta(days=1),
                quiet_from=quiet[0],
                rungs=tuple(DayCount(day, rungs[day]) for day in quiet if rungs.get(day)),
            )
        )
    return tuple(found)
