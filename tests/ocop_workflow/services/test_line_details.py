"""What a mail says besides act and day: where to bring it, when it lapses, whom no mail reached, in which manner."""

from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from notifications.recording import RecordingEmailSender
from ocop_workflow.services.dossiers import Request, apply_trigger
from ocop_workflow.services.evaluations import conclude
from ocop_workflow.services.people import give_producer_address
from ocop_workflow.services.titles import explanation_code, is_above, period_title, position_title
from state_machines.dossier import DossierTrigger

if TYPE_CHECKING:
    from tests.ocop_workflow.conftest import Office

TEAM, COUNCIL, OFFICE = "hill/ocop_team", "coast/province_council", "coast/coordination_office"


def mails(office: "Office", when: str, *, to: str) -> list[tuple[str, str]]:
    """Deliver, and return subject and text of the mails to addresses that begin so."""
    sender = RecordingEmailSender()
    office.send(when, sender)
    return [
        (str(message_from_bytes(e.message, policy=policy.default)["Subject"]), office.text_of(e.message))
        for e in sender.envelopes
        if e.recipient.startswith(to)
    ]


def producers_mail(office: "Office", when: str) -> tuple[str, str]:
    """Return the one mail to the producer of 1-1-1."""
    with office.reading(when) as work:
        party = office.dossier(work).key
        assert party.endswith("1-1-1")
    (mail,) = [m for m in mails(office, when, to="p") if "1-1-1" in m[1]]
    return mail


def test_submission_is_brought_to_the_one_who_receives_it(single: "Office") -> None:
    single.sweep("2018-03-23 07:30")
    subject, text = producers_mail(single, "2018-03-23 07:30")

    assert subject == "Hạn 30/03/2018: Nộp: Mật ong hoa nhãn"  # the producer's own name is left out
    assert "Nơi nhận: Tổ OCOP huyện Đồi Chè" in text
    assert "Số hồ sơ: 1-1-1" in text
    assert "dừng xử lý" not in text


def test_overdue_submission_says_the_last_day_before_the_dossier_lapses(single: "Office") -> None:
    """It lapses 30 days after 31 March 00:00, so 29 April is the last day on which it is still taken."""
    single.sweep("2018-04-02 07:30")
    _, text = producers_mail(single, "2018-04-02 07:30")

    assert "Nếu chưa nộp trước khi hết ngày 29/04/2018, hồ sơ sẽ dừng xử lý trong chu trình này" in text


def test_return_reads_as_a_task_with_its_own_last_day(single: "Office") -> None:
    """Five working days of Wednesday 7 March end on the 14th."""
    single.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    single.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    with single.at("2018-03-07 08:00") as work:
        request = Request(DossierTrigger.RETURN, TEAM, details={"items": ["nhãn sản phẩm"]})
        apply_trigger(work, single.dossier(work), request)
    (subject, text) = next(m for m in mails(single, "2018-03-07 08:30", to="p") if "nhãn sản phẩm" in m[1])

    assert subject.startswith("2 nội dung, sớm nhất 14/03/2018: Bổ sung và nộp lại hồ sơ đăng ký")
    assert "1. [Việc cần làm] Bổ sung và nộp lại hồ sơ đăng ký" in text
    assert "Đề nghị bổ sung và nộp lại cho Tổ OCOP huyện Đồi Chè chậm nhất ngày 14/03/2018." in text
    assert "Ngày trả hồ sơ: 07/03/2018" in text


def test_return_that_somebody_else_must_answer_stays_news_for_the_producer(single: "Office") -> None:
    """At the province the district submitted, so the district completes."""
    single.to_council()
    mails(single, "2018-03-09 09:00", to="p")
    with single.at("2018-03-12 08:00") as work:
        request = Request(DossierTrigger.RETURN, COUNCIL, details={"items": ["biên bản"]})
        apply_trigger(work, single.dossier(work), request)
    subject, text = producers_mail(single, "2018-03-12 08:30")

    assert subject.startswith("Thông báo ngày 12/03/2018: ")
    assert "[Thông báo]" in text
    assert "biên bản" in text


