"""Checks of a plan's dates: inside its time, in order, and with rungs that can fire."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ocop_workflow.clock import OFFICE_ZONE, local_day, start_of_day
from ocop_workflow.policy.date_expressions import (
    Anchor,
    Due,
    ResolvedDue,
    Within,
    resolve_due,
    resolve_occurrences,
)
from ocop_workflow.policy.findings import Finding, Location
from ocop_workflow.policy.ladders import rung_moments
from ocop_workflow.policy.plan import CyclePlan, CycleYear, Ladder, PlanTask, ReportDuty, Round, StepDates
from ocop_workflow.policy.report_tree import check_collecting_dates
from ocop_workflow.policy.report_turns import dated_periods
from ocop_workflow.policy.route import UNLISTED_STEPS
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.policy.working_days import DayOutsideCalendarError, WorkingDays, working_days_of_plan

LONGEST_WINDOW_DAYS = 92
"""The longest quarter; windows beyond it have no ladder (architecture, section 7)."""

UNRECORDED = {
    Anchor.COMPLETE: "nothing records when a dossier is complete",
    Anchor.IN_FORCE: "nothing records when a text comes into force for a dossier",
}
"""Why a term in a plan cannot run from these anchors; the terms of a rule set's limits may name them."""


def check_dates(plan: CyclePlan, rule_sets: Mapping[str, RuleSet]) -> tuple[Finding, ...]:
    """Return what is wrong with the dates of a plan's rounds, reports and tasks."""
    if plan.runs_until <= plan.first_day:
        sentence = f"the plan ends ({plan.runs_until}) before its first day {plan.first_day}; correct one of the days"
        return (Finding(("runs_until",), sentence),)
    # Two years more on both sides: a rung lies up to 400 working days before its date or after it.
    days = working_days_of_plan(plan.first_day, plan.runs_until, plan.calendar)
    findings: list[Finding] = []
    for year, content in plan.years.items():
        if not plan.first_day.year <= year <= plan.runs_until.year:
            sentence = f"the year {year} lies outside the plan ({plan.first_day} to {plan.runs_until}); correct one"
            findings.append(Finding(("years", year), sentence))
            continue
        findings += _YearDates(plan, year, days).check(content, rule_sets)
    return tuple(findings)


