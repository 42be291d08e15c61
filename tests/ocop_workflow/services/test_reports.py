"""Periodic reports and plan tasks: opened, filed, done; late is a fact and not a state (I1, I9)."""

from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from ocop_workflow.services.audit import verify
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.plan_tasks import TaskNotOpenError, TaskNotPermittedError, complete_task
from ocop_workflow.services.reports import (
    FiguresRefusedError,
    ReportNotPermittedError,
    file_report,
    open_reports,
    reports_to_open,
)
from ocop_workflow.services.summary import reports_by_unit_and_period, reports_total
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Obligation, PlanTask, Report

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

OFFICE, TEAM = "coast/coordination_office", "hill/ocop_team"


def report_of(work: UnitOfWork, period: str = "2018-Q1", unit: str = "hill") -> Report:
    return work.session.exec(select(Report).where(col(Report.period_id) == period, col(Report.unit_id) == unit)).one()


def obligation_of(work: UnitOfWork, subject_id: str) -> Obligation:
    return work.session.exec(select(Obligation).where(col(Obligation.subject_id) == subject_id)).one()


@pytest.mark.parametrize(("when", "count"), [("2018-02-27 23:59:59.999999", 0), ("2018-02-28 00:00", 2)])
def test_reports_to_open_are_those_whose_period_has_come(office: "Office", when: str, count: int) -> None:
    with office.reading(when) as work:
        assert len(reports_to_open(work.session, office.cycle(work), now=work.now)) == count


def test_open_reports_records_when_it_became_true_and_once(office: "Office") -> None:
    """I9: swept a week late, the event says since when the report is open."""
    with office.at("2018-03-07 08:00") as work:
        ids = reports_to_open(work.session, office.cycle(work), now=work.now)
        assert open_reports(work, ids, actor="system:chase-reports") == 2
        assert open_reports(work, ids, actor="system:chase-reports") == 0
        report = report_of(work)
        event = events_of(work.session, f"report:{report.id}")[1]
        assert (report.status, event.effective_at, event.recorded_at) == ("open", report.opens_at, work.now)


@pytest.mark.parametrize(
    ("when", "late"),
    [("2018-03-29 23:59:59.999999", False), ("2018-03-30 00:00", True), ("2018-04-05 08:00", True)],
)
@pytest.mark.parametrize("swept", [False, True])
def test_a_report_is_late_from_its_due_instant_whenever_a_sweep_runs(
    office: "Office", when: str, *, swept: bool, late: bool
) -> None:
    """I9: "before the 30th" is strict; the 29th is the last day in time."""
    if swept:
        office.enforce(when)
    with office.at(when) as work:
        report = file_report(work, report_of(work), actor=TEAM, figures={"rated": 4})
        obligation = obligation_of(work, report.id)
        event = events_of(work.session, f"report:{report.id}")[-1]
        assert (report.status, report.figures, obligation.status) == ("submitted", {"rated": 4}, "done")
        assert (obligation.overdue_at == obligation.due_at) == late
        assert details_of(event) == {"figures": {"rated": 4}, "late": late}


def test_a_report_received_in_time_and_typed_in_later_is_on_time(office: "Office") -> None:
    """I9: the instant of receipt counts, not that of typing."""
    with office.at("2018-04-05 08:00") as work:
        came_in = work.now.replace(month=3, day=29)
        report = file_report(work, report_of(work), actor=OFFICE, figures=None, effective_at=came_in)
        assert (report.status, report.submitted_at) == ("nothing_to_report", came_in)
        tallies = reports_by_unit_and_period(work.session, office.cycle(work), now=work.now)
        total = reports_total(tallies)
        assert (total.on_time, total.late, total.missing) == (1, 0, 1)


def test_file_report_refuses_whoever_owes_another_one(office: "Office") -> None:
    with (
        office.at("2018-03-20 08:00") as work,
        pytest.raises(ReportNotPermittedError, match="that is for hill/ocop_team"),
    ):
        file_report(work, report_of(work), actor="delta/ocop_team", figures=None)


def test_file_report_again_replaces_what_was_filed_and_with_the_same_command_nothing(office: "Office") -> None:
    """Both filings stay on record; the first receipt decides about lateness (I9)."""
    with office.at("2018-03-20 08:00") as work:
        first = work.now
        file_report(work, report_of(work), actor=TEAM, figures={"rated": 1}, command="file-1")
        file_report(work, report_of(work), actor=TEAM, figures={"rated": 9}, command="file-1")
        assert report_of(work).figures == {"rated": 1}
    with office.at("2018-04-03 08:00") as work:
        report = file_report(work, report_of(work), actor=TEAM, figures={"rated": 2})
        assert (report.figures, report.submitted_at, report.revised_at) == ({"rated": 2}, first, work.now)
        filed = [e for e in events_of(work.session, f"report:{report.id}") if e.action == "report_filed"]
        assert [details_of(event)["figures"] for event in filed] == [{"rated": 1}, {"rated": 2}]
        total = reports_total(reports_by_unit_and_period(work.session, office.cycle(work), now=work.now))
        assert (total.on_time, total.late, total.missing) == (1, 0, 1)
        assert verify(work.session).faults == ()


def test_paper_that_came_before_what_was_filed_by_link_is_the_first_receipt(office: "Office") -> None:
    with office.at("2018-04-03 08:00") as work:
        file_report(work, report_of(work), actor=TEAM, figures={"rated": 1})
        came_in = work.now.replace(month=3, day=28)
        report = file_report(work, report_of(work), actor=OFFICE, figures={"rated": 2}, effective_at=came_in)
        assert (report.submitted_at, report.revised_at) == (came_in, None)
        assert verify(work.session).faults == ()


@pytest.mark.parametrize("figures", [{}, {"rated": 1, "sold": 2}, {"rated": -1}, {"rated": "some"}, {"rated": ""}])
def test_file_report_refuses_figures_that_the_duty_does_not_ask_for(office: "Office", figures: dict[str, int]) -> None:
    with office.at("2018-03-20 08:00") as work, pytest.raises(FiguresRefusedError):
        file_report(work, report_of(work), actor=TEAM, figures=figures)


def task_of(work: UnitOfWork) -> PlanTask:
    return work.session.exec(select(PlanTask).where(col(PlanTask.occurrence) == 1)).one()


def test_complete_task_settles_what_it_owed(office: "Office") -> None:
    with office.at("2018-04-19 08:00") as work:
        task = complete_task(work, task_of(work), actor=OFFICE, text="Họp tại hội trường", command="task-1")
        complete_task(work, task, actor=OFFICE, command="task-1")
        assert (task.status, task.version, obligation_of(work, task.id).status) == ("done", 2, "done")
        assert verify(work.session).faults == ()
    with office.at("2018-04-20 08:00") as work, pytest.raises(TaskNotOpenError, match="is done; nothing more"):
        complete_task(work, task_of(work), actor=OFFICE)


def test_complete_task_refuses_whoever_does_not_lead_it(office: "Office") -> None:
    with office.at("2018-04-19 08:00") as work, pytest.raises(TaskNotPermittedError, match="that is for coast"):
        complete_task(work, task_of(work), actor=TEAM)
