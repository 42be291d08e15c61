"""Tasks too long for a ladder as lines of their lead's quarterly report.

A window longer than a quarter, and what is done all the time ("thường xuyên"), press nobody by a day. Whoever leads
such a task tells of it each quarter, in words, and may leave the line blank.
"""

from collections.abc import Iterator
from datetime import date

from ocop_workflow.policy.date_forms import At, Due, Window
from ocop_workflow.policy.periods import Period, add_months
from ocop_workflow.policy.plan import CyclePlan, Figure, PlanTask, ReportDuty
from ocop_workflow.policy.report_periods import report_periods
from ocop_workflow.policy.route import position_of
from ocop_workflow.policy.units import UnitRegister

_QUARTER = 3


def with_lines(
    duty: ReportDuty,
    plan: CyclePlan,
    units: UnitRegister,
    *,
    year: int,
    unit: str | None = None,
    period_id: str | None = None,
) -> ReportDuty:
    """Return a report duty that also asks for the long tasks which its reporters lead; others than quarterly stay.

    Args:
        duty: As the plan writes it.
        plan: The plan, with a task for each unit where one says `each`.
        units: Its register.
        year: The cycle's year.
        unit: Only what this unit's reporter leads; every reporter's lines when None.
        period_id: Only what is to be done in this period; in the whole year when None.
    """
    if duty.every != "quarter":
        return duty
    periods = [period for period in report_periods(duty.every, year) if period_id in (None, period.id)]
    begin, end = periods[0].start, periods[-1].end
    reporter = None if unit is None else position_of(duty.reporters, units=units, unit=unit)
    lines: dict[str, Figure] = {}
    for task in _long_tasks(plan, year, begin=begin, end=end):
        lead = position_of(task.lead, units=units, unit=plan.office)
        if lead == reporter or (reporter is None and _reports(duty, lead)):
            line = Figure(id=f"task-{_name(task)}", title=task.title, kind="text", optional=True)
            lines.setdefault(line.id, line)
    return duty.model_copy(update={"figures": (*duty.figures, *lines.values())}) if lines else duty


def _reports(duty: ReportDuty, position: str) -> bool:
    unit, _, role = position.partition("/")
    return role == duty.reporters.role and duty.reporters.unit in (None, unit)


def _long_tasks(plan: CyclePlan, year: int, *, begin: date, end: date) -> Iterator[PlanTask]:
    """Yield the tasks without ladder that are long and go on between two days, also those begun in an earlier year."""
    for of_year, content in sorted(plan.years.items()):
        for task in content.tasks:
            if task.ladder is not None or of_year > year:
                continue
            if any(_goes_on(due, of_year == year, begin=begin, end=end) for due in task.dates):
                yield task


def _goes_on(due: Due, this_year: bool, *, begin: date, end: date) -> bool:  # noqa: FBT001 -- of one caller
    if isinstance(due.date, At):
        return due.date.at == "ongoing" and this_year
    if not isinstance(due.date, Window):
        return False
    window: Period = due.date.window
    return window.end > add_months(window.start, _QUARTER) and window.start < end and window.end > begin


def _name(task: PlanTask) -> str:
    """Return a task's id in the plan's file, without the unit for which it was unfolded."""
    return task.id if task.lead.unit is None else task.id.removesuffix(f".{task.lead.unit}")
