"""How a report stands: what follows from its dates, its receipt and its state, whenever one looks (promise I9)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ocop_workflow.clock import last_day_in_time, local_day
from state_machines.report import FILED_STATUSES, ReportStatus


class Standing(StrEnum):
    """What people ask about a report: is it in, in time, late, or missing."""

    IN_TIME = "in_time"
    LATE = "late"
    NOTHING = "nothing"
    NOTHING_LATE = "nothing_late"
    RETURNED = "returned"
    MISSING = "missing"
    AWAITED = "awaited"
    NOT_YET = "not_yet"
    EXCUSED = "excused"


@dataclass(frozen=True, slots=True)
class ReportDates:
    """What a report's standing follows from.

    Attributes:
        status: A value of `ReportStatus`.
        opens_at: From when it is asked for.
        due_at: The first instant too late, or None.
        submitted_at: When it first came, or None; a correction never makes it later.
        has_figures: Whether figures were sent, rather than "nothing to report".
        only_if_any: Whether it is asked for only if there is something.
    """

    status: str
    opens_at: datetime
    due_at: datetime | None
    submitted_at: datetime | None
    has_figures: bool
    only_if_any: bool = False


def days_late(due_at: datetime | None, received_at: datetime | None) -> int:
    """Return by how many days something came after its last day in time; 0 when in time, undated or not received."""
    if due_at is None or received_at is None or received_at < due_at:
        return 0
    return (local_day(received_at) - last_day_in_time(due_at)).days


def standing_of(report: ReportDates, *, now: datetime) -> Standing:
    """Return how a report stands at `now`; no sweep needs to have run.

    A returned report is neither in nor missing: it came, and is owed again by a date of its own.
    """
    over = report.due_at is not None and now >= report.due_at
    if report.status == ReportStatus.NOT_REQUIRED:
        return Standing.EXCUSED
    if report.status == ReportStatus.RETURNED:
        return Standing.RETURNED
    if report.status in FILED_STATUSES:
        late = days_late(report.due_at, report.submitted_at) > 0
        if report.has_figures:
            return Standing.LATE if late else Standing.IN_TIME
        return Standing.NOTHING_LATE if late and not report.only_if_any else Standing.NOTHING
    if over:
        return Standing.NOTHING if report.only_if_any else Standing.MISSING
    return Standing.AWAITED if now >= report.opens_at else Standing.NOT_YET


def days_late_or_missing(report: ReportDates, *, now: datetime) -> int:
    """Return by how many days a report came late, or has been missing at `now`; 0 otherwise."""
    match standing_of(report, now=now):
        case Standing.LATE | Standing.NOTHING_LATE | Standing.RETURNED:
            return days_late(report.due_at, report.submitted_at)
        case Standing.MISSING:
            return days_late(report.due_at, now)
        case _:
            return 0
