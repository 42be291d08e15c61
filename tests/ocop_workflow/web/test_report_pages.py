"""The page of one report: read without an account, filed by a confirming POST, and dead links like all others (I8)."""

from typing import TYPE_CHECKING, Any

import pytest
from httpx2 import Response
from sqlmodel import col, select

from ocop_workflow.services.audit import verify
from ocop_workflow.services.events import details_of, events_of
from ocop_workflow.services.links import links_of, reissue_link, revoke_link, token_of
from ocop_workflow.services.report_review import accept_report, excuse_report, return_report
from ocop_workflow.services.reports import ensure_link, open_reports, reports_to_open
from ocop_workflow.storage.tables import Report

if TYPE_CHECKING:
    from tests.ocop_workflow.web.conftest import Counter

OFFICE = "coast/coordination_office"


@pytest.fixture
def opened(counter: "Counter") -> "Counter":
    """The pages after the first quarter's reports were opened, on 20 March 2018 at 09:00; due before 30 March."""
    with counter.office.at("2018-03-01 08:00") as work:
        ids = reports_to_open(work.session, counter.office.cycle(work), now=work.now)
        assert open_reports(work, ids, actor="system:chase-reports") == 2
    return counter


def report(counter: "Counter", unit: str = "hill") -> Report:
    with counter.office.reading() as work:
        query = select(Report).where(col(Report.period_id) == "2018-Q1", col(Report.unit_id) == unit)
        return work.session.exec(query).one()


def path(counter: "Counter", unit: str = "hill") -> str:
    with counter.office.reading() as work:
        (link,) = links_of(work.session, report(counter, unit).id)
        return f"/s/{token_of(link, counter.runtime.link_keys)}"


def act(counter: "Counter", done: Any, *, unit: str = "hill", **extra: Any) -> None:
    with counter.office.at(counter.clock.at) as work:
        done(work, work.session.get_one(Report, report(counter, unit).id), actor=OFFICE, **extra)


def send(counter: "Counter", *, seen: int = 0, unit: str = "hill", **fields: str) -> Response:
    data = {"seen": str(seen), **{name.replace("__", "."): value for name, value in fields.items()}}
    answer: Response = counter.client.post(path(counter, unit), data=data, follow_redirects=False)
    return answer


def filings(counter: "Counter") -> list[Any]:
    with counter.office.reading() as work:
        events = events_of(work.session, f"report:{report(counter).id}")
        return [details_of(event)["figures"] for event in events if event.action == "report_filed"]


