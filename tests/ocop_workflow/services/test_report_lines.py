"""A long task is told of in the quarterly report: on the page, in what is filed, in the table, in what is collected."""

from typing import TYPE_CHECKING, Any

import pytest
from sqlmodel import col, select

from ocop_workflow.clock import last_day_in_time
from ocop_workflow.services.audit import verify
from ocop_workflow.services.consolidation import draft
from ocop_workflow.services.report_letters import for_reporting
from ocop_workflow.services.report_matrix import matrices
from ocop_workflow.services.report_page import report_page
from ocop_workflow.services.reports import FiguresRefusedError, file_report
from ocop_workflow.storage.tables import Obligation, PlanTask, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocop_workflow.services.unit_of_work import UnitOfWork
    from tests.ocop_workflow.conftest import Office

TEAM = "hill/ocop_team"
WORDS = "Đã khảo sát 3 xã; còn 2 xã"


@pytest.fixture
def telling(office_with: "Callable[..., Office]") -> "Office":
    """A survey by each district from April to December, and the province's report that collects the districts'."""

    def edit(plan: dict[str, Any]) -> None:
        year = plan["years"]["2018"]
        survey = {"title": {"vi": "Khảo sát ý tưởng", "en": "Survey of ideas"}, "id": "survey", "source": "item 9"}
        lead = {"role": "ocop_team", "level": "district"}
        dates = [{"window": "2018-Q2..2018-Q4", "source": "item 9"}]
        year["tasks"].append({**survey, "lead": lead, "each": "district", "dates": dates})
        summary = {"title": {"vi": "Báo cáo tổng hợp", "en": "Summary"}, "id": "summary", "source": "item 9"}
        position = {"reporters": {"role": "coordination_office", "unit": "coast"}}
        above = {"collector": {"role": "province_leader", "unit": "coast"}}
        due = {"due": {"within": "20 days of period_end", "source": "item 9"}, "every": "quarter"}
        figures = {"figures": year["report_duties"][0]["figures"]}
        year["report_duties"].append({**summary, **position, **above, **due, **figures, "collects": "progress"})

    office = office_with(plan=edit)
    office.open()
    return office


def report_of(work: "UnitOfWork", duty: str = "progress", period: str = "2018-Q2", unit: str = "hill") -> Report:
    query = select(Report).where(
        col(Report.duty_id) == duty, col(Report.period_id) == period, col(Report.unit_id) == unit
    )
    return work.session.exec(query).one()


def test_the_page_asks_for_the_line_in_the_quarters_of_the_window(telling: "Office") -> None:
    with telling.reading("2018-06-20 08:00") as work:
        asked = {
            period: [figure.id for figure in _page(work, report_of(work, period=period)).figures]
            for period in ("2018-Q1", "2018-Q2", "2018-Q4")
        }

    assert asked == {
        "2018-Q1": ["rated"],
        "2018-Q2": ["rated", "task-survey"],
        "2018-Q4": ["rated", "task-survey"],
    }


def _page(work: "UnitOfWork", report: Report) -> Any:
    return report_page(work, report, link_until=work.now)


def test_what_is_told_is_filed_shown_and_collected(telling: "Office") -> None:
    with telling.at("2018-06-20 08:00") as work:
        file_report(work, report_of(work), actor=TEAM, figures={"rated": 4, "task-survey": WORDS})

    with telling.reading("2018-07-05 08:00") as work:
        cycle = telling.cycle(work)
        book = work.books.of_cycle(work.session, cycle)
        filed = _page(work, report_of(work)).receipt.figures
        (table,) = matrices(work.session, cycle, book, now=work.now, duty_id="progress")
        drafted = draft(work, report_of(work, "summary", unit="coast"))
        assert verify(work.session).faults == ()
    assert [(figure.id, value) for figure, value in filed] == [("rated", "4"), ("task-survey", WORDS)]
    assert [figure.id for figure in table.duty.figures] == ["rated", "task-survey"]
    assert dict(table.rows["hill"]["2018-Q2"].figures or {}) == {"rated": 4, "task-survey": WORDS}
    assert [dict(each.figures or {}) for each in drafted.inputs if each.unit == "hill"] == [
        {"rated": 4, "task-survey": WORDS}
    ]
    assert (dict(drafted.totals), drafted.not_added) == ({"rated": 4}, ())


def test_a_line_may_be_left_blank_and_has_its_longest(telling: "Office") -> None:
    with telling.at("2018-06-20 08:00") as work:
        report = report_of(work)
        with pytest.raises(FiguresRefusedError, match="task-survey"):
            file_report(work, report, actor=TEAM, figures={"rated": 4, "task-survey": "x" * 501})
        with pytest.raises(FiguresRefusedError, match="rated"):
            file_report(work, report, actor=TEAM, figures={"task-survey": WORDS})
    with telling.at("2018-06-20 08:00") as work:
        assert file_report(work, report_of(work), actor=TEAM, figures={"rated": 4}).figures == {"rated": 4}


def test_nobody_is_pressed_for_a_long_task(telling: "Office") -> None:
    """It has no rung, and the reminder of the report names the figures that are owed, not the line."""
    with telling.reading("2018-06-20 08:00") as work:
        row = work.session.exec(select(PlanTask).where(col(PlanTask.task_id) == "survey.hill")).one()
        owed = work.session.exec(select(Obligation).where(col(Obligation.subject_id) == row.id)).one()
        cycle = telling.cycle(work)
        said = for_reporting(work.books.of_cycle(work.session, cycle), report_of(work))
    assert (owed.ladder, owed.next_action_at) == (None, None)
    assert row.due_at is not None
    assert last_day_in_time(row.due_at).isoformat() == "2018-12-31"
    assert "Khảo sát" not in str(said)
