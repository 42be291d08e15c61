"""Coverage: how each unit's report on each period stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from ocop_workflow.policy.plan import ReportDuty
from ocop_workflow.policy.report_figures import FigureValue
from ocop_workflow.policy.report_lines import with_lines
from ocop_workflow.policy.report_standing import ReportDates, Standing, days_late_or_missing, standing_of
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.storage.tables import Cycle, Report


@dataclass(frozen=True, slots=True)
class Cell:
    """One report as it stands: by how many days it came late or has been missing, and what it said."""

    standing: Standing
    days_late: int
    is_accepted: bool
    needs_supplement: bool
    due_at: datetime | None
    submitted_at: datetime | None
    figures: Mapping[str, FigureValue] | None


@dataclass(frozen=True, slots=True)
class Matrix:
    """One duty's reports: a row for each unit in the order of the register, a column for each period.

    A unit that does not report on a period has no cell there.
    """

    duty: ReportDuty
    periods: tuple[str, ...]
    rows: Mapping[str, Mapping[str, Cell]]

    def tally(self) -> dict[Standing, int]:
        """Return how many cells stand how, in the order of `Standing`."""
        cells = [cell.standing for row in self.rows.values() for cell in row.values()]
        return {standing: cells.count(standing) for standing in Standing if standing in cells}


def dates_of(report: Report, duty: ReportDuty) -> ReportDates:
    """Return what a report's standing follows from."""
    return ReportDates(
        status=report.status,
        opens_at=report.opens_at,
        due_at=report.due_at,
        submitted_at=report.submitted_at,
        has_figures=report.figures is not None,
        only_if_any=duty.only_if is not None,
    )


def matrices(
    session: Session, cycle: Cycle, book: Rulebook, *, now: datetime, duty_id: str | None = None
) -> tuple[Matrix, ...]:
    """Return the matrix of each duty of a cycle that has reports, or of one duty, as of `now`."""
    found = session.exec(
        select(Report).where(col(Report.cycle_id) == cycle.id).order_by(col(Report.opens_at), col(Report.period_id))
    )
    reports = [report for report in found if duty_id in (None, report.duty_id)]
    return tuple(
        _matrix(
            with_lines(duty, book.plan, book.units, year=book.year),
            [report for report in reports if report.duty_id == duty.id],
            book,
            now=now,
        )
        for duty in book.cycle_year.report_duties
        if any(report.duty_id == duty.id for report in reports)
    )


def cell_of(report: Report, duty: ReportDuty, *, now: datetime) -> Cell:
    """Return one report as it stands at `now`."""
    dates = dates_of(report, duty)
    return Cell(
        standing=standing_of(dates, now=now),
        days_late=days_late_or_missing(dates, now=now),
        is_accepted=report.status == "accepted",
        needs_supplement=report.supplement_at is not None,
        due_at=report.due_at,
        submitted_at=report.submitted_at,
        figures=report.figures,
    )


def _matrix(duty: ReportDuty, reports: list[Report], book: Rulebook, *, now: datetime) -> Matrix:
    cells: dict[str, dict[str, Cell]] = {}
    for report in reports:
        cells.setdefault(report.unit_id, {})[report.period_id] = cell_of(report, duty, now=now)
    periods = tuple(sorted({report.period_id for report in reports}))
    order = [unit.id for unit in book.units.units if unit.id in cells]
    return Matrix(duty, periods, {unit: cells[unit] for unit in order})