def compared(answer: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status_code, sorted(answer.headers.items()), answer.content


def test_report_shows_period_due_date_in_words_and_what_is_asked(opened: "Counter") -> None:
    page = opened.client.get(path(opened)).text

    assert "Báo cáo tiến độ, quý I/2018" in page
    assert "huyện Đồi Chè" in page
    assert "Văn phòng điều phối tỉnh Duyên Hải" in page
    assert ">Thứ Năm, 29/03/2018</time>" in page
    assert "còn 9 ngày" in page
    assert "Số sản phẩm" in page
    assert "Không phát sinh nội dung báo cáo" in page
    assert "<script" not in page
    assert "Báo cáo đã được ghi nhận" not in page


def test_report_speaks_english_when_asked(opened: "Counter") -> None:
    page = opened.client.get(f"{path(opened)}?lang=en").text

    assert "Progress report, quarter I/2018" in page
    assert "Nothing to report" in page


def test_report_get_writes_the_access_and_nothing_else(opened: "Counter") -> None:
    """I8: a mail scanner that follows the link files nothing."""
    before = opened.tables()

    opened.client.get(path(opened))
    opened.client.head(path(opened))

    after = opened.tables()
    assert {name for name in after if after[name] != before[name]} == {"link_access"}
    assert len(opened.accesses()) == 2


def test_sending_records_time_number_and_figures(opened: "Counter") -> None:
    answer = send(opened, figure__rated="1.250")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{path(opened)}?lang=vi#recorded"
    row = report(opened)
    assert (row.status, row.figures, row.submitted_at) == ("submitted", {"rated": 1250}, opened.clock.at)
    page = opened.client.get(answer.headers["location"]).text
    assert "Báo cáo đã được ghi nhận" in page
    assert "09:00 20/03/2018" in page
    assert "progress/2018-Q1/hill/1" in page
    assert "<strong>1.250</strong>" in page
    assert "cho đến khi cơ quan nhận chấp nhận báo cáo" in page
    with opened.office.reading() as work:
        event = next(e for e in events_of(work.session, f"report:{row.id}") if e.action == "report_filed")
        assert (event.actor, "link" in details_of(event)) == ("hill/ocop_team", True)
        assert verify(work.session).faults == ()


def test_nothing_to_report_counts_as_sent(opened: "Counter") -> None:
    assert send(opened, nothing="1").status_code == 303
    assert (report(opened).status, report(opened).figures) == ("nothing_to_report", None)
    assert "cũng được tính là đã gửi báo cáo" in opened.client.get(path(opened)).text


def test_a_form_sent_twice_is_recorded_once(opened: "Counter") -> None:
    """A double click sends the same bytes again: one filing, and both times the page of what was recorded."""
    answers = [send(opened, figure__rated="3") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert filings(opened) == [{"rated": 3}]


def test_a_correction_replaces_the_first_and_both_stay_on_record(opened: "Counter") -> None:
    send(opened, figure__rated="3")
    opened.go_to("2018-03-21 10:00")
    assert send(opened, seen=1, figure__rated="4").status_code == 303
    assert filings(opened) == [{"rated": 3}, {"rated": 4}]
    assert report(opened).figures == {"rated": 4}
    page = opened.client.get(path(opened)).text
    assert "Các lần gửi" in page
    assert "progress/2018-Q1/hill/2" in page


def test_a_form_that_had_not_seen_the_latest_filing_replaces_nothing(opened: "Counter") -> None:
    """A colleague was quicker: what was typed stays in the form, and the page says why."""
    send(opened, figure__rated="3")
    answer = send(opened, seen=0, figure__rated="4")

    assert answer.status_code == 409
    assert "trong lúc đơn vị nhập, một báo cáo khác đã được gửi" in answer.text
    assert 'value="4"' in answer.text
    assert filings(opened) == [{"rated": 3}]


@pytest.mark.parametrize("typed", ["", "ba", "12,5", "-1", "<b>1</b>"])
def test_a_wrong_figure_is_refused_beside_its_field_and_stays_typed(opened: "Counter", typed: str) -> None:
    answer = send(opened, figure__rated=typed)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'aria-invalid="true" aria-describedby="e1"' in answer.text
    assert "<b>1</b>" not in answer.text
    assert filings(opened) == []


def test_a_late_report_is_still_taken_and_says_by_how_much(opened: "Counter") -> None:
    opened.go_to("2018-04-02 08:00")
    before = opened.client.get(path(opened)).text
    assert "Đã qua hạn nhưng báo cáo vẫn được tiếp nhận" in before
    send(opened, figure__rated="3")
    assert "chậm 4 ngày" in opened.client.get(path(opened)).text


def test_a_returned_report_shows_the_reason_and_takes_the_same_figures_again(opened: "Counter") -> None:
    send(opened, figure__rated="3")
    due = opened.clock.at.replace(day=24, hour=0)
    act(opened, return_report, reason="Thiếu <minh chứng>", correct_by_at=due)
    page = opened.client.get(path(opened)).text
    assert "Nội dung cần bổ sung: Thiếu &lt;minh chứng&gt;" in page
    assert ">Thứ Sáu, 23/03/2018</time>" in page
    assert send(opened, seen=1, figure__rated="3").status_code == 303
    assert (report(opened).status, len(filings(opened))) == ("submitted", 2)


@pytest.mark.parametrize("closed", ["accepted", "excused"])
def test_a_closed_report_takes_nothing(opened: "Counter", closed: str) -> None:
    if closed == "accepted":
        send(opened, nothing="1")
        act(opened, accept_report)
    else:
        act(opened, excuse_report, reason="Không có sản phẩm")
    assert "<form" not in opened.client.get(path(opened)).text
    before = opened.tables()

    assert send(opened, seen=1, figure__rated="3").status_code == 409
    assert opened.tables() == before


def test_dead_links_answer_alike_and_file_nothing(opened: "Counter") -> None:
    """Made-up, revoked, expired, of another report's key, of a dossier: status, headers, bytes; GET and POST."""
    link, _, mac = path(opened).removeprefix("/s/").partition(".")
    other = path(opened, "delta").removeprefix("/s/").partition(".")[2]
    with opened.office.at(opened.clock.at) as work:
        (delta,) = links_of(work.session, report(opened, "delta").id)
        revoke_link(work, delta, actor=OFFICE)
    dead = [f"/s/{'0' * 20}.{'A' * 24}", path(opened, "delta"), f"/s/{link}.{other}", f"/s/{link}.{mac}A"]
    before = opened.tables()
    form = {"seen": "0", "nothing": "1"}

    posts = [compared(opened.client.post(each, data=form)) for each in (*dead, f"/s/{opened.token()}")]
    gets = [compared(opened.client.get(each)) for each in dead]
    opened.go_to("2019-12-01 09:00")  # 180 days beyond the horizon of 1 April 2019
    expired = [compared(opened.client.post(path(opened), data=form)), compared(opened.client.get(path(opened)))]

    assert all(answer == posts[0] for answer in (*posts, *gets, *expired))
    assert posts[0][0] == 404
    assert opened.tables() == before


def test_a_reissued_link_kills_the_token_before(opened: "Counter") -> None:
    old = path(opened)
    with opened.office.at(opened.clock.at) as work:
        reissue_link(work, links_of(work.session, report(opened).id)[0], actor=OFFICE)

    assert opened.client.post(old, data={"nothing": "1"}).status_code == 404
    assert opened.client.get(path(opened)).status_code == 200


def test_a_report_whose_period_has_not_begun_cannot_be_sent(opened: "Counter") -> None:
    """The report on the second quarter opens 30 days before its date; its link given by hand shows no form before."""
    opened.go_to("2018-03-20 09:00")
    with opened.office.at(opened.clock.at) as work:
        query = select(Report).where(col(Report.period_id) == "2018-Q2", col(Report.unit_id) == "hill")
        row = work.session.exec(query).one()
        ensure_link(work, row, actor=OFFICE)
        (link,) = links_of(work.session, row.id)
        early = f"/s/{token_of(link, opened.runtime.link_keys)}"

    assert "Kỳ báo cáo bắt đầu ngày 01/04/2018" in opened.client.get(early).text
    assert opened.client.post(early, data={"nothing": "1"}).status_code == 409


def test_a_form_that_is_too_large_is_refused_and_records_nothing(opened: "Counter") -> None:
    assert send(opened, figure__rated="1" * 70_000).status_code == 422
    assert filings(opened) == []


def test_report_page_with_style_stays_small(opened: "Counter") -> None:
    """For a cheap telephone: page and style sheet together below 20 kilobytes, nothing else loaded."""
    client = opened.client
    answer = client.get(path(opened))

    assert len(answer.content) + len(client.get("/static/style.css").content) < 20_000
    assert "src=" not in answer.text
