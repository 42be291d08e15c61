"""What came after a collecting report was sent upward: its sender is told that a supplement is needed."""

from datetime import datetime

from sqlmodel import col, select

from ocop_workflow.policy.report_tree import collected_periods
from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.notices import tell
from ocop_workflow.services.pinned_documents import Rulebook
from ocop_workflow.services.titles import period_title
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Report, ReportSnapshot


def raise_supplements(work: UnitOfWork, cycle: Cycle, book: Rulebook, report: Report, *, at: datetime) -> None:
    """Record on each collecting report that was sent without this filing that a supplement is needed."""
    duties = {duty.id: duty for duty in book.cycle_year.report_duties}
    for collecting in duties.values():
        if collecting.collects != report.duty_id:
            continue
        query = select(Report).where(
            col(Report.cycle_id) == cycle.id,
            col(Report.duty_id) == collecting.id,
            col(Report.reporter) == report.collector,
            col(Report.id).in_(select(ReportSnapshot.report_id)),
        )
        inputs = duties[report.duty_id]
        for sent in work.session.exec(query):
            covered = collected_periods(collecting, inputs, year=book.year, period_id=sent.period_id)
            if report.period_id in covered:
                _raise(work, cycle, book, sent, report, at=at)


def _raise(work: UnitOfWork, cycle: Cycle, book: Rulebook, sent: Report, report: Report, *, at: datetime) -> None:
    sent.supplement_at = sent.supplement_at or at
    sent.version += 1
    stream = f"report:{sent.id}"
    details = {"input": report.id, "event": report.version}
    act = Act(book.units.successor_of(report.reporter), "supplement_needed", details=details, effective_at=at)
    append_event(work, stream=stream, seq=sent.version, cycle_id=cycle.id, act=act)
    work.session.add(sent)
    tell(
        work,
        cycle,
        recipient=book.units.successor_of(sent.reporter),
        code="news.report_supplement",
        params={
            "unit": book.units.unit(report.unit_id).name.model_dump(),
            "period": period_title(report.period_id),
        },
        subject_id=sent.id,
        stream=stream,
        seq=sent.version,
        happened_at=at,
    )