@dataclass(frozen=True, slots=True)
class _YearDates:
    """The dates of one year of a plan."""

    plan: CyclePlan
    year: int
    days: WorkingDays

    def check(self, content: CycleYear, rule_sets: Mapping[str, RuleSet]) -> Iterator[Finding]:
        for index, round_ in enumerate(content.rounds):
            rule_set = rule_sets.get(round_.rule_set or content.rule_set or self.plan.rule_set)
            if rule_set is not None:
                yield from self._round(("years", self.year, "rounds", index), round_, rule_set)
        for index, duty in enumerate(content.report_duties):
            yield from self._reports(("years", self.year, "report_duties", index), duty)
        loc: Location = ("years", self.year, "report_duties")
        yield from check_collecting_dates(loc, self.plan, content, year=self.year, days=self.days)
        for index, task in enumerate(content.tasks):
            yield from self._task(("years", self.year, "tasks", index), task)

    def _round(self, loc: Location, round_: Round, rule_set: RuleSet) -> Iterator[Finding]:
        yield from self._inside((*loc, "opens_on"), f'the opening of round "{round_.id}"', round_.opens_on)
        yield from self._inside((*loc, "closes_on"), f'the close of round "{round_.id}"', round_.closes_on)
        if round_.closes_on < round_.opens_on:
            sentence = (
                f'round "{round_.id}" closes on {round_.closes_on} before it opens on {round_.opens_on}; '
                "correct one of the days"
            )
            yield Finding((*loc, "closes_on"), sentence)
            return
        latest: tuple[date, str] | None = None
        for stage in rule_set.route.stages:
            for step in stage.steps:
                dates = round_.stages.get(stage.id, {}).get(step.id)
                if dates is None or dates.due is None:
                    continue
                here = (*loc, "stages", stage.id, step.id)
                name = f"{stage.id}/{step.id}"
                opens_at = start_of_day(round_.opens_on)
                findings, last_day = self._step(here, name, dates, dates.due, opens_at=opens_at)
                yield from findings
                if last_day is None:
                    continue
                if latest is not None and last_day < latest[0]:
                    sentence = (
                        f'"{name}" is due by {last_day}, before "{latest[1]}" by {latest[0]}, which comes earlier '
                        "in the route; correct one of the dates"
                    )
                    yield Finding((*here, "due"), sentence)
                latest = (last_day, name)
            for step_id in UNLISTED_STEPS:
                dates = round_.stages.get(stage.id, {}).get(step_id)
                if dates is not None and dates.due is not None:
                    here = (*loc, "stages", stage.id, step_id)
                    yield from _unrecorded(here, f"{stage.id}/{step_id}", dates.due)

    def _step(
        self, loc: Location, name: str, dates: StepDates, due: Due, *, opens_at: datetime
    ) -> tuple[list[Finding], date | None]:
        """Return the findings of one step, and its last day if that is fixed and inside the plan's time."""
        ladder = self.plan.ladders.get(dates.ladder or "")
        if isinstance(due.date, Within):
            return list(_unrecorded(loc, name, due)) or list(self._counted(loc, name, due, ladder)), None
        findings, occurrences = self._occurrences((*loc, "due"), name, due)
        last_day = max((each.last_day for each in occurrences if each.last_day is not None), default=None)
        if findings or last_day is None:
            return findings, None
        if dates.lapse is not None:
            lapse_on = last_day + timedelta(days=dates.lapse.after_days)
            findings += self._inside((*loc, "lapse"), f'the lapse of "{name}"', lapse_on)
        if ladder is not None:
            for resolved in occurrences:
                findings += self._ladder((*loc, "ladder"), name, ladder, resolved, opens_at=opens_at)
        return findings, last_day

    def _counted(self, loc: Location, name: str, due: Due, ladder: Ladder | None) -> Iterator[Finding]:
        """Look for rungs that lie before the anchor, whichever day of the year the anchor falls on.

        Weeks are taken without public holidays: a rung that needs Tết to stretch the term is a mistake all the same.
        """
        weeks = WorkingDays(self.days.first_year, self.days.last_year)
        waiting = {rung.id for rung in ladder.rungs if rung.days < 0} if ladder is not None else set()
        day = max(date(self.year, 1, 1), self.plan.first_day)
        try:
            while day.year == self.year and waiting and ladder is not None:
                anchor = start_of_day(day)
                due_at = resolve_due(
                    due,
                    year=self.year,
                    zone=OFFICE_ZONE,
                    days=weeks,
                    anchors=dict.fromkeys(Anchor, anchor),
                    roll_counted_terms=self.plan.calendar.roll_counted_terms,
                ).due_at
                if due_at is not None:
                    moments = rung_moments(ladder, due_at=due_at, days=weeks)
                    waiting -= {moment.rung for moment in moments if moment.at >= anchor}
                day += timedelta(days=1)
        except DayOutsideCalendarError:
            yield Finding((*loc, "due"), f'the term of "{name}" leads years beyond the plan\'s end; shorten it')
            return
        for rung in sorted(waiting):
            sentence = (
                f'rung {rung} of the ladder for "{name}" can never fire: the term is shorter than that; '
                "remove the rung, or name another ladder"
            )
            yield Finding((*loc, "ladder"), sentence)

    def _ladder(
        self, loc: Location, name: str, ladder: Ladder, resolved: ResolvedDue, *, opens_at: datetime
    ) -> Iterator[Finding]:
        """Look for a window too long for reminders, and for rungs before the day something opens."""
        if resolved.due_at is None:
            return
        if resolved.opens_at is not None:
            if resolved.due_at - resolved.opens_at > timedelta(days=LONGEST_WINDOW_DAYS):
                sentence = f'the window of "{name}" is longer than a quarter and can have no ladder; remove the ladder'
                yield Finding(loc, sentence)
                return
            opens_at = max(opens_at, resolved.opens_at)
        for moment in rung_moments(ladder, due_at=resolved.due_at, days=self.days):
            if not moment.past_due and moment.at < opens_at:
                yield Finding(
                    loc,
                    f'rung {moment.rung} of the ladder for "{name}" can never fire: it falls on '
                    f"{local_day(moment.at)}, and this opens on {local_day(opens_at)}; "
                    "remove the rung, name another ladder, or open earlier",
                )

    def _reports(self, loc: Location, duty: ReportDuty) -> Iterator[Finding]:
        if duty.due is None:
            return
        ladder = self.plan.ladders.get(duty.ladder or "")
        never: set[str] | None = None
        for period, resolved in dated_periods(self.plan, duty, year=self.year, days=self.days):
            if resolved.due_at is None or resolved.last_day is None:
                continue
            name = f'the report "{duty.id}" on {period.id}'
            yield from self._inside((*loc, "due"), name, resolved.last_day)
            if ladder is not None:
                opens_at = resolved.due_at - timedelta(days=duty.opens_days_before)
                moments = rung_moments(ladder, due_at=resolved.due_at, days=self.days)
                silent = {moment.rung for moment in moments if not moment.past_due and moment.at < opens_at}
                never = silent if never is None else never & silent
        for rung in sorted(never or ()):
            sentence = (
                f'rung {rung} of the ladder for report "{duty.id}" can never fire: the report opens only '
                f"{duty.opens_days_before} days before; remove the rung, or raise opens_days_before"
            )
            yield Finding((*loc, "ladder"), sentence)

    def _task(self, loc: Location, task: PlanTask) -> Iterator[Finding]:
        ladder = self.plan.ladders.get(task.ladder or "")
        opens_at = start_of_day(max(self.plan.first_day, date(self.year, 1, 1)))
        for index, due in enumerate(task.dates):
            if isinstance(due.date, Within):
                sentence = f'task "{task.id}" has no {due.date.within.anchor} day to count from; write a date'
                yield Finding((*loc, "dates", index), sentence)
                continue
            findings, occurrences = self._occurrences((*loc, "dates", index), task.id, due)
            yield from findings
            if ladder is not None and not findings:
                for resolved in occurrences:
                    yield from self._ladder((*loc, "ladder"), task.id, ladder, resolved, opens_at=opens_at)

    def _occurrences(self, loc: Location, name: str, due: Due) -> tuple[list[Finding], tuple[ResolvedDue, ...]]:
        """Return the occurrences of a date that needs no anchor, and those of them outside the plan's time."""
        calendar = self.plan.calendar
        try:
            occurrences = resolve_occurrences(
                due, year=self.year, zone=OFFICE_ZONE, days=self.days, roll_fixed_dates=calendar.roll_fixed_dates
            )
        except DayOutsideCalendarError as error:
            sentence = f'"{name}" falls on {error.day}, outside the plan\'s time; correct the date'
            return [Finding(loc, sentence)], ()
        days = [each.last_day for each in occurrences if each.last_day is not None]
        return [finding for day in days for finding in self._inside(loc, f'"{name}"', day)], occurrences

    def _inside(self, loc: Location, what: str, day: date) -> Iterator[Finding]:
        if day < self.plan.first_day:
            first = self.plan.first_day
            yield Finding(loc, f"{what} falls on {day}, before the plan's first day {first}; correct one of the days")
        elif day >= self.plan.runs_until:
            until = self.plan.runs_until
            sentence = f"{what} falls on {day}, after the plan's horizon (runs_until {until}); correct one of the days"
            yield Finding(loc, sentence)


def _unrecorded(loc: Location, name: str, due: Due) -> Iterator[Finding]:
    """Look for a term that runs from something that no act records."""
    why = UNRECORDED.get(Anchor(due.date.within.anchor)) if isinstance(due.date, Within) else None
    if why is not None:
        sentence = f'"{name}" would never get a date: {why}; count from another act, or write a date'
        yield Finding((*loc, "due"), sentence)
