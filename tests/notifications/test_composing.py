"""A letter becomes a message that says everything in both parts, in ASCII, and refuses what is unsafe."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser

import pytest

from notifications.catalogue import Language
from notifications.composing import (
    NOTICES_HEADER,
    RETURN_PATH_HEADER,
    compose,
    notice_keys,
)
from notifications.letter import Letter, Line, Wording
from notifications.subject import subject_of

Composed = Callable[..., bytes]
DATE = re.compile(r"\d\d/\d\d/\d{4}")
TAGS_WITHOUT_END = frozenset({"meta", "br", "!doctype"})
DAYS_OF_THE_LETTER = {"27/03/2018", "29/03/2018", "07/04/2018", "30/09/2018", "20/03/2018"}


class Page(HTMLParser):
    """What an HTML part shows and asks for: its text, its links, its attributes, the balance of its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in TAGS_WITHOUT_END:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["title"]):
            self.text += data + " "


def parsed(wire: bytes) -> EmailMessage:
    return message_from_bytes(wire, _class=EmailMessage, policy=policy.default)


def parts(wire: bytes) -> tuple[str, str]:
    text, html = (part.get_content().replace("\r\n", "\n") for part in parsed(wire).iter_parts())
    return text, html


def mailbox(wire: bytes, name: str) -> tuple[str, str]:
    """Return a mailbox by RFC 2047; the modern parser adds blanks between the words of a name."""
    shown, address = parseaddr(message_from_bytes(wire, policy=policy.compat32)[name].replace("\r\n", ""))
    return str(make_header(decode_header(shown))), address


def test_message_is_ascii_with_crlf_and_without_defects(letter: Letter, composed: Composed) -> None:
    wire = composed(letter)

    message = parsed(wire)
    assert wire.isascii()
    assert b"\n" not in wire.replace(b"\r\n", b"")
    assert b"\r" not in wire.replace(b"\r\n", b"")
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    assert [part.defects for part in message.walk() if part.defects] == []
    assert [header for part in message.walk() for header in part.values() if header.defects] == []


def test_message_has_a_text_and_an_html_part(letter: Letter, composed: Composed) -> None:
    message = parsed(composed(letter))

    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert {part.get_content_charset() for part in message.iter_parts()} == {"utf-8"}
    assert {part["Content-Transfer-Encoding"] for part in message.iter_parts()} <= {"base64", "quoted-printable"}


def test_message_carries_its_headers(letter: Letter, composed: Composed) -> None:
    wire = composed(letter, return_path_key="mail-0001")

    message = parsed(wire)
    assert mailbox(wire, "From") == ("Điều phối OCOP Quảng Ninh", "ocop@tinh.invalid")
    assert mailbox(wire, "To") == ("Văn phòng Điều phối, tỉnh Quảng Ninh", "van.phong@tinh.invalid")
    assert str(message["Subject"]) == subject_of(letter)
    assert {
        name: str(value) for name, value in message.items() if name not in {"Content-Type", "From", "Subject", "To"}
    } == {
        "Date": "Fri, 30 Mar 2018 07:30:00 +0700",
        "Message-ID": "<mail-0001@ocop.example>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        RETURN_PATH_HEADER: "mail-0001",
        "MIME-Version": "1.0",
        "Content-Language": "vi",
    }


def test_date_is_written_in_the_zone_of_the_office(letter: Letter) -> None:
    wire = compose(
        letter,
        message_id="<a@ocop.example>",
        sender_name="OCOP",
        sender_address="ocop@tinh.invalid",
        dated=datetime(2018, 3, 30, 20, 0, tzinfo=UTC),
    )

    assert parsed(wire)["Date"] == "Sat, 31 Mar 2018 03:00:00 +0700"


def test_same_letter_gives_the_same_bytes(letter: Letter, composed: Composed) -> None:
    assert composed(letter) == composed(replace(letter))


