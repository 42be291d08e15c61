"""Consolidation: a collecting report drafted from what the units sent, and sent upward as a snapshot."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.plan import Figure, ReportDuty
from ocop_workflow.policy.report_figures import FigureValue, total_of
from ocop_workflow.policy.report_lines import with_lines
from ocop_workflow.policy.report_standing import Standing, standing_of
from ocop_workflow.policy.report_tree import collected_periods
from ocop_workflow.services.pinned_documents import canonical_bytes
from ocop_workflow.services.report_matrix import dates_of
from ocop_workflow.services.reports import duty_of, file_report
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Report, ReportSnapshot

NOT_IN = frozenset({Standing.MISSING, Standing.AWAITED, Standing.NOT_YET, Standing.RETURNED})
"""The standings in which a unit's figures are not counted: nothing came, or what came was returned."""


class NothingToCollectError(InputError):
    """The report collects no others."""


@dataclass(frozen=True, slots=True)
class Input:
    """One collected report: its standing, and its figures (None where nothing is counted)."""

    report_id: str
    unit: str
    period: str
    version: int
    standing: Standing
    figures: Mapping[str, FigureValue] | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A collecting report as what the units sent makes it.

    Attributes:
        report: The collecting report.
        duty: Its duty.
        collected: The duty that it collects.
        inputs: The collected reports by period and unit.
        totals: Each figure that adds up, by id; what was "nothing to report" counts as zero.
    """

    report: Report
    duty: ReportDuty
    collected: ReportDuty
    inputs: tuple[Input, ...]
    totals: Mapping[str, FigureValue]

    @property
    def missing(self) -> tuple[Input, ...]:
        """Return the inputs that are not in."""
        return tuple(each for each in self.inputs if each.standing in NOT_IN)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Return the collected figures that add up, in the order of the plan."""
        return tuple(figure for figure in self.collected.figures if figure.id in self.totals)

    @property
    def not_added(self) -> tuple[Figure, ...]:
        """Return the figures of the collecting report that no total gives: somebody has to state them."""
        return tuple(figure for figure in self.duty.figures if figure.id not in self.totals and not figure.optional)


def draft(work: UnitOfWork, report: Report) -> Draft:
    """Return what a collecting report would say now; nothing is written.

    Raises:
        NothingToCollectError: Its duty collects no others.
    """
    cycle = work.session.get_one(Cycle, report.cycle_id)
    book = work.books.of_cycle(work.session, cycle)
    duty = duty_of(book, report)
    collected = next((each for each in book.cycle_year.report_duties if each.id == duty.collects), None)
    if collected is None:
        known = ", ".join(each.id for each in book.cycle_year.report_duties if each.collects) or "none here"
        raise NothingToCollectError(f'the report "{duty.id}" collects no others; those that do: {known}')
    collected = with_lines(collected, book.plan, book.units, year=book.year)
    periods = collected_periods(duty, collected, year=book.year, period_id=report.period_id)
    query = select(Report).where(
        col(Report.cycle_id) == cycle.id,
        col(Report.duty_id) == collected.id,
        col(Report.period_id).in_(periods),
        col(Report.collector) == report.reporter,
    )
    rows = work.session.exec(query.order_by(col(Report.period_id), col(Report.unit_id)))
    inputs = tuple(_input(work, row, collected) for row in rows)
    stated = [each.figures for each in inputs if each.figures is not None]
    totals = {
        figure.id: total_of(figure, [figures[figure.id] for figures in stated if figure.id in figures])
        for figure in collected.figures
    }
    return Draft(report, duty, collected, inputs, {name: total for name, total in totals.items() if total is not None})


def send_upward(
    work: UnitOfWork,
    drafted: Draft,
    *,
    actor: str,
    stated: Mapping[str, FigureValue] | None = None,
) -> ReportSnapshot:
    """File a collecting report with its totals and keep what it was made of as a snapshot.

    A later filing of a unit raises "supplement needed" on it; sending again makes a new snapshot.

    Args:
        work: The unit of work; the caller commits.
        drafted: As `draft` returned it in this unit of work.
        actor: The reporter of the collecting report, or the office.
        stated: The figures that no total gives, by id; they go before totals of the same id.

    Raises:
        OcopError: As `file_report` refuses.
    """
    report = drafted.report
    asked = {figure.id for figure in drafted.duty.figures}
    figures = {**{name: total for name, total in drafted.totals.items() if name in asked}, **(stated or {})}
    body = canonical_bytes({"figures": figures, **content_of(drafted), "sent_at": work.now.isoformat()})
    counted = select(func.count()).select_from(ReportSnapshot).where(col(ReportSnapshot.report_id) == report.id)
    snapshot = ReportSnapshot(
        report_id=report.id,
        number=work.session.exec(counted).one() + 1,
        sent_at=work.now,
        body=body,
        hash=hashlib.sha256(body).hexdigest(),
    )
    evidence = {"snapshot": {"number": snapshot.number, "hash": snapshot.hash}}
    file_report(work, report, actor=actor, figures=figures, evidence=evidence)
    work.session.add(snapshot)
    return snapshot


def content_of(drafted: Draft) -> dict[str, Any]:
    """Return what a draft says, as JSON values."""
    return {
        "duty": drafted.duty.id,
        "period": drafted.report.period_id,
        "unit": drafted.report.unit_id,
        "totals": dict(drafted.totals),
        "missing": [f"{each.period}/{each.unit}" for each in drafted.missing],
        "inputs": [
            {
                "report": each.report_id,
                "unit": each.unit,
                "period": each.period,
                "version": each.version,
                "standing": each.standing.value,
                "figures": None if each.figures is None else dict(each.figures),
            }
            for each in drafted.inputs
        ],
    }


def _input(work: UnitOfWork, row: Report, duty: ReportDuty) -> Input:
    standing = standing_of(dates_of(row, duty), now=work.now)
    counts = standing not in NOT_IN and row.figures is not None
    return Input(row.id, row.unit_id, row.period_id, row.version, standing, row.figures if counts else None)
