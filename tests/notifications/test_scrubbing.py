"""The stored copy of a mail opens nothing, and is otherwise what was sent."""

import re
from base64 import encodebytes
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from notifications.catalogue import Language
from notifications.letter import Letter, Line, Wording
from notifications.scrubbing import scrub_links

TOKEN = "q7Lw-3_xR.zzzz" * 5
Composed = Callable[[Letter], bytes]


def contents(wire: bytes) -> list[bytes]:
    message = message_from_bytes(wire, _class=EmailMessage, policy=policy.default)

    assert [part.defects for part in message.walk() if part.defects] == []
    decoded = [part.get_payload(decode=True) for part in message.iter_parts()]
    return [content for content in decoded if isinstance(content, bytes)]


def encodings(wire: bytes) -> list[str]:
    message = message_from_bytes(wire, _class=EmailMessage, policy=policy.default)
    return [str(part["Content-Transfer-Encoding"]) for part in message.iter_parts()]


def linked(letter: Letter, *, language: Language = Language.VI, path: str = "/s/") -> Letter:
    lines = tuple(
        replace(line, url=f"https://ocop.example{path}{TOKEN}{number}") for number, line in enumerate(letter.lines)
    )
    return replace(letter, lines=lines, language=language)


def plain_english(letter: Letter, line: Line) -> Letter:
    """Return a letter whose text part is all ASCII, in which only long lines are encoded."""
    act = Wording("act.step", {"title": "Hand in the form"})
    return replace(
        letter,
        language=Language.EN,
        recipient_name="Office",
        office_name="Office",
        lines=(replace(line, about="Dried squid", act=act, why=None, url=f"https://ocop.example/s/{TOKEN}"),),
    )


def hand_made(encoding: str, body: bytes) -> bytes:
    head = (
        b'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="=_b"\r\n\r\n'
        b"--=_b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
    )
    return head + encoding.encode() + b"\r\n\r\n" + body + b"\r\n--=_b--\r\n"


@pytest.mark.parametrize("language", Language)
def test_scrub_links_takes_every_token_out_and_leaves_the_rest(
    letter: Letter, composed: Composed, language: Language
) -> None:
    wire = composed(linked(letter, language=language))

    scrubbed = scrub_links(wire)

    before, after = contents(wire), contents(scrubbed)
    for sent, kept in zip(before, after, strict=True):
        assert sent.count(TOKEN.encode()) == len(letter.lines)
        assert kept == re.sub(re.escape(TOKEN.encode()) + rb"\d", b"-", sent)
    assert scrubbed.isascii()
    assert b"\n" not in scrubbed.replace(b"\r\n", b"")
    assert max(map(len, scrubbed.split(b"\r\n"))) <= 78


def test_scrub_links_keeps_headers_and_structure_byte_for_byte(letter: Letter, composed: Composed) -> None:
    wire = composed(linked(letter))

    scrubbed = scrub_links(wire)

    def frame(message: bytes) -> list[bytes]:
        head, _, body = message.partition(b"\r\n\r\n")
        part_heads = re.findall(rb"--=_[0-9a-f]{32}\r\n.*?\r\n\r\n", body, flags=re.DOTALL)
        return [head, *part_heads, body[-40:]]

    assert frame(scrubbed) == frame(wire)
    assert encodings(scrubbed) == encodings(wire)


def test_scrub_links_changes_nothing_twice(letter: Letter, composed: Composed) -> None:
    once = scrub_links(composed(linked(letter)))

    assert scrub_links(once) == once


def test_scrub_links_leaves_a_mail_without_status_links_as_it_is(letter: Letter, composed: Composed) -> None:
    wire = composed(linked(letter, path="/guide/"))

    assert scrub_links(wire) == wire


def test_scrub_links_reads_over_soft_line_breaks(letter: Letter, reminder: Line, composed: Composed) -> None:
    wire = composed(plain_english(letter, reminder))
    assert "quoted-printable" in encodings(wire)
    assert re.search(rb"/s/[\w.-]*=\r\n", wire), "a soft break cuts the token"

    scrubbed = scrub_links(wire)

    assert TOKEN[-6:].encode() not in b"".join(contents(scrubbed))
    assert TOKEN[-6:].encode() not in scrubbed.replace(b"=\r\n", b"")


@pytest.mark.parametrize("encoding", ["quoted-printable", "7bit", "base64"])
def test_scrub_links_reads_every_encoding(encoding: str) -> None:
    said = b"Open https://ocop.example/s/" + TOKEN.encode() + b" today.\r\n\r\nThank you.\r\n"
    body = encodebytes(said).replace(b"\n", b"\r\n") if encoding == "base64" else said
    if encoding == "quoted-printable":
        body = said.replace(TOKEN.encode(), TOKEN[:20].encode() + b"=\r\n" + TOKEN[20:].encode())

    scrubbed = scrub_links(hand_made(encoding, body))

    # The stdlib's parser leaves the line end before a boundary out: it is the boundary's.
    assert contents(scrubbed) == [b"Open https://ocop.example/s/- today.\r\n\r\nThank you.\r\n"]


def test_scrub_links_leaves_an_unknown_encoding_and_a_single_part_as_they_are() -> None:
    unknown = hand_made("x-own", b"https://ocop.example/s/" + TOKEN.encode())
    single = b"Subject: x\r\n\r\nhttps://ocop.example/s/none\r\n"

    assert scrub_links(unknown) == unknown
    assert scrub_links(single) == single
