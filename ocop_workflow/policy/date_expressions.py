"""Dates as plans write them, as a closed union, and the instants they mean.

`due_at` is always the first instant that is too late (half-open), in the office's zone: "trước ngày 30/6" is
30 June 00:00, "tháng 6/2020" is 1 July 00:00. People are shown the last day in time. The forms stand in
`date_forms`, the periods of reports in `report_periods`; this module is the door to all of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ocop_workflow.policy.date_forms import (
    At,
    Before,
    By,
    CutOff,
    DateExpression,
    Due,
    Expected,
    Firmness,
    Listed,
    Occurrence,
    Origin,
    ReportBeforeDay,
    ReportCutOff,
    ReportDue,
    ReportWithin,
    Window,
    Within,
)
from ocop_workflow.policy.date_texts import Anchor, Term
from ocop_workflow.policy.periods import Period, PeriodKind, day_of_month, quarter_label
from ocop_workflow.policy.report_periods import ReportPeriod, report_periods, resolve_report_due
from ocop_workflow.policy.resolved_due import Reckoning, ResolvedDue
from ocop_workflow.policy.working_days import WorkingDays

__all__ = [
    "Anchor",
    "At",
    "Before",
    "By",
    "CutOff",
    "DateExpression",
    "Due",
    "Expected",
    "Firmness",
    "Listed",
    "Origin",
    "ReportBeforeDay",
    "ReportCutOff",
    "ReportDue",
    "ReportPeriod",
    "ReportWithin",
    "ResolvedDue",
    "Term",
    "Window",
    "Within",
    "report_periods",
    "resolve_due",
    "resolve_occurrences",
    "resolve_report_due",
]

_NO_ANCHORS: Mapping[Anchor, datetime] = MappingProxyType({})


def resolve_due(
    due: Due,
    *,
    year: int,
    zone: ZoneInfo,
    days: WorkingDays,
    anchors: Mapping[Anchor, datetime] = _NO_ANCHORS,
    roll_counted_terms: bool = True,
    roll_fixed_dates: bool = False,
) -> ResolvedDue:
    """Return the instants that a due date means; a list gives its whole span.

    Counting starts the day after the anchor's local day; a counted term whose anchor is not known yet gives no
    instant. A fixed date on a day off stays unless `roll_fixed_dates`.

    Args:
        due: The date as written.
        year: The cycle's year, for `year-end` and a cut-off without month.
        zone: The office's zone, in which days begin and end.
        days: The working days.
        anchors: The anchors that have happened, aware.
        roll_counted_terms: Whether a term in days or months that ends on a day off moves to the next working day.
        roll_fixed_dates: Whether a fixed date on a day off does so too.

    Raises:
        DayOutsideCalendarError: The reckoning leaves the years that `days` covers.
        ValueError: An anchor is naive.
    """
    reckoning = Reckoning(zone, days, roll_counted_terms, roll_fixed_dates)
    if isinstance(due.date, Listed):
        occurrences = [_resolve(due, item, year, reckoning, anchors) for item in due.date.list]
        return _span(due, occurrences)
    return _resolve(due, due.date, year, reckoning, anchors)


def resolve_occurrences(
    due: Due,
    *,
    year: int,
    zone: ZoneInfo,
    days: WorkingDays,
    anchors: Mapping[Anchor, datetime] = _NO_ANCHORS,
    roll_counted_terms: bool = True,
    roll_fixed_dates: bool = False,
) -> tuple[ResolvedDue, ...]:
    """Return one resolved date for each occurrence: those of a list in its order, else the only one.

    Arguments and errors are those of `resolve_due`.
    """
    reckoning = Reckoning(zone, days, roll_counted_terms, roll_fixed_dates)
    forms = due.date.list if isinstance(due.date, Listed) else (due.date,)
    return tuple(_resolve(due, form, year, reckoning, anchors) for form in forms)


def _resolve(
    due: Due,
    form: DateExpression | Occurrence | None,
    year: int,
    reckoning: Reckoning,
    anchors: Mapping[Anchor, datetime],
) -> ResolvedDue:
    empty = ResolvedDue(None, None, None, Firmness.HARD, due.origin, "none", due.source)
    match form:
        case Before(before=day, leaving=Term() as term):
            return reckoning.counted_back(replace(empty, code="before_leaving"), term, day - timedelta(days=1))
        case Before() | By() | Window() | Expected() | At(at="year-end"):
            return _fixed(empty, form, year, reckoning)
        case At(at=code):
            return replace(empty, code=code)
        case Within(within=term):
            return _within(empty, term, reckoning, anchors)
        case CutOff(cut_off=day, plus=term):
            cut_off = day_of_month(date(year, 12, 1), day) if isinstance(day, int) else day
            params: dict[str, str | int] = {"cut_off_on": cut_off.isoformat(), "count": term.count}
            return reckoning.counted(replace(empty, code="cut_off", params=params), term, cut_off)
        case _:
            return empty


def _fixed(
    empty: ResolvedDue, form: Before | By | Window | Expected | At, year: int, reckoning: Reckoning
) -> ResolvedDue:
    resolved, last_day = replace(empty, code="year_end"), date(year, 12, 31)
    match form:
        case Before(before=day):
            resolved, last_day = replace(empty, code="before"), day - timedelta(days=1)
        case By(by=period):
            resolved = replace(empty, code=f"by_{period.kind.value}", params=_label(period))
            last_day = period.last_day
        case Window(window=period):
            resolved, last_day = _opened(empty, "window", period, reckoning), period.last_day
        case Expected(expected=period):
            opened = empty
            if period.kind is PeriodKind.SPAN:
                opened = _opened(empty, "expected", period, reckoning)
            resolved = replace(opened, code="expected", firmness=Firmness.EXPECTED)
            last_day = period.last_day
        case At():
            pass
    return reckoning.fixed(resolved, last_day)


def _within(empty: ResolvedDue, term: Term, reckoning: Reckoning, anchors: Mapping[Anchor, datetime]) -> ResolvedDue:
    code = f"within_{term.unit.replace(' ', '_')}"
    resolved = replace(empty, code=code, params={"count": term.count, "anchor": term.anchor})
    anchor = anchors.get(Anchor(term.anchor))
    if anchor is None:
        return resolved
    if anchor.tzinfo is None:
        raise ValueError(f"the anchor {term.anchor} is naive; give an instant with its zone")
    local = anchor.astimezone(reckoning.zone)
    return reckoning.counted(replace(resolved, opens_at=local), term, local.date())


def _opened(empty: ResolvedDue, code: str, period: Period, reckoning: Reckoning) -> ResolvedDue:
    params: dict[str, str | int] = {"opens_on": period.start.isoformat()}
    return replace(empty, code=code, opens_at=reckoning.start_of(period.start), params=params)


def _label(period: Period) -> dict[str, str | int]:
    match period.kind:
        case PeriodKind.MONTH:
            return {"month": f"{period.start.month}/{period.start.year}"}
        case PeriodKind.QUARTER:
            return {"quarter": quarter_label(period.start)}
        case PeriodKind.YEAR:
            return {"year": period.start.year}
        case _:
            return {}


def _span(due: Due, occurrences: list[ResolvedDue]) -> ResolvedDue:
    """Join occurrences: open with the first that opens, due after the last, expected only if all are."""
    last = max(occurrences, key=lambda item: item.last_day or date.min)
    opens = [item.opens_at for item in occurrences if item.opens_at is not None]
    firm = any(item.firmness is Firmness.HARD for item in occurrences)
    return ResolvedDue(
        opens_at=min(opens, default=None),
        due_at=last.due_at,
        last_day=last.last_day,
        firmness=Firmness.HARD if firm else Firmness.EXPECTED,
        origin=due.origin,
        code="window",
        source=due.source,
        params={"last_on": str(last.params["last_on"])},
    )