def test_both_parts_say_every_line(letter: Letter, composed: Composed) -> None:
    text, html = parts(composed(letter))

    page = Page(html)
    for said in (text, " ".join(page.text.split())):
        for words in (
            "Kính gửi: Văn phòng Điều phối, tỉnh Quảng Ninh",
            "Tiếp nhận hồ sơ đánh giá cấp huyện",
            "Ba kích – HTX Đồi Ong",
            "Tổ OCOP huyện Ba Chẽ",
            "thời hạn 5 ngày làm việc kể từ khi nộp hồ sơ",
            "Gửi báo cáo tiến độ quý I/2018",
            "Hạn cuối đã qua: Thứ Năm, 29/03/2018",
            "Nộp hồ sơ đăng ký ý tưởng sản phẩm",
            "Chả mực – Hội SX và KD chả mực Hạ Long",
            "Hạn cuối: Thứ Bảy, 07/04/2018",
            "Hạn dự kiến: Chủ Nhật, 30/09/2018",
            "Hồ sơ đã hoàn thành bước đăng ký ý tưởng sản phẩm và chuyển sang bước đánh giá cấp huyện.",
            "Thư được gửi tự động, thay mặt Văn phòng Điều phối OCOP tỉnh Quảng Ninh.",
            "xin trả lời thư này",
        ):
            assert words in said, words
    assert page.open == []


def test_both_parts_link_to_every_page(letter: Letter, composed: Composed) -> None:
    text, html = parts(composed(letter))
    urls = [line.url for line in letter.lines_in_reading_order()]

    assert re.findall(r"https?://\S+", text) == urls
    assert Page(html).links == urls


def test_both_parts_say_overdue_first_then_by_date(letter: Letter, composed: Composed) -> None:
    order = ["27/03/2018", "29/03/2018", "07/04/2018", "30/09/2018", "20/03/2018"]

    for part in parts(composed(letter)):
        assert DATE.findall(part) == order


@pytest.mark.parametrize("language", Language)
def test_only_dates_in_a_body_are_last_days_and_days_of_events(
    letter: Letter, composed: Composed, language: Language
) -> None:
    for part in parts(composed(replace(letter, language=language, simulated=True, seal="0f" * 32))):
        assert set(DATE.findall(part)) == DAYS_OF_THE_LETTER


def test_english_letter_speaks_english(letter: Letter, composed: Composed) -> None:
    message = parsed(composed(replace(letter, language=Language.EN)))
    text, html = (part.get_content() for part in message.iter_parts())

    assert message["Content-Language"] == "en"
    assert '<html lang="en">' in html
    assert "Last day, now past: Thursday, 29/03/2018" in text
    assert "Expected by: Sunday, 30/09/2018" in text
    for word in ("Kính gửi", "Hạn", "Thứ", "hồ sơ", "Quá hạn"):
        assert word not in text
        assert word not in html


def test_html_fetches_nothing_and_fits_a_phone(letter: Letter, composed: Composed) -> None:
    _, html = parts(composed(letter))

    page = Page(html)
    assert '<html lang="vi">' in html
    assert [name for _, name, _ in page.attributes if name in {"src", "background", "srcset"}] == []
    assert not re.search(r"url\(|@import|<(?:link|script|img|iframe)", html)
    assert ("meta", "content", "width=device-width, initial-scale=1") in page.attributes
    assert ("table", "width", "600") in page.attributes
    sizes = [int(size) for size in re.findall(r"font-size: ?(\d+)px", html)]
    assert min(sizes) >= 16


def test_html_has_its_styles_in_the_elements(letter: Letter, composed: Composed) -> None:
    """Some mail readers drop every style element."""
    _, html = parts(composed(letter))

    assert re.search(r'<a href="[^"]+" style="[^"]*color: ?#ffffff', html)


def test_html_shows_signs_of_markup_as_they_are(letter: Letter, composed: Composed, reminder: Line) -> None:
    about = '<b>R&D</b> "Đồi" <script>alert(1)</script>'
    text, html = parts(composed(replace(letter, lines=(replace(reminder, about=about),))))

    assert about in text
    assert about in Page(html).text
    assert "<script>" not in html


