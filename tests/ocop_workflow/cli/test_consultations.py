"""A renewal judged on written opinions: by command and by the member's own link, told in both languages."""

import json
import shutil
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from ocop_workflow.clock import OFFICE_ZONE
from ocop_workflow.config_files import default_config_dir, find_plan, load_plan_files
from ocop_workflow.policy.chains import PlannedProduct
from ocop_workflow.policy.council import scoring_names
from ocop_workflow.replay import documents_for
from ocop_workflow.runtime import create_data_folder, open_runtime
from ocop_workflow.services.audit import verify
from ocop_workflow.services.certificate_acts import Issue, issue_certificate
from ocop_workflow.services.council_case import gates_of
from ocop_workflow.services.council_sessions import record_findings
from ocop_workflow.services.cycles import open_cycle
from ocop_workflow.services.dossier_case import case_of
from ocop_workflow.services.dossiers import Request, apply_trigger, find_dossier
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.events import details_of
from ocop_workflow.services.installation import SIMULATED
from ocop_workflow.services.links import token_of
from ocop_workflow.services.projection import missing_products, register_products
from ocop_workflow.services.score_sheets import record_sheets
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Dossier, Event, StatusLink, WrittenOpinion
from ocop_workflow.web.app import create_app
from state_machines.dossier import DossierTrigger

OFFICE, COUNCIL = "lai-chau/coordination_office", "lai-chau/province_council"
MEMBERS = ("chair", "agriculture", "trade", "health", "science", "culture", "quality", "extension", "office")
HONEY = PlannedProduct(
    key="honey", name="Mật ong", form="Mật ong", producer="HTX", unit="lai-chau.muong-te", source="x", criteria_set=4
)
POINTS = {"A": Decimal(30), "B": Decimal(20), "C": Decimal(30)}


def vn(day: str) -> datetime:
    return datetime.fromisoformat(f"{day} 09:00").replace(tzinfo=OFFICE_ZONE)


def bring_before_council(work: UnitOfWork, row: Dossier) -> None:
    for _ in range(2):
        for trigger in (DossierTrigger.SUBMIT, DossierTrigger.RECEIVE):
            apply_trigger(work, row, Request(trigger, OFFICE))
        if row.stage == "commune_assessment":
            conclude(work, row, actor=OFFICE)


def find_gates(work: UnitOfWork, row: Dossier) -> None:
    record_findings(work, row, {gate.id: True for gate in gates_of(case_of(work, row))}, actor=COUNCIL)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A province's year under QĐ 26 with a certified product whose renewal, R1, is before the council."""
    data = tmp_path_factory.mktemp("consultation") / "data"
    create_data_folder(data, mode=SIMULATED, seed="1", now=vn("2027-01-04"))
    files = load_plan_files(find_plan(default_config_dir(), "province-2027"), default_config_dir())
    with open_runtime(data) as runtime:
        with runtime.transaction(vn("2027-01-04")) as work:
            cycle = open_cycle(work, documents_for(replace(files, products=(HONEY,)), 2027), year=2027, actor=OFFICE)
            register_products(work, cycle, missing_products(work, cycle), actor=OFFICE)
        with runtime.transaction(vn("2027-05-20")) as work:
            row = find_dossier(work.session, "honey")
            bring_before_council(work, row)
            names = scoring_names(case_of(work, row).book.plan.councils[row.stage])
            record_sheets(work, row, dict.fromkeys(names, POINTS), actor=COUNCIL)
            find_gates(work, row)
            conclude(work, row, actor=COUNCIL)
            issue_certificate(work, row, Issue("1/GCN", "9/QĐ-UBND", date(2027, 5, 20), OFFICE))
    return data


@pytest.fixture
def data(prepared: Path, tmp_path: Path, ocop: Any) -> Path:
    shutil.copytree(prepared, tmp_path / "data")
    folder = tmp_path / "data"
    opened = ocop("dossier", "open", "--renewal", "1/GCN", "--criteria-set", 4, *on(folder, "2027-06-01"))
    assert "it is scored on criteria set 4 of qd-26-2026" in opened.out
    with open_runtime(folder) as runtime, runtime.transaction(vn("2027-06-02")) as work:
        bring_before_council(work, find_dossier(work.session, "R1"))
    return folder


def on(folder: Path, day: str) -> tuple[object, ...]:
    return ("--data", folder, "--at", f"{day}T09:00")


def ask(ocop: Any, folder: Path, *more: object) -> Any:
    arguments = ("--by", "15/06/2027", "--points", "30/20/25", "--document", "12/HĐ", *more)
    return ocop("dossier", "consultation", "open", "R1", *arguments, *on(folder, "2027-06-03"))


def answer(ocop: Any, folder: Path, member: str, said: str, *more: object) -> Any:
    arguments = ("--member", member, "--answer", said, "--from-paper", *more)
    return ocop("dossier", "consultation", "answer", "R1", *arguments, *on(folder, "2027-06-08"))


