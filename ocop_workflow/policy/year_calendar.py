"""Everything that a plan asks for in one year, as one list in the order of the dates.

It is what opening the cycle would project, seen before anything is opened: a step of a round is one entry, however many
products pass it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from ocop_workflow.clock import OFFICE_ZONE, start_of_day
from ocop_workflow.policy.approvals import APPROVAL, approval_due
from ocop_workflow.policy.date_expressions import (
    Due,
    Firmness,
    Origin,
    ReportPeriod,
    ResolvedDue,
    resolve_due,
)
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.ladders import RungMoment, rung_moments
from ocop_workflow.policy.plan import Approval, CyclePlan, PlanTask, ReportDuty, Round, StepDates
from ocop_workflow.policy.report_turns import dated_periods
from ocop_workflow.policy.route import PRODUCER, stages_of
from ocop_workflow.policy.rule_set import Owner, RuleSet, Stage, Step
from ocop_workflow.policy.units import PositionRef, UnitRegister
from ocop_workflow.policy.working_days import WorkingDays

EACH_UNIT = "*"
"""The unit in a position such as `*/ocop_team`: whichever unit of the role's level the product or report is of."""

_UNDATED = frozenset({"none", "ongoing"})


class CalendarKind(StrEnum):
    """What an entry is about; the values are those of the obligations that opening the cycle makes of it."""

    DOSSIER_STEP = "dossier_step"
    REPORT = "report"
    PLAN_TASK = "plan_task"


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One thing that the plan asks for.

    Attributes:
        kind: A dossier's step, a report or a task.
        subject: Its name in the plan: round/stage/step, report/period/unit or task/occurrence. A report or task
            without any date has its id alone.
        title: What is to be done.
        responsible: A position `unit/role`, `*/role` where each unit of a level answers for itself, or `producer`.
        due: The resolved date with its explanation; a counted term has no instant before its anchor has happened.
        rungs: The reminders and escalations that would be said, the earliest first.
        period: The period that a report is on, or None.
    """

    kind: CalendarKind
    subject: str
    title: LocalText
    responsible: str
    due: ResolvedDue
    rungs: tuple[RungMoment, ...] = ()
    period: str | None = None

    @property
    def is_hard(self) -> bool:
        """Return whether missing it has consequences: it has a date or a term, and is not merely expected."""
        return self.due.firmness is Firmness.HARD and self.due.code not in _UNDATED


def year_calendar(
    plan: CyclePlan, rule_sets: Mapping[str, RuleSet], units: UnitRegister, *, days: WorkingDays, year: int
) -> tuple[CalendarEntry, ...]:
    """Return what a checked plan asks for in a year: dated entries by their due instant, then those without one.

    Args:
        plan: The plan, with the installation's calendar merged in.
        rule_sets: The rule sets it names, by id.
        units: The register it names.
        days: The working days; they must reach as far around the year as the ladders do.
        year: One of the plan's years.

    Raises:
        KeyError: The plan has nothing for the year.
        DayOutsideCalendarError: A date or rung lies outside the years of `days`.
    """
    entries = list(_YearOfPlan(plan, rule_sets, units, days, year).entries())
    dated = [entry for entry in entries if entry.due.due_at is not None]
    undated = [entry for entry in entries if entry.due.due_at is None]
    return (*sorted(dated, key=attrgetter("due.due_at")), *undated)


@dataclass(frozen=True, slots=True)
class _YearOfPlan:
    plan: CyclePlan
    rule_sets: Mapping[str, RuleSet]
    units: UnitRegister
    days: WorkingDays
    year: int

    def entries(self) -> Iterator[CalendarEntry]:
        """Yield all entries in the order of the plan."""
        content = self.plan.years[self.year]
        for round_ in content.rounds:
            rule_set = self.rule_sets[round_.rule_set or content.rule_set or self.plan.rule_set]
            for stage in _stages_of_round(rule_set, round_):
                for step in stage.steps:
                    yield self._step(round_, stage, step)
        for duty in content.report_duties:
            yield from self._reports(duty)
        for task in content.tasks:
            yield from self._tasks(task)

    def _step(self, round_: Round, stage: Stage, step: Step) -> CalendarEntry:
        dates = round_.stages.get(stage.id, {}).get(step.id, StepDates())
        due = self._resolve(dates.due) if dates.due is not None else _no_date(step.source or stage.source)
        return CalendarEntry(
            CalendarKind.DOSSIER_STEP,
            f"{round_.id}/{stage.id}/{step.id}",
            step.title,
            self._owner(step.owner),
            due,
            self._rungs(dates.ladder, due, opens_at=start_of_day(round_.opens_on)),
        )

    def _reports(self, duty: ReportDuty) -> Iterator[CalendarEntry]:
        if duty.due is None:
            reporter = self._position(duty.reporters)
            yield CalendarEntry(CalendarKind.REPORT, duty.id, duty.title, reporter, _no_date(duty.source))
            return
        for period, due in dated_periods(self.plan, duty, year=self.year, days=self.days):
            rungs = self._report_rungs(duty, due, period)
            last_day = period.end - timedelta(days=1)
            for unit in self.units.units_meant(duty.reporters, office=self.plan.office, on=last_day):
                yield CalendarEntry(
                    CalendarKind.REPORT,
                    f"{duty.id}/{period.id}/{unit}",
                    duty.title,
                    f"{unit}/{duty.reporters.role}",
                    due,
                    rungs,
                    period.id,
                )

    def _report_rungs(self, duty: ReportDuty, due: ResolvedDue, period: ReportPeriod) -> tuple[RungMoment, ...]:
        opens_at = start_of_day(period.start)
        if due.due_at is not None:
            opens_at = due.due_at - timedelta(days=duty.opens_days_before)
        return self._rungs(duty.ladder, due, opens_at=opens_at)

    def _tasks(self, task: PlanTask) -> Iterator[CalendarEntry]:
        lead = self._position(task.lead)
        if not task.dates:
            yield CalendarEntry(CalendarKind.PLAN_TASK, task.id, task.title, lead, _no_date(task.source))
        first_day = start_of_day(date(self.year, 1, 1))
        for occurrence, date_ in enumerate(task.dates, start=1):
            due = self._resolve(date_)
            rungs = self._rungs(task.ladder, due, opens_at=due.opens_at or first_day)
            subject = f"{task.id}/{occurrence}"
            yield CalendarEntry(CalendarKind.PLAN_TASK, subject, task.title, lead, due, rungs)
            approval = self.plan.approval(task.needs_approval)
            if approval is not None:
                yield self._approval(task, approval, f"{subject}/{APPROVAL}", due)

    def _approval(self, task: PlanTask, approval: Approval, subject: str, task_due: ResolvedDue) -> CalendarEntry:
        authority = self._position(approval.authority)
        due = self._resolve(approval_due(task_due, approval, year=self.year))
        rungs = self._rungs(task.ladder, due, opens_at=start_of_day(date(self.year, 1, 1)))
        return CalendarEntry(CalendarKind.PLAN_TASK, subject, approval.title, authority, due, rungs)

    def _resolve(self, due: Due) -> ResolvedDue:
        rules = self.plan.calendar
        return resolve_due(
            due,
            year=self.year,
            zone=OFFICE_ZONE,
            days=self.days,
            roll_counted_terms=rules.roll_counted_terms,
            roll_fixed_dates=rules.roll_fixed_dates,
        )

    def _rungs(self, ladder: str | None, due: ResolvedDue, *, opens_at: datetime) -> tuple[RungMoment, ...]:
        """Return the rungs that speak: none merged into another, none before the thing opens or the plan begins."""
        if ladder is None or due.due_at is None:
            return ()
        floor = max(opens_at, start_of_day(self.plan.first_day))
        moments = rung_moments(self.plan.ladders[ladder], due_at=due.due_at, days=self.days)
        return tuple(moment for moment in moments if not moment.merged and moment.at >= floor)

    def _owner(self, owner: Owner) -> str:
        if owner.producer:
            return PRODUCER
        return self._position(PositionRef(level=owner.level, role=owner.role or ""))

    def _position(self, reference: PositionRef) -> str:
        """Return the position that is meant wherever in the office's area one looks from, or each unit's own."""
        level = reference.level or self.units.roles[reference.role].level
        holder = self.units.ancestor(self.plan.office, level)
        return f"{reference.unit or (holder.id if holder else EACH_UNIT)}/{reference.role}"


def _stages_of_round(rule_set: RuleSet, round_: Round) -> tuple[Stage, ...]:
    """Return the stages that a dossier of any of the round's kinds passes, in the order of the route."""
    passed = {stage.id for kind in round_.kinds for stage in stages_of(rule_set, round_, kind)}
    return tuple(stage for stage in rule_set.route.stages if stage.id in passed)


def _no_date(source: str) -> ResolvedDue:
    return ResolvedDue(None, None, None, Firmness.HARD, Origin.PLAN, "none", source)