def test_text_is_brought_to_nfc_everywhere(letter: Letter, composed: Composed, reminder: Line) -> None:
    def apart(text: str) -> str:
        return unicodedata.normalize("NFD", text)

    line = replace(reminder, about=apart(reminder.about))
    decomposed = replace(
        letter,
        recipient_name=apart(letter.recipient_name),
        office_name=apart(letter.office_name),
        lines=(line,),
    )

    assert composed(decomposed) == composed(replace(letter, lines=(reminder,)))


def test_simulated_letter_says_so_and_lists_its_notices(letter: Letter, composed: Composed) -> None:
    message = parsed(composed(replace(letter, simulated=True)))

    assert notice_keys(message) == tuple(line.notice_key for line in letter.lines)
    assert all("THƯ MÔ PHỎNG" in part.get_content() for part in message.iter_parts())


def test_real_letter_lists_no_notices(letter: Letter, composed: Composed) -> None:
    message = parsed(composed(letter))

    assert NOTICES_HEADER not in message
    assert notice_keys(message) == ()
    assert all("MÔ PHỎNG" not in part.get_content() for part in message.iter_parts())


def test_many_long_notice_keys_come_back_exactly(letter: Letter, composed: Composed, reminder: Line) -> None:
    keys = [
        f"dossier:2018-{number}/idea_registration.step-1|v{number}|+{number}" + "x" * number for number in range(90)
    ]
    keys.append("k" * 900)
    lines = tuple(replace(reminder, notice_key=key) for key in keys)

    wire = composed(replace(letter, lines=lines, simulated=True))

    assert notice_keys(parsed(wire)) == tuple(keys)
    assert max(map(len, wire.split(b"\r\n"))) <= 998


def test_seal_is_printed_in_both_parts(letter: Letter, composed: Composed) -> None:
    seal = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

    assert all(seal in part for part in parts(composed(replace(letter, seal=seal))))


def test_line_without_link_day_or_reason_leaves_no_gap(letter: Letter, composed: Composed, reminder: Line) -> None:
    bare = replace(reminder, last_day=None, why=None, url=None)
    text, html = parts(composed(replace(letter, lines=(bare,))))

    assert "1. [Việc cần làm] Nộp hồ sơ đăng ký ý tưởng sản phẩm\n   Chả mực – Hội SX và KD chả mực Hạ Long\n\n" in text
    assert Page(html).links == []
    assert "Liên kết trong thư" not in text + html
    assert "None" not in text + html


def test_letter_to_a_superior_asks_and_reports(letter: Letter, composed: Composed, escalation: Line) -> None:
    above = replace(letter, to_superior=True)
    text, _ = parts(composed(above))
    reported, _ = parts(composed(replace(above, lines=(escalation,))))

    assert "kính đề nghị quý cơ quan xem xét 5 nội dung dưới đây." in text
    assert "[Kính đề nghị xem xét]" in text
    assert "Việc cần làm" not in text
    assert "kính báo cáo và đề nghị quý lãnh đạo chỉ đạo đôn đốc 1 việc quá hạn." in reported
    assert "[Kính đề nghị chỉ đạo]" in reported


def test_both_parts_say_details_and_the_day_of_the_lapse(letter: Letter, composed: Composed, overdue: Line) -> None:
    details = (Wording("mail.number", {"number": "18-2-1"}), Wording("mail.bring_to", {"receiver": "Tổ OCOP"}))
    line = replace(overdue, details=details, lapses_on=date(2018, 4, 28))

    for part in parts(composed(replace(letter, lines=(line,)))):
        assert "Số hồ sơ: 18-2-1" in part
        assert "Nơi nhận: Tổ OCOP" in part
        assert "Nếu chưa nộp trước khi hết ngày 28/04/2018" in " ".join(part.split())