def faults(folder: Path) -> tuple[object, ...]:
    with open_runtime(folder) as runtime, runtime.database.reading() as session:
        return verify(session).faults


@pytest.mark.slow
def test_a_renewal_is_judged_in_writing_from_asking_to_the_decision(ocop: Any, data: Path) -> None:
    """Điều 7.6 d: nine are asked, eight agree to 75 points and one has no opinion; the renewal has four stars."""
    assert "session 1 of province_evaluation asks its members until 15/06/2027" in ask(ocop, data).out
    with open_runtime(data) as runtime, runtime.transaction(vn("2027-06-04")) as work:
        find_gates(work, find_dossier(work.session, "R1"))
    for member in MEMBERS[:8]:
        assert f"the answer of {member} is recorded" in answer(ocop, data, member, "agree").out

    early = ocop("dossier", "decide", "R1", "--language", "vi", *on(data, "2027-06-08"))
    assert (early.code, early.err.startswith("lỗi: còn chờ 1/9 ý kiến đến hết ngày 15/06/2027")) == (2, True)
    assert early.err.rstrip().endswith("(chọn cho ví dụ này)")
    english = ocop("dossier", "show", "R1", "--data", data).out
    assert "Not open now" in english
    assert "1 of 9 answers are awaited until 15/06/2027" in english.replace("\n", " ")
    shown = json.loads(ocop("dossier", "show", "R1", "--data", data, "--language", "vi", "--json").out)
    assert {each["trigger"]: each["code"] for each in shown["not_open"]} == {
        "submit": "refusal.not_open",
        "receive": "refusal.not_open",
        "conclude": "refusal.opinions_awaited",
    }
    assert all(each["rule"] in each["sentence"] for each in shown["not_open"])

    assert answer(ocop, data, "office", "none").code == 0
    table = ocop("dossier", "consultation", "show", "R1", "--data", data, "--language", "vi").out
    assert "9/9 thành viên đã trả lời, 8 đồng ý" in table
    asked = json.loads(ocop("dossier", "consultation", "show", "R1", "--data", data, "--json").out)
    (consultation,) = asked["consultations"]
    assert (consultation["total"], consultation["asked"], consultation["agree"]) == ("75", 9, 8)
    decided = ocop("dossier", "decide", "R1", *on(data, "2027-06-09"))
    assert "province_evaluation: recognised" in decided.out
    assert "asked 9 members in writing: 9 answered, 8 agree to 75.00 points" in ocop(
        "dossier", "scores", "show", "R1", "--data", data
    ).out.replace("\n", " ")
    assert faults(data) == ()


@pytest.mark.slow
def test_where_many_differ_the_council_meets(ocop: Any, data: Path) -> None:
    """75 % of nine must agree: with the third who does not, the meeting takes its place (Điều 7.6 d)."""
    ask(ocop, data)
    wordless = answer(ocop, data, "chair", "disagree", "--language", "vi")
    assert (wordless.code, "hãy ghi nội dung ý kiến" in wordless.err) == (2, True)
    for member in MEMBERS[:2]:
        assert "meets" not in answer(ocop, data, member, "disagree", "--words", "thiếu minh chứng").out
    third = answer(ocop, data, "trade", "other", "--words", "cần xem lại bao bì")
    assert "opinions differ, so the council meets" in third.out
    late = answer(ocop, data, "health", "agree")
    assert (late.code, "no written consultation is open" in late.err) == (2, True)
    assert ocop("dossier", "scores", "open", "R1", *on(data, "2027-06-10")).code == 0
    assert faults(data) == ()


def test_the_chair_may_call_a_meeting(ocop: Any, data: Path) -> None:
    ask(ocop, data)
    held = ocop("dossier", "consultation", "meet", "R1", "--reason", "nội dung phức tạp", *on(data, "2027-06-09"))
    assert "open the meeting with `ocop dossier scores open`" in held.out
    assert ocop("dossier", "consultation", "show", "R1", "--data", data).code == 0
    assert faults(data) == ()


def test_what_can_not_be_asked_is_one_sentence(ocop: Any, data: Path) -> None:
    for option, value, sentence in (
        ("--by", "01/06/2027", "01/06/2027 is no day ahead"),
        ("--points", "30/20", "is no score sheet"),
        ("--points", "41/20/25", "part A has 41 points; give 0 to 40 (Điều 3.1 a)"),
        ("--as", "lai-chau/province_leader", "lai-chau/province_leader may not score at"),
    ):
        refused = ask(ocop, data, option, value)
        assert (refused.code, sentence in refused.err.replace("\n", " ")) == (2, True)


def link_of_office(session: Session, keys: tuple[bytes, ...]) -> str:
    row = find_dossier(session, "R1")
    query = select(StatusLink).where(col(StatusLink.dossier_id) == row.id, col(StatusLink.recipient) == OFFICE)
    return f"/s/{token_of(session.exec(query).one(), keys)}"


