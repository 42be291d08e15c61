"""Receiving reports: accepting, returning with a new date, doing without; and reports "if there is something"."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlmodel import col, select

from notifications.recording import RecordingEmailSender
from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.errors import InputError
from ocop_workflow.policy.document import LocalText
from ocop_workflow.policy.plan import Ladder, Rung
from ocop_workflow.services.audit import verify
from ocop_workflow.services.cycles import CycleDocuments
from ocop_workflow.services.events import events_of
from ocop_workflow.services.links import links_of, token_of
from ocop_workflow.services.report_review import (
    accept_report,
    excuse_report,
    return_report,
)
from ocop_workflow.services.reports import (
    ReportNotOpenError,
    ReportNotPermittedError,
    close_empty_reports,
    file_report,
    open_reports,
    reports_to_close,
    reports_to_open,
)
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Obligation, Report

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tests.ocop_workflow.conftest import Office

    Opening = Callable[[Path, Path], AbstractContextManager[Office]]

OFFICE, TEAM = "coast/coordination_office", "hill/ocop_team"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=OFFICE_ZONE)


def report_of(work: UnitOfWork, unit: str = "hill") -> Report:
    return work.session.exec(
        select(Report).where(col(Report.period_id) == "2018-Q1", col(Report.unit_id) == unit)
    ).one()


def obligations_of(work: UnitOfWork, report: Report) -> list[Obligation]:
    query = select(Obligation).where(col(Obligation.subject_id) == report.id)
    return list(work.session.exec(query.order_by(col(Obligation.opens_at))))


def file(office: "Office", when: str = "2018-03-20 08:00", rated: int = 3) -> None:
    with office.at(when) as work:
        file_report(work, report_of(work), actor=TEAM, figures={"rated": rated})


def test_an_accepted_report_takes_nothing_more(office: "Office") -> None:
    file(office)
    with office.at("2018-03-21 08:00") as work:
        accept_report(work, report_of(work), actor=OFFICE, command="accept-1")
        accept_report(work, report_of(work), actor=OFFICE, command="accept-1")
        assert report_of(work).status == "accepted"
    with office.at("2018-03-22 08:00") as work, pytest.raises(ReportNotOpenError):
        file_report(work, report_of(work), actor=TEAM, figures={"rated": 4})


def test_a_returned_report_is_owed_anew_by_its_own_date(office: "Office") -> None:
    """Returned on 2 April for 6 April: the reporter is told at once and owes it; its first receipt still counts."""
    file(office)
    with office.at("2018-04-02 08:00") as work:
        due = instant("2018-04-07 00:00")
        return_report(work, report_of(work), actor=OFFICE, reason="Thiếu số liệu tháng 2", correct_by_at=due)
        report = report_of(work)
        assert (report.status, report.correct_by_at) == ("returned", due)
        assert [(o.status, o.due_at) for o in obligations_of(work, report)][1:] == [("open", due)]
        assert verify(work.session).faults == ()
    with office.at("2018-04-05 08:00") as work:
        report = file_report(work, report_of(work), actor=TEAM, figures={"rated": 5})
        assert [o.status for o in obligations_of(work, report)] == ["done", "done"]
        assert (report.status, report.submitted_at) == ("submitted", instant("2018-03-20 08:00"))
        assert verify(work.session).faults == ()


def test_a_returned_report_is_reminded_of_and_overdue_like_any_other(office: "Office") -> None:
    """The ladder of the duty begins anew at the return; a day after 6 April the reporter is told it is overdue."""
    file(office)
    with office.at("2018-04-02 08:00") as work:
        due = instant("2018-04-07 00:00")
        return_report(work, report_of(work), actor=OFFICE, reason="Sai tổng", correct_by_at=due)
    office.enforce("2018-04-07 00:15")
    office.sweep("2018-04-07 08:00")
    with office.reading() as work:
        correction = obligations_of(work, report_of(work))[-1]
        rungs = [n.rung for n in office.notices(work) if n.obligation_id == correction.id]
        assert correction.overdue_at == instant("2018-04-07 00:00")
        assert rungs == ["-1"]


def test_the_mail_of_a_return_says_why_by_when_and_where(office: "Office") -> None:
    file(office)
    with office.at("2018-04-02 08:00") as work:
        due = instant("2018-04-07 00:00")
        return_report(work, report_of(work), actor=OFFICE, reason="Thiếu số liệu tháng 2", correct_by_at=due)
        (link,) = links_of(work.session, report_of(work).id)
        token = token_of(link, (b"k" * 32,))
    sender = RecordingEmailSender()
    office.send("2018-04-02 09:00", sender)
    (text,) = [office.text_of(m.message) for m in sender.envelopes if "ocop_team.hill" in str(m.recipient)]

    assert "[Việc cần làm] Gửi báo cáo tiến độ quý I/2018" in text
    assert "Hạn cuối: Thứ Sáu, 06/04/2018" in text
    assert "Báo cáo được trả lại để bổ sung." in text
    assert "Nội dung cần bổ sung: Thiếu số liệu tháng 2" in text
    assert f"Mở báo cáo để gửi (không cần tài khoản): http://127.0.0.1:8000/s/{token}" in text


def test_the_mail_of_a_return_asks_for_nothing_when_the_correction_was_quicker(office: "Office") -> None:
    file(office)
    with office.at("2018-04-02 08:00") as work:
        due = instant("2018-04-07 00:00")
        return_report(work, report_of(work), actor=OFFICE, reason="Sai tổng", correct_by_at=due)
    file(office, "2018-04-02 08:30", 5)
    sender = RecordingEmailSender()
    office.send("2018-04-02 09:00", sender)
    (text,) = [office.text_of(m.message) for m in sender.envelopes if "ocop_team.hill" in str(m.recipient)]

    assert "[Thông báo] Báo cáo cần bổ sung" in text
    assert "Hạn cuối" not in text


@pytest.mark.parametrize("act", [accept_report, return_report, excuse_report])
def test_only_the_receiving_side_decides(office: "Office", act: Callable[..., None]) -> None:
    file(office)
    extra: dict[str, object] = {} if act is accept_report else {"reason": "Sai"}
    extra |= {"correct_by_at": instant("2018-04-07 00:00")} if act is return_report else {}
    with office.at("2018-04-02 08:00") as work, pytest.raises(ReportNotPermittedError, match="that is for coast"):
        act(work, report_of(work), actor=TEAM, **extra)


@pytest.mark.parametrize(("reason", "due"), [("  ", "2018-04-07 00:00"), ("Sai", "2018-04-02 00:00")])
def test_return_report_needs_a_reason_and_a_later_day(office: "Office", reason: str, due: str) -> None:
    file(office)
    with (
        office.at("2018-04-02 08:00") as work,
        pytest.raises(InputError, match=r"to be corrected is missing|is past"),
    ):
        return_report(work, report_of(work), actor=OFFICE, reason=reason, correct_by_at=instant(due))


def test_an_excused_report_is_neither_owed_nor_late(office: "Office") -> None:
    with office.at("2018-03-20 08:00") as work:
        with pytest.raises(InputError, match="the reason: why it is not required is missing"):
            excuse_report(work, report_of(work), actor=OFFICE, reason=" ")
        excuse_report(work, report_of(work), actor=OFFICE, reason="Huyện không có sản phẩm")
        assert report_of(work).status == "not_required"
        assert [o.status for o in obligations_of(work, report_of(work))] == ["cancelled"]
        assert verify(work.session).faults == ()
    with office.at("2018-03-21 08:00") as work, pytest.raises(ReportNotOpenError):
        file_report(work, report_of(work), actor=TEAM, figures={"rated": 1})


@pytest.fixture
def if_any(open_office: "Opening", migrated_database: Path, tmp_path: Path) -> "Office":
    """The small office whose report is asked for only if there is something."""
    with open_office(migrated_database, tmp_path / "if-any.db") as fresh:
        opened = replace(fresh, documents=_only_if(fresh.documents))
        opened.open()
    return opened


def _only_if(documents: CycleDocuments) -> CycleDocuments:
    content = documents.plan.years[2018]
    reason = LocalText(vi="có sản phẩm mới", en="there is a new product")
    (duty,) = content.report_duties
    duty = duty.model_copy(update={"only_if": reason, "ladder": "once"})
    once = Ladder(at=time(7, 30), rungs=(Rung(days=-7),), source="item 1")
    plan = documents.plan.model_copy(
        update={
            "years": {2018: content.model_copy(update={"report_duties": (duty,)})},
            "ladders": {**documents.plan.ladders, "once": once},
        }
    )
    return replace(documents, plan=plan)


def close(office: "Office", when: str) -> int:
    with office.at(when) as work:
        cycle = office.cycle(work)
        ids = reports_to_close(work, cycle)
        return close_empty_reports(work, cycle, ids, actor="system:chase-reports")


def test_a_report_if_any_is_reminded_of_once_and_vanishes_at_its_date(if_any: "Office") -> None:
    """Nothing came by 29 March: closed as nothing to report with the date as its instant, nobody overdue."""
    for when in ("2018-03-15 08:00", "2018-03-22 08:00", "2018-03-29 08:00", "2018-04-10 08:00"):
        if_any.enforce(when)
        if_any.sweep(when, kinds=("report",))
    assert close(if_any, "2018-03-30 00:14") == 0
    assert close(if_any, "2018-04-12 08:00") == 2
    assert close(if_any, "2018-04-13 08:00") == 0
    with if_any.reading("2018-04-13 09:00") as work:
        report = report_of(work)
        (obligation,) = obligations_of(work, report)
        event = events_of(work.session, f"report:{report.id}")[-1]
        rungs = [n.rung for n in if_any.notices(work) if n.subject_id == report.id]
        assert (report.status, report.submitted_at, rungs) == ("nothing_to_report", None, ["-7"])
        assert (obligation.status, obligation.overdue_at) == ("cancelled", None)
        assert (event.action, event.effective_at) == ("report_closed_empty", instant("2018-03-30 00:00"))
        assert verify(work.session).faults == ()


def test_a_report_if_any_that_comes_after_all_is_taken(if_any: "Office") -> None:
    close(if_any, "2018-04-12 08:00")
    file(if_any, "2018-04-13 08:00")
    with if_any.reading() as work:
        assert (report_of(work).status, report_of(work).figures) == ("submitted", {"rated": 3})
        assert verify(work.session).faults == ()


def test_the_reminder_of_a_report_if_any_says_that_nothing_need_be_sent(if_any: "Office") -> None:
    with if_any.at("2018-03-01 08:00") as work:
        ids = reports_to_open(work.session, if_any.cycle(work), now=work.now)
        open_reports(work, ids, actor="system:chase-reports")
    if_any.sweep("2018-03-22 08:00", kinds=("report",))
    sender = RecordingEmailSender()
    if_any.send("2018-03-22 09:00", sender)
    (text,) = [if_any.text_of(m.message) for m in sender.envelopes if "ocop_team.hill" in str(m.recipient)]

    assert "Chỉ báo cáo nếu có: có sản phẩm mới. Không có thì quý vị không phải gửi gì." in text
