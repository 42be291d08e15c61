"""Consolidation upward: totals as by hand, the missing by name, a snapshot, and what came after it."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.policy.plan import ReportDuty
from ocop_workflow.services.audit import verify
from ocop_workflow.services.consolidation import NothingToCollectError, draft, send_upward
from ocop_workflow.services.events import events_of
from ocop_workflow.services.report_matrix import matrices
from ocop_workflow.services.report_review import return_report
from ocop_workflow.services.reports import FiguresRefusedError, file_report
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Report, ReportSnapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.ocop_workflow.conftest import Office

    Opening = Callable[[Path, Path], AbstractContextManager[Office]]

OFFICE = "coast/coordination_office"
RATED = {"id": "rated", "title": {"vi": "Số sản phẩm", "en": "Products"}}
SALES = {"id": "sales", "title": {"vi": "Doanh thu", "en": "Sales"}, "kind": "money"}
SHARE = {"id": "share", "title": {"vi": "Tỷ lệ", "en": "Share"}, "kind": "percent"}
NOTE = {"id": "note", "title": {"vi": "Nhận xét", "en": "Remarks"}, "kind": "text"}


def vn(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=OFFICE_ZONE)


@pytest.fixture
def collecting(open_office: "Opening", migrated_database: Path, tmp_path: Path) -> "Office":
    """The small office, which adds up its districts' reports for the province and adds a remark of its own."""
    with open_office(migrated_database, tmp_path / "collecting.db") as fresh:
        content = fresh.documents.plan.years[2018]
        (inputs,) = content.report_duties
        inputs = ReportDuty.model_validate({**inputs.model_dump(), "figures": [RATED, SALES, SHARE]})
        summary = ReportDuty.model_validate(
            {
                **inputs.model_dump(),
                "id": "summary",
                "title": {"vi": "Báo cáo tổng hợp", "en": "Summary"},
                "every": "half-year",
                "collects": "progress",
                "reporters": {"role": "coordination_office", "unit": "coast"},
                "collector": {"role": "province_leader", "unit": "coast"},
                "due": {"within": "5 days of period_end", "source": "item 9"},
                "figures": [RATED, SALES, NOTE],
            }
        )
        years = {2018: content.model_copy(update={"report_duties": (inputs, summary)})}
        plan = fresh.documents.plan.model_copy(update={"years": years})
        opened = replace(fresh, documents=replace(fresh.documents, plan=plan))
        opened.open()
    return opened


def report_of(work: UnitOfWork, unit: str, period: str) -> Report:
    return work.session.exec(select(Report).where(col(Report.period_id) == period, col(Report.unit_id) == unit)).one()


def file(office: "Office", when: str, unit: str, period: str, *figures: int | str) -> None:
    given = dict(zip(("rated", "sales", "share"), figures, strict=False)) or None
    with office.at(when) as work:
        file_report(work, report_of(work, unit, period), actor=f"{unit}/ocop_team", figures=given)


def send(office: "Office", when: str) -> int:
    with office.at(when) as work:
        drafted = draft(work, report_of(work, "coast", "2018-H1"))
        return send_upward(work, drafted, actor=OFFICE, stated={"note": "Tốt"}).number


def test_draft_adds_up_what_the_units_sent_and_names_the_missing(collecting: "Office") -> None:
    """By hand: 4 + 2 + 0 = 6 products; 12,5 + 1.000,25 + 0 = 1.012,75 million; delta's second quarter is missing."""
    file(collecting, "2018-03-20 08:00", "hill", "2018-Q1", 4, "12.5", "50")
    file(collecting, "2018-04-20 08:00", "hill", "2018-Q2", 2, "1000.25", "75")
    file(collecting, "2018-03-21 08:00", "delta", "2018-Q1")  # nothing to report
    with collecting.reading("2018-07-02 08:00") as work:
        drafted = draft(work, report_of(work, "coast", "2018-H1"))

    assert drafted.totals == {"rated": 6, "sales": "1012.75"}
    assert [(each.period, each.unit) for each in drafted.missing] == [("2018-Q2", "delta")]
    assert [(each.period, each.unit, each.standing.value) for each in drafted.inputs] == [
        ("2018-Q1", "delta", "nothing"),
        ("2018-Q1", "hill", "in_time"),
        ("2018-Q2", "delta", "missing"),
        ("2018-Q2", "hill", "in_time"),
    ]
    assert [figure.id for figure in drafted.not_added] == ["note"]


def test_a_returned_report_is_not_counted(collecting: "Office") -> None:
    file(collecting, "2018-03-20 08:00", "hill", "2018-Q1", 4, "12.5", "50")
    with collecting.at("2018-03-22 08:00") as work:
        report = report_of(work, "hill", "2018-Q1")
        return_report(work, report, actor=OFFICE, reason="Sai", correct_by_at=vn("2018-04-01 00:00"))
        drafted = draft(work, report_of(work, "coast", "2018-H1"))

    assert drafted.totals == {"rated": 0, "sales": "0"}
    assert ("2018-Q1", "hill") in [(each.period, each.unit) for each in drafted.missing]


