"""Vietnamese headers come back exactly from every reader, and nothing unsafe is written."""

import random
import re
import unicodedata
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.header_policy import MAIL_POLICY, HeaderValueError, has_control_character

ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[bqBQ]\?[^?\s]*\?=")
WORDS = (
    "Văn phòng", "Điều phối", "nông thôn mới", "tỉnh", "Quảng Ninh", "chả mực", "Hạ Long", "nước mắm", "sá sùng",
    "trà hoa vàng", "–", "OCOP", "(đợt 2)", "5 sao", "31/03/2018", "HTX", "hạn", "=?", "?=", "a@b", '"Đồi Ong"',
    "Ủy ban", "nhân dân", "đăng ký", "ý tưởng", "Phường", "SX & KD", "100 %", "Thị trấn", "Đông Triều;", "R&D,",
    "nghiên-cứu-sản-phẩm-truyền-thống-của-địa-phương", "ASCII", "plain", "words", "…", "“ngày”",
)  # fmt: skip
VIETNAMESE = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđĐbchklmnpqrstvx"
SEEDS = range(10)
TEXTS_PER_SEED = 300  # with ten seeds 3,000 subjects and 3,000 names


def vietnamese(chance: random.Random) -> str:
    """Return one to fourteen words as they stand in subjects and names, some made of random letters."""
    words = [
        chance.choice(WORDS) if chance.random() < 0.7 else "".join(chance.choices(VIETNAMESE, k=chance.randint(1, 9)))
        for _ in range(chance.randint(1, 14))
    ]
    return unicodedata.normalize("NFC", " ".join(words))


def written(name: str, value: str | Address | tuple[Address, ...]) -> bytes:
    """Return a message with this one header."""
    message = EmailMessage(policy=MAIL_POLICY)
    message[name] = value
    return message.as_bytes()


def read(wire: bytes, name: str) -> Any:
    """Return a header as the standard library's modern parser gives it, with its defects."""
    message = message_from_bytes(wire, _class=EmailMessage, policy=policy.default)

    assert message.defects == []
    return message[name]


def name_of(wire: bytes) -> str:
    """Decode the name as RFC 2047 says; the standard parser adds blanks between the words of a name."""
    raw = message_from_bytes(wire, policy=policy.compat32)["From"]
    return str(make_header(decode_header(parseaddr(raw.replace("\r\n", ""))[0])))


def assert_fit_for_the_wire(wire: bytes) -> None:
    assert wire.isascii()
    assert b"\n" not in wire.replace(b"\r\n", b"")
    for line in wire.split(b"\r\n"):
        words = ENCODED_WORD.findall(line)
        assert len(line) <= (76 if words else 998), "RFC 2047 is stricter for a line with an encoded word"
        assert all(len(word) <= 75 for word in words)


@pytest.mark.parametrize("seed", SEEDS)
def test_subjects_come_back_exactly(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- texts for a test, no secret
    for _ in range(TEXTS_PER_SEED):
        subject = vietnamese(chance)

        wire = written("Subject", subject)

        found = read(wire, "Subject")
        assert (str(found), found.defects) == (subject, ())
        assert_fit_for_the_wire(wire)


@pytest.mark.parametrize("seed", SEEDS)
def test_names_come_back_exactly(seed: int) -> None:
    chance = random.Random(1000 + seed)  # noqa: S311 -- texts for a test, no secret
    for _ in range(TEXTS_PER_SEED):
        name = vietnamese(chance)

        wire = written("From", Address(name, addr_spec="ocop@tinh.invalid"))

        found = read(wire, "From")
        assert name_of(wire) == name
        assert ([address.addr_spec for address in found.addresses], found.defects) == (["ocop@tinh.invalid"], ())
        assert_fit_for_the_wire(wire)


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200))
def test_any_printable_subject_comes_back_exactly(subject: str) -> None:
    wire = written("Subject", subject)

    assert str(read(wire, "Subject")) == subject
    assert wire.isascii()