def test_a_member_answers_by_the_own_link_with_a_confirming_post(ocop: Any, data: Path) -> None:
    """I8: GET shows the question and records nothing; the answer is the member's own and carries its link."""
    ask(ocop, data)
    with open_runtime(data) as runtime:
        client = TestClient(create_app(runtime))
        with runtime.database.reading() as session:
            path = link_of_office(session, runtime.link_keys)
        page = client.get(f"{path}?lang=vi")
        assert (page.status_code, "Đồng ý" in page.text, "HTX" in page.text) == (200, True, True)
        assert "lấy ý kiến bằng văn bản" in page.text
        with runtime.database.reading() as session:
            assert all(row.answer is None for row in session.exec(select(WrittenOpinion)))

        wordless = client.post(f"{path}?lang=vi", data={"answer": "other", "words": " "})
        assert (wordless.status_code, "hãy ghi nội dung ý kiến" in wordless.text) == (409, True)
        sent = client.post(f"{path}?lang=en", data={"answer": "agree"}, follow_redirects=False)
        assert (sent.status_code, sent.headers["location"]) == (303, f"{path}?lang=en#recorded")
        assert "Recorded: I agree" in client.get(f"{path}?lang=en").text.replace("\n", " ")
        assert client.post(path, data={"answer": "shout"}, follow_redirects=False).status_code == 303

        with runtime.database.reading() as session:
            (row,) = [each for each in session.exec(select(WrittenOpinion)) if each.answer]
            event = session.exec(select(Event).where(col(Event.action) == "opinion_given")).one()
            refused = session.exec(select(Event).where(col(Event.action) == "act_refused")).one()
        assert (row.member, row.answer, row.entered_by, row.from_paper) == ("office", "agree", OFFICE, False)
        assert (refused.actor, details_of(refused)["code"]) == (OFFICE, "refusal.opinion_without_words")
        assert path.startswith(f"/s/{details_of(event)['link']}.")

    ocop("dossier", "consultation", "meet", "R1", "--reason", "x", *on(data, "2027-06-09"))
    with open_runtime(data) as runtime:
        client = TestClient(create_app(runtime))
        assert "radio" not in client.get(path).text  # the dossier's page again
        assert client.post(path, data={"answer": "agree"}).status_code == 404
    assert faults(data) == ()


@pytest.mark.slow
def test_a_link_of_somebody_else_asks_nothing(ocop: Any, data: Path) -> None:
    """The producer's page stays the producer's; the secretary and who declared an interest have no form."""
    ask(ocop, data)
    ocop("dossier", "scores", "interest", "R1", "--member", "office", *on(data, "2027-06-04"))
    with open_runtime(data) as runtime:
        client = TestClient(create_app(runtime))
        with runtime.database.reading() as session:
            row = find_dossier(session, "R1")
            links = session.exec(select(StatusLink).where(col(StatusLink.dossier_id) == row.id)).all()
            paths = [f"/s/{token_of(link, runtime.link_keys)}" for link in links]
        assert len(paths) == 3
        for path in paths:
            assert "radio" not in client.get(path).text
            assert client.post(path, data={"answer": "agree"}).status_code == 404
        printed = ocop("dossier", "link", "R1", "--data", data).out
    producers = next(link for link in links if link.recipient.startswith("producer:"))
    assert producers.id in printed


def test_refusals_and_rejections_are_told_by_article_in_the_language_asked_for(ocop: Any, data: Path) -> None:
    """A refused act says why in Vietnamese; what was rejected stands in the history with ground and article."""
    for arguments, vietnamese in (
        (
            ("reject", "R1", "--ground", "late"),
            "lỗi: quy định không có căn cứ loại hồ sơ “late”; các căn cứ",
        ),
        (("submit", "R1"), "hồ sơ đang ở trạng thái “Đã tiếp nhận” nên chưa thể nộp hồ sơ (submit)"),
        (("paper", "R1", "letter"), "không có giấy tờ “letter”"),
        (("code", "R1", "--serial", "0"), "không yêu cầu mã sản phẩm"),
    ):
        when = () if arguments[0] == "code" else ("--at", "2027-06-03T09:00")
        refused = ocop("dossier", *arguments, "--data", data, *when, "--language", "vi")
        said = refused.err.replace("\n", " ")
        assert (refused.code, vietnamese in said, said.rstrip().endswith(")")) == (2, True, True), said
    ocop("dossier", "reject", "R1", "--ground", "forged", *on(data, "2027-06-03"))
    ocop("dossier", "submit", "R1", "--data", data)  # refused after the end, which stays what is told of it
    shown = ocop("dossier", "show", "R1", "--data", data, "--language", "vi").out.replace("\n", " ")
    assert "Giả mạo hồ sơ" in shown
    assert "Chưa thực hiện được lúc này" not in shown  # it has ended
    told = json.loads(ocop("dossier", "show", "R1", "--data", data, "--json").out)
    rejected, refused = told["events"][-2:]
    assert (rejected["action"], rejected["rule"][:8]) == ("dossier_rejected", "Điều 7.3")
    assert (refused["action"], refused["details"]["code"]) == ("act_refused", "refusal.ended")
    assert "annex II" in told["why"][-1]