def test_draft_refuses_a_report_that_collects_no_others(collecting: "Office") -> None:
    with collecting.reading("2018-07-02 08:00") as work, pytest.raises(NothingToCollectError, match="summary"):
        draft(work, report_of(work, "hill", "2018-Q1"))


def test_send_upward_needs_the_figures_that_no_total_gives(collecting: "Office") -> None:
    with collecting.at("2018-07-02 08:00") as work, pytest.raises(FiguresRefusedError, match="Remarks"):
        send_upward(work, draft(work, report_of(work, "coast", "2018-H1")), actor=OFFICE)


def test_a_snapshot_stays_as_it_was_sent_and_a_later_input_asks_for_a_supplement(collecting: "Office") -> None:
    file(collecting, "2018-03-20 08:00", "hill", "2018-Q1", 4, "12.5", "50")
    assert send(collecting, "2018-07-02 08:00") == 1
    file(collecting, "2018-07-03 08:00", "delta", "2018-Q1", 3, "1", "10")
    with collecting.reading("2018-07-03 09:00") as work:
        summary = report_of(work, "coast", "2018-H1")
        snapshot = work.session.exec(select(ReportSnapshot)).one()
        assert (summary.status, summary.figures) == ("submitted", {"rated": 4, "sales": "12.5", "note": "Tốt"})
        assert summary.supplement_at == vn("2018-07-03 08:00")
        assert b'"rated":4' in snapshot.body
        assert b'"missing":["2018-Q1/delta","2018-Q2/delta","2018-Q2/hill"]' in snapshot.body
        table = matrices(
            work.session,
            collecting.cycle(work),
            work.books.of_cycle(work.session, collecting.cycle(work)),
            now=work.now,
            duty_id="summary",
        )[0]
        assert table.rows["coast"]["2018-H1"].needs_supplement
        assert [e.action for e in events_of(work.session, f"report:{summary.id}")][-2:] == [
            "report_filed",
            "supplement_needed",
        ]
        assert verify(work.session).faults == ()
    assert send(collecting, "2018-07-04 08:00") == 2
    with collecting.reading("2018-07-04 09:00") as work:
        summary = report_of(work, "coast", "2018-H1")
        assert (summary.figures or {})["rated"] == 7
        assert summary.supplement_at is None
        assert len(work.session.exec(select(ReportSnapshot)).all()) == 2
        assert verify(work.session).faults == ()


def test_the_sender_is_told_of_each_later_input_at_once(collecting: "Office") -> None:
    send(collecting, "2018-07-02 08:00")
    file(collecting, "2018-07-03 08:00", "delta", "2018-Q1", 3, "1", "10")
    sender = RecordingEmailSender()
    collecting.send("2018-07-03 09:00", sender)
    mails = [e for e in sender.envelopes if e.recipient.startswith("coordination_office")]
    texts = [collecting.text_of(mail.message) for mail in mails]

    assert any(
        "huyện Châu Thổ đã gửi số liệu quý I/2018 sau khi báo cáo tổng hợp được gửi đi; cần gửi bổ sung." in each
        for each in texts
    )


def test_an_input_of_another_period_asks_for_no_supplement(collecting: "Office") -> None:
    send(collecting, "2018-07-02 08:00")
    file(collecting, "2018-09-03 08:00", "delta", "2018-Q3", 3, "1", "10")
    with collecting.reading() as work:
        assert report_of(work, "coast", "2018-H1").supplement_at is None


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE report_snapshot SET body = replace(body, '4', '5')", "snapshot 1 is not what was sent"),
        ("UPDATE report_snapshot SET hash = 'x'", "snapshot 1 is not what was sent"),
        ("UPDATE report_snapshot SET sent_at = '2018-01-01 00:00:00.000000'", "snapshot 1 is not what was sent"),
        ("DELETE FROM report_snapshot", "snapshot 1 that was sent is missing"),
        ("UPDATE report SET supplement_at = NULL", "the row's supplement_at is not what its events say"),
        ("UPDATE report SET correct_by_at = opens_at", "the row's correct_by_at is not what its events say"),
        ("UPDATE report SET revised_at = opens_at", "the row's revised_at is not what its events say"),
    ],
)
def test_verify_finds_a_changed_snapshot_or_fact(collecting: "Office", statement: str, sentence: str) -> None:
    file(collecting, "2018-03-20 08:00", "hill", "2018-Q1", 4, "12.5", "50")
    send(collecting, "2018-07-02 08:00")
    file(collecting, "2018-07-03 08:00", "delta", "2018-Q1", 3, "1", "10")
    with collecting.at("2018-07-03 09:00") as work:
        work.session.execute(text(statement))
    with collecting.reading() as work:
        assert sentence in {fault.sentence for fault in verify(work.session).faults}
