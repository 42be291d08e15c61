"""Whose turn it is to report for which period of a plan's year."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.policy.plan import CyclePlan, ReportDuty
from ocop_workflow.policy.report_periods import ReportPeriod, report_periods, resolve_report_due
from ocop_workflow.policy.resolved_due import ResolvedDue
from ocop_workflow.policy.units import UnitRegister
from ocop_workflow.policy.working_days import WorkingDays


class ReportTurn(NamedTuple):
    """One unit's turn to report for one period of a duty, with its resolved date."""

    duty: ReportDuty
    unit: str
    period: ReportPeriod
    due: ResolvedDue


def dated_periods(
    plan: CyclePlan, duty: ReportDuty, *, year: int, days: WorkingDays
) -> Iterator[tuple[ReportPeriod, ResolvedDue]]:
    """Yield the periods of a duty in a year with their dates.

    A duty without date rule has none. A report that was due before the plan's first day, or the duty's, is nobody's: a
    plan may be signed, and amended, in the middle of its year.
    """
    if duty.due is None:
        return
    rules = plan.calendar
    first_day = max(plan.first_day, duty.since or plan.first_day)
    for period in report_periods(duty.every, year):
        due = resolve_report_due(
            duty.due,
            period,
            zone=OFFICE_ZONE,
            days=days,
            roll_counted_terms=rules.roll_counted_terms,
            roll_fixed_dates=rules.roll_fixed_dates,
        )
        if due.last_day is None or due.last_day >= first_day:
            yield period, due


def report_turns(plan: CyclePlan, units: UnitRegister, *, year: int, days: WorkingDays) -> Iterator[ReportTurn]:
    """Yield every unit's turn for every period of every report duty of a year."""
    for duty in plan.years[year].report_duties:
        for period, due in dated_periods(plan, duty, year=year, days=days):
            for unit in units.units_meant(duty.reporters, office=plan.office, on=period.end - timedelta(days=1)):
                yield ReportTurn(duty, unit, period, due)