def test_escalation_says_that_the_producer_has_no_address(single: "Office") -> None:
    with single.at("2018-03-20 08:00") as work:
        producer = (single.dossier(work).responsible or "").partition(":")[2]
        give_producer_address(work, producer, email=None, language="vi")
    single.sweep("2018-04-06 07:30")  # a week after the last day the office itself is told
    (mail,) = mails(single, "2018-04-06 07:30", to="coordination_office")

    assert "việc quá hạn cần đôn đốc" in mail[0]
    assert "Bên chưa thực hiện: HTX Đồi Ong" in mail[1]
    assert "Chủ thể chưa có địa chỉ thư điện tử nên chưa nhận được thông báo" in mail[1]


def test_report_says_where_it_goes_and_which_figures_it_has(single: "Office") -> None:
    single.sweep("2018-03-22 07:30")
    (mail,) = mails(single, "2018-03-22 07:30", to="ocop_team.hill")

    assert "Gửi báo cáo tiến độ quý I/2018" in mail[0]
    assert "Gửi về: Văn phòng điều phối tỉnh Duyên Hải" in mail[1]
    assert "Số liệu: Số sản phẩm" in mail[1]


def test_refusal_says_its_reason(single: "Office") -> None:
    single.act("2018-03-05 08:00", DossierTrigger.SUBMIT)
    single.act("2018-03-06 08:00", DossierTrigger.RECEIVE)
    mails(single, "2018-03-06 09:00", to="p")
    with single.at("2018-03-07 08:00") as work:
        conclude(work, single.dossier(work), actor=TEAM, verdict="declined", ground="Chưa có vùng nguyên liệu")
    subject, text = producers_mail(single, "2018-03-07 08:30")

    assert subject == "Thông báo ngày 07/03/2018: Không đạt bước đăng ký: Mật ong hoa nhãn"
    assert "Hồ sơ không đạt ở bước đăng ký. Lý do: Chưa có vùng nguyên liệu. Quý vị có thể" in text


def test_result_below_the_certificate_says_from_how_many_stars_one_is_given(single: "Office") -> None:
    """The rule set recognises 3 to 5 stars; 45 points are 2."""
    single.to_council()
    mails(single, "2018-03-09 09:00", to="p")
    single.score("2018-03-12 08:00", "45", "45", "45")
    subject, text = producers_mail(single, "2018-03-12 08:30")

    assert "Đánh giá 2 sao, không được cấp giấy chứng nhận" in subject
    assert "chỉ sản phẩm đạt từ 3 sao trở lên được công nhận và cấp giấy chứng nhận" in text


@pytest.mark.parametrize(
    ("position", "above"),
    [
        ("coast/province_leader", True),
        ("coast/province_council", False),
        (OFFICE, False),
        ("hill/district_leader", False),
        ("producer:1", False),
    ],
)
def test_is_above_follows_the_line_of_superiors(office: "Office", position: str, *, above: bool) -> None:
    assert is_above(office.documents.units, position, office=OFFICE) is above


def test_a_unit_that_the_office_lies_in_is_above_it(office: "Office") -> None:
    assert is_above(office.documents.units, "coast/coordination_office", office="hill/ocop_team")


def test_position_title_joins_role_and_unit(office: "Office") -> None:
    title = position_title(office.documents.units, "hill/district_leader")

    assert (title.vi, title.en) == ("Lãnh đạo UBND huyện Đồi Chè", "leader of the People's Committee, Hill District")


@pytest.mark.parametrize(
    ("period", "vi"),
    [
        ("2018-Q1", "quý I/2018"),
        ("2018-03", "tháng 3/2018"),
        ("2018-H2", "6 tháng cuối năm 2018"),
        ("2018", "năm 2018"),
    ],
)
def test_period_title_is_what_officials_say(period: str, vi: str) -> None:
    assert period_title(period)["vi"] == vi


def test_a_day_that_the_plan_does_not_print_is_not_said_to_be_the_plans() -> None:
    assert explanation_code("by_day", "item III.3; the day chosen for this example") == "chosen"
    assert explanation_code("by_day", "item III.3") == "by_day"
    assert explanation_code("within_working_days", "chosen for this example") == "within_working_days"