@settings(max_examples=50)
@given(
    st.text(max_size=30),
    st.characters(categories=("Cc", "Cs", "Zl", "Zp")),
    st.text(max_size=30),
    st.sampled_from(["Subject", "X-OCOP-Notices", "Content-Language"]),
)
def test_control_characters_are_refused_in_every_header(before: str, sign: str, after: str, name: str) -> None:
    message = EmailMessage(policy=MAIL_POLICY)

    with pytest.raises(HeaderValueError, match=name):
        message[name] = before + sign + after


@pytest.mark.parametrize("text", ["a\nb", "a\r\nBcc: x@y.invalid", "\t", "\x00", "\x7f", "\x85", "\u2028", "\ud800"])
def test_has_control_character_finds(text: str) -> None:
    assert has_control_character(text)


@pytest.mark.parametrize("text", ["", "Chả mực – Hạ Long", "a\u00a0b", "soft\u00adhyphen", "👍", "e\u0301"])
def test_has_control_character_lets_pass(text: str) -> None:
    assert not has_control_character(text)


def test_plain_ascii_stays_as_it_is() -> None:
    url = "https://ocop.example/" + "a" * 300
    message = EmailMessage(policy=MAIL_POLICY)
    message["X-Link"] = f"<{url}>"
    message["Subject"] = "Quarterly report, due 30/03/2018"

    head = message.as_bytes()

    assert f"X-Link: <{url}>\r\n".encode() in head
    assert b"Subject: Quarterly report, due 30/03/2018\r\n" in head


def test_long_ascii_is_folded_before_blanks_and_unfolds_to_itself() -> None:
    keys = ", ".join(f"obligation:2018-Q1/unit-{number}|v1|-7" for number in range(60))
    message = EmailMessage(policy=MAIL_POLICY)
    message["X-OCOP-Notices"] = keys

    folded = message.as_bytes().partition(b"\r\n\r\n")[0]

    assert max(map(len, folded.split(b"\r\n"))) <= 76
    assert folded.replace(b"\r\n", b"").decode() == f"X-OCOP-Notices: {keys}"


def test_word_longer_than_a_line_is_refused() -> None:
    message = EmailMessage(policy=MAIL_POLICY)
    message["X-OCOP-Notices"] = "k" * 999

    with pytest.raises(HeaderValueError, match="word of more than 998 characters"):
        message.as_bytes()


@pytest.mark.parametrize("text", ["=?utf-8?q?Ch=C3=A0o?=", "=?utf-8?b?", "a =?x?= b"])
def test_text_that_looks_encoded_is_not_decoded(text: str) -> None:
    wire = written("Subject", text)

    assert str(make_header(decode_header(message_from_bytes(wire)["Subject"]))) == text


@pytest.mark.parametrize("name", ["Doe, Jane", 'The "Hill"', "a  b", " lead", "x@y", "semi;colon", "back\\slash", ""])
def test_ascii_names_with_special_signs_come_back_exactly(name: str) -> None:
    assert name_of(written("From", Address(name, addr_spec="ocop@tinh.invalid"))) == name


def test_several_mailboxes_are_encoded_one_by_one() -> None:
    wire = written(
        "To",
        (
            Address("Phòng Kinh tế, thị xã Quảng Yên và các xã trong cụm", addr_spec="kinh.te@huyen.invalid"),
            Address("Ủy ban nhân dân phường", addr_spec="phuong@huyen.invalid"),
        ),
    )

    addresses = [address.addr_spec for address in read(wire, "To").addresses]
    assert addresses == ["kinh.te@huyen.invalid", "phuong@huyen.invalid"]
    assert_fit_for_the_wire(wire)


def test_address_that_is_not_ascii_is_refused() -> None:
    with pytest.raises(HeaderValueError, match="not ASCII"):
        written("To", Address(username="phòng", domain="huyen.invalid"))


def test_addresses_are_not_taken_as_text() -> None:
    with pytest.raises(HeaderValueError, match="give it an Address"):
        written("To", "Phòng Kinh tế <kinh.te@huyen.invalid>")


@pytest.mark.parametrize("name", ["Subject", "To"])
def test_no_header_stands_twice(name: str) -> None:
    message = EmailMessage(policy=MAIL_POLICY)
    message[name] = Address("Tổ OCOP", "to", "huyen.invalid") if name == "To" else "Chả mực"

    with pytest.raises(ValueError, match="at most 1"):
        message[name.upper()] = message[name]
