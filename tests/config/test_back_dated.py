"""Plans that are signed after much of their time is over ask for nothing, and remind of nothing, of before."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files
from ocop_workflow.replay import documents_for
from ocop_workflow.services.cycles import find_cycle, open_cycle
from ocop_workflow.services.obligations import PLAN_TASK, REPORT
from ocop_workflow.services.pinned_documents import RulebookShelf
from ocop_workflow.services.projection import project_reports, project_tasks
from ocop_workflow.services.reminders import due_obligations, queue_due_notices
from ocop_workflow.services.unit_of_work import SeededIds, UnitOfWork
from ocop_workflow.storage.database import Database
from ocop_workflow.storage.tables import Cycle, Notice, Obligation, PlanTask, Report

CONFIG = default_config_dir()


def work_at(session: Session, now: datetime) -> UnitOfWork:
    return UnitOfWork(session, now, SeededIds("back-dated"), RulebookShelf())


def at(when: str) -> datetime:
    return datetime.fromisoformat(when).replace(tzinfo=OFFICE_ZONE).astimezone(UTC)


def open_and_project(work: UnitOfWork, plan_id: str, year: int) -> Cycle:
    documents = documents_for(load_plan_files(find_plan(CONFIG, plan_id), CONFIG), year)
    cycle = open_cycle(work, documents, year=year, actor="system:test")
    project_reports(work, cycle, actor="system:test")
    project_tasks(work, cycle, actor="system:test")
    return cycle


BACK_DATED = [
    # Signed on 23/9/2015 for 2013-2016; opened the next day, five days later, and when both reports of 2015 were over.
    ("cam-pha-2015", 2015, "2015-09-24", True),
    ("cam-pha-2015", 2015, "2015-09-28", True),
    ("cam-pha-2015", 2015, "2016-02-15", False),
    # Signed on 21/6/2017, with windows from January and April 2017 on; its only ladder of 2017 ends in September.
    ("quang-ninh-2017-2020", 2017, "2017-06-21", True),
    ("quang-ninh-2017-2020", 2017, "2017-11-01", False),
]


@pytest.mark.parametrize(("plan_id", "year", "opened_on", "speaks"), BACK_DATED)
def test_a_back_dated_plan_plans_no_rung_before_it_was_opened(
    database: Database, plan_id: str, year: int, opened_on: str, *, speaks: bool
) -> None:
    """Every rung that is ever decided, sent or not, lies after the opening (I3)."""
    opened_at = at(f"{opened_on}T09:00")
    with database.transaction() as session:
        cycle = open_and_project(work_at(session, opened_at), plan_id, year)
        looks = [o.next_action_at for o in session.exec(select(Obligation)) if o.next_action_at is not None]
        assert [look for look in looks if look < opened_at] == []
    for days_later in (0, 2, 14, 400):
        now = opened_at + timedelta(days=days_later)
        with database.transaction() as session:
            work = work_at(session, now)
            ids = due_obligations(session, cycle, kinds=(REPORT, PLAN_TASK), now=now)
            queue_due_notices(work, find_cycle(session, None), ids)

    with database.reading() as session:
        rungs = [notice for notice in session.exec(select(Notice)) if notice.rung is not None]
        assert bool(rungs) is speaks
        assert [(notice.rung, notice.moment_at) for notice in rungs if notice.moment_at < opened_at] == []


def test_quarters_that_were_over_when_the_plan_was_signed_are_nobodys(database: Database) -> None:
    """Of 2015 only the third and the fourth quarter are asked for, of 16 wards and communes and ten bodies."""
    with database.transaction() as session:
        open_and_project(work_at(session, at("2015-09-24T09:00")), "cam-pha-2015", 2015)
        reports = Counter(report.period_id for report in session.exec(select(Report)))

    assert reports == {"2015-Q3": 26, "2015-Q4": 26}


def test_first_report_after_the_signature_has_the_rungs_that_are_left(database: Database) -> None:
    """Due before 30/9/2015: the rungs of 15/9 and 22/9 are gone; 25/9 (for Saturday 26/9) and 28/9 remain."""
    with database.transaction() as session:
        open_and_project(work_at(session, at("2015-09-24T09:00")), "cam-pha-2015", 2015)
        first = session.exec(
            select(Obligation).where(col(Obligation.key).endswith("/report/communes/2015-Q3/cam-pha.cua-ong"))
        ).one()

    assert first.due_at == at("2015-09-30T00:00")
    assert first.next_action_at == at("2015-09-25T07:00")


@pytest.mark.parametrize(
    ("plan_id", "year", "reports", "tasks"),
    [
        ("thai-binh-2020", 2020, 0, 23),  # 8 districts' apparatus, twice two tours and conferences, 11 single tasks
        ("cam-pha-2015", 2016, 104, 1),  # 26 reporters in four quarters; the work without end
        ("ba-don-2021", 2021, 0, 0),  # nothing is dated
    ],
)
def test_opening_asks_for_what_is_dated_and_for_nothing_else(
    database: Database, plan_id: str, year: int, reports: int, tasks: int
) -> None:
    with database.transaction() as session:
        open_and_project(work_at(session, at(f"{year}-05-20T09:00")), plan_id, year)
        found = [len(list(session.exec(select(table)))) for table in (Report, PlanTask)]

    assert found == [reports, tasks]
