"""Collecting duties: which reports one adds up, and whether its dates and figures fit them."""

from collections.abc import Iterator, Mapping

from ocop_workflow.policy.findings import Finding, Location, unknown_name
from ocop_workflow.policy.plan import CyclePlan, CycleYear, ReportDuty
from ocop_workflow.policy.report_periods import ReportPeriod, report_periods
from ocop_workflow.policy.report_turns import dated_periods
from ocop_workflow.policy.resolved_due import ResolvedDue
from ocop_workflow.policy.working_days import WorkingDays, working_days_of_plan


def collected_periods(collecting: ReportDuty, inputs: ReportDuty, *, year: int, period_id: str) -> tuple[str, ...]:
    """Return the periods of the inputs that lie in one period of the collecting duty, in order."""
    whole = next(period for period in report_periods(collecting.every, year) if period.id == period_id)
    return tuple(
        period.id
        for period in report_periods(inputs.every, year)
        if whole.start <= period.start and period.end <= whole.end
    )


def check_report_duties(loc: Location, plan: CyclePlan, content: CycleYear) -> Iterator[Finding]:
    """Yield what is wrong with a year's collecting duties and with those asked for only if there is something.

    Dates are looked at by `check_collecting_dates`.
    """
    duties = {duty.id: duty for duty in content.report_duties}
    for index, duty in enumerate(content.report_duties):
        here = (*loc, index)
        if duty.only_if is not None:
            yield from _only_if((*here, "ladder"), plan, duty)
        if duty.collects is None:
            continue
        if duty.collects not in duties:
            yield unknown_name((*here, "collects"), "report duty", duty.collects, duties)
        elif _is_in_a_circle(duty, duties):
            sentence = f'report "{duty.id}" would collect itself; name the reports of the level below'
            yield Finding((*here, "collects"), sentence)
        else:
            yield from _fit(here, duty, duties[duty.collects])


def check_collecting_dates(
    loc: Location, plan: CyclePlan, content: CycleYear, *, year: int, days: WorkingDays
) -> Iterator[Finding]:
    """Yield each collecting duty that is due before what it collects."""
    for index, duty, late_input, own in _dated_pairs(plan, content, year=year, days=days):
        if own.last_day and late_input[1].last_day and own.last_day < late_input[1].last_day:
            sentence = (
                f'report "{duty.id}" is due by {own.last_day}, before "{duty.collects}" on {late_input[0].id}, which '
                f"it collects, by {late_input[1].last_day}; correct one of the dates"
            )
            yield Finding((*loc, index, "due"), sentence)
            return


def collecting_notes(plan: CyclePlan) -> tuple[str, ...]:
    """Return a sentence for each collecting duty that is due on the very day of what it collects."""
    days = working_days_of_plan(plan.first_day, plan.runs_until, plan.calendar)
    notes = {}
    for year, content in plan.years.items():
        for _, duty, late_input, own in _dated_pairs(plan, content, year=year, days=days):
            if own.last_day == late_input[1].last_day:
                notes[year, duty.id] = (
                    f'{year}: report "{duty.id}" is due on the same day as "{duty.collects}", which it collects; '
                    "nobody has a day to add up"
                )
    return tuple(notes.values())


def _dated_pairs(
    plan: CyclePlan, content: CycleYear, *, year: int, days: WorkingDays
) -> Iterator[tuple[int, ReportDuty, tuple[ReportPeriod, ResolvedDue], ResolvedDue]]:
    """Yield each dated period of a collecting duty with the latest of the inputs it collects."""
    duties = {duty.id: duty for duty in content.report_duties}
    for index, duty in enumerate(content.report_duties):
        inputs = duties.get(duty.collects or "")
        if inputs is None:
            continue
        dated = list(dated_periods(plan, inputs, year=year, days=days))
        for period, own in dated_periods(plan, duty, year=year, days=days):
            inside = collected_periods(duty, inputs, year=year, period_id=period.id)
            found = [(each, due) for each, due in dated if each.id in inside and due.due_at is not None]
            if found:
                yield index, duty, max(found, key=lambda pair: pair[0].start), own


def _fit(loc: Location, duty: ReportDuty, inputs: ReportDuty) -> Iterator[Finding]:
    """Yield where a collecting duty doesn't fit what it collects: who, how often, which figures."""
    if duty.reporters.role != inputs.collector.role:
        sentence = (
            f'report "{duty.id}" collects what goes to the role "{inputs.collector.role}", '
            f'but is owed by "{duty.reporters.role}"; correct one of them'
        )
        yield Finding((*loc, "reporters", "role"), sentence)
    year = 2001  # any year: the periods of all years lie alike
    if len(report_periods(duty.every, year)) > len(report_periods(inputs.every, year)):
        sentence = f'a report for each {duty.every} can\'t collect reports for each {inputs.every}; correct "every"'
        yield Finding((*loc, "every"), sentence)
    kinds = {figure.id: figure.kind for figure in inputs.figures}
    for at, figure in enumerate(duty.figures):
        if figure.id in kinds and kinds[figure.id] != figure.kind:
            sentence = (
                f'the figure "{figure.id}" is "{figure.kind}" here and "{kinds[figure.id]}" in "{inputs.id}", '
                "so it can't be added up; give both one kind"
            )
            yield Finding((*loc, "figures", at), sentence)


def _is_in_a_circle(duty: ReportDuty, duties: Mapping[str, ReportDuty]) -> bool:
    seen = {duty.id}
    while duty.collects is not None and duty.collects in duties:
        if duty.collects in seen:
            return True
        seen.add(duty.collects)
        duty = duties[duty.collects]
    return False


def _only_if(loc: Location, plan: CyclePlan, duty: ReportDuty) -> Iterator[Finding]:
    """Yield a ladder that would press for a report that nobody may owe."""
    ladder = plan.ladders.get(duty.ladder or "")
    if ladder is not None and [rung.days <= 0 and rung.audience == "responsible" for rung in ladder.rungs] != [True]:
        sentence = (
            f'report "{duty.id}" is asked for only if there is something, so one reminder before the date is all it '
            "may have; name a ladder of one rung before the date"
        )
        yield Finding(loc, sentence)
