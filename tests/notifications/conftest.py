"""A letter with five lines, one of each kind, from which the tests of this folder make their own."""

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from functools import partial

import pytest

from notifications.catalogue import Language
from notifications.composing import compose
from notifications.letter import Letter, LetterKind, Line, LineKind, Wording

VIETNAM = timezone(timedelta(hours=7))
IDEA = {"vi": "Đăng ký ý tưởng sản phẩm", "en": "Idea registration"}
EVALUATION = {"vi": "Đánh giá cấp huyện", "en": "District evaluation"}


@pytest.fixture(scope="session")
def overdue() -> Line:
    """A report whose last day is over."""
    return Line(
        notice_key="report:2018-Q1/ha-long|v1|+1",
        kind=LineKind.OVERDUE,
        act=Wording(
            "act.report",
            {
                "report": {"vi": "Báo cáo tiến độ", "en": "The progress report"},
                "period": {"vi": "quý I/2018", "en": "quarter I/2018"},
            },
        ),
        about="Phòng Kinh tế Hạ Long",
        last_day=date(2018, 3, 29),
        expected=False,
        why=Wording("why.report_before_day", {"day": 30}),
        url="https://ocop.example/s/AAAA-report_token.1",
    )


@pytest.fixture(scope="session")
def reminder() -> Line:
    """A dossier to be submitted on a last day to come."""
    return Line(
        notice_key="dossier:1-1-1/idea|v1|-7",
        kind=LineKind.REMINDER,
        act=Wording("act.submission", {"stage": IDEA}),
        about="Chả mực – Hội SX và KD chả mực Hạ Long",
        last_day=date(2018, 4, 7),
        expected=False,
        why=Wording("why.before"),
        url="https://ocop.example/s/BBBB-dossier_token.2",
    )


@pytest.fixture(scope="session")
def foreseen() -> Line:
    """A decision on a day that is only expected."""
    return Line(
        notice_key="dossier:2-1-1/evaluation|v1|-14",
        kind=LineKind.REMINDER,
        act=Wording("act.decision", {"stage": EVALUATION}),
        about="Trà hoa vàng – HTX Đạp Thanh",
        last_day=date(2018, 9, 30),
        expected=True,
        why=Wording("why.expected"),
        url="https://ocop.example/s/CCCC",
    )


@pytest.fixture(scope="session")
def escalation() -> Line:
    """Something that another office has not done."""
    return Line(
        notice_key="dossier:3-1-1/receipt|v1|+3",
        kind=LineKind.ESCALATION,
        act=Wording("act.receipt", {"stage": EVALUATION}),
        about="Ba kích – HTX Đồi Ong",
        last_day=date(2018, 3, 27),
        expected=False,
        why=Wording("why.within_working_days", {"count": 5, "anchor": {"vi": "nộp hồ sơ", "en": "submission"}}),
        url="https://ocop.example/s/DDDD",
        owed_by="Tổ OCOP huyện Ba Chẽ",
    )


@pytest.fixture(scope="session")
def news() -> Line:
    """A result, with the day on which it came about."""
    return Line(
        notice_key="news:4-1-1/advanced",
        kind=LineKind.NEWS,
        act=Wording("news.advanced", {"stage": IDEA, "next_stage": EVALUATION}),
        about="Hàu – HTX Phất Cờ",
        last_day=None,
        expected=False,
        why=None,
        url="https://ocop.example/s/EEEE",
        happened_on=date(2018, 3, 20),
    )


@pytest.fixture(scope="session")
def letter(news: Line, foreseen: Line, reminder: Line, overdue: Line, escalation: Line) -> Letter:
    """A digest of Friday 30/03/2018 with the five lines in no order."""
    return Letter(
        kind=LetterKind.DIGEST,
        recipient_name="Văn phòng Điều phối, tỉnh Quảng Ninh",
        recipient_address="van.phong@tinh.invalid",
        language=Language.VI,
        office_name="Văn phòng Điều phối OCOP tỉnh Quảng Ninh",
        local_date=date(2018, 3, 30),
        lines=(news, foreseen, reminder, overdue, escalation),
    )


@pytest.fixture(scope="session")
def composed() -> Callable[[Letter], bytes]:
    """Compose a letter with the sender, time and Message-ID that these tests share."""
    return partial(
        compose,
        message_id="<mail-0001@ocop.example>",
        sender_name="Điều phối OCOP Quảng Ninh",
        sender_address="ocop@tinh.invalid",
        dated=datetime(2018, 3, 30, 7, 30, tzinfo=VIETNAM),
    )
