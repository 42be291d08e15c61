"""A letter as the bytes that leave: an RFC 5322 message with a text and an HTML part."""

import quopri
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.utils import format_datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from notifications.addresses import ATOMS, DOMAIN, is_address
from notifications.body import text_and_html
from notifications.catalogue import OFFICE_ZONE
from notifications.header_policy import MAIL_POLICY, has_control_character
from notifications.letter import Letter
from notifications.subject import subject_of

NOTICES_HEADER = "X-OCOP-Notices"
RETURN_PATH_HEADER = "X-OCOP-Return-Path-Key"

_NOTICE_KEY = re.compile(r"[A-Za-z0-9|:/._+-]{1,900}")
_MESSAGE_ID = re.compile(rf"<{ATOMS}@{DOMAIN}>")
_LINK = re.compile(r"https?://[\x21-\x7e]+")
_RETURN_PATH_KEY = re.compile(r"[A-Za-z0-9._+-]{1,100}")


class UnusableLetterError(ValueError):
    """A letter can't become a mail; `part` names what has to be mended."""

    def __init__(self, part: str, fault: str) -> None:
        super().__init__(f"the mail can't be composed: {part} {fault}")
        self.part = part


def compose(
    letter: Letter,
    *,
    message_id: str,
    sender_name: str,
    sender_address: str,
    dated: datetime,
    return_path_key: str | None = None,
) -> bytes:
    """Return the whole message: ASCII, CRLF line ends, multipart/alternative; the same input gives the same bytes.

    Args:
        letter: What is said. Text is brought to NFC.
        message_id: With its angle brackets; also a retry keeps it.
        sender_name: The display name of the From address.
        sender_address: The From address, to which people answer.
        dated: The instant for the Date header, aware; written in Asia/Ho_Chi_Minh.
        return_path_key: What the envelope's bounce address carries. Written as a header too, since some servers return
            only the headers of a mail; the Return-Path header itself is the receiving server's (RFC 5321, 4.4).

    Raises:
        UnusableLetterError: No line, an address or key of the wrong form, a link that is not http, a time without
            zone, or a control character in any text.
        UnknownCodeError, UnusableParameterError: The catalogue can't say a line.
    """
    _check(letter)
    if not _MESSAGE_ID.fullmatch(message_id):
        raise UnusableLetterError("the Message-ID", "must look like <key@host> and be ASCII")
    if dated.tzinfo is None:
        raise UnusableLetterError("the time in the Date header", "must be aware; give it its zone")
    message = EmailMessage(policy=MAIL_POLICY)
    message["From"] = _mailbox("the sender", sender_name, sender_address)
    message["To"] = _mailbox("the recipient", letter.recipient_name, letter.recipient_address)
    message["Subject"] = _nfc(subject_of(letter))
    message["Date"] = format_datetime(dated.astimezone(ZoneInfo(OFFICE_ZONE)))
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answers
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    if return_path_key is not None:
        if not _RETURN_PATH_KEY.fullmatch(return_path_key):
            raise UnusableLetterError("the return path key", "may hold letters, digits and ._+- only")
        message[RETURN_PATH_HEADER] = return_path_key
    if letter.simulated:
        message[NOTICES_HEADER] = ", ".join(line.notice_key for line in letter.lines)
    message["MIME-Version"] = "1.0"
    boundary = f"=_{sha256(message_id.encode()).hexdigest()[:32]}"
    message["Content-Type"] = f'multipart/alternative; boundary="{boundary}"'
    message["Content-Language"] = letter.language.value
    text, html = text_and_html(letter)
    message.set_payload([_text_part(_nfc(text)), _html_part(_nfc(html))])
    return message.as_bytes()


def notice_keys(message: EmailMessage) -> tuple[str, ...]:
    """Return the notice keys that a simulated mail lists, in the letter's order; none for a real mail."""
    listed = message.get(NOTICES_HEADER)
    return tuple(str(listed).split(", ")) if listed else ()


def _text_part(text: str) -> MIMEPart:
    part = MIMEPart(policy=MAIL_POLICY)
    part.set_content(text)
    return part


def _html_part(html: str) -> MIMEPart:
    """Return the part as `set_content` would, whose encoder is not in C and takes four times as long."""
    part = MIMEPart(policy=MAIL_POLICY)
    part["Content-Type"] = 'text/html; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(quopri.encodestring(f"{html}\n".encode()).decode("ascii"))
    return part


def _check(letter: Letter) -> None:
    if not letter.lines:
        raise UnusableLetterError("the letter", "has no line; withdraw it instead of sending it")
    for part, text in _texts(letter):
        if has_control_character(text):
            raise UnusableLetterError(part, "holds a control character; remove it")
    for number, line in enumerate(letter.lines, start=1):
        if not _NOTICE_KEY.fullmatch(line.notice_key):
            raise UnusableLetterError(f"the notice key of line {number}", "may hold letters, digits and |:/._+- only")
        if line.url is not None and not _LINK.fullmatch(line.url):
            raise UnusableLetterError(f"the link of line {number}", "must begin with http:// or https://")


def _texts(letter: Letter) -> Iterator[tuple[str, str]]:
    """Yield every text that others wrote, with the name under which an error tells it."""
    yield "the name of the office", letter.office_name
    yield "the seal", letter.seal or ""
    for number, line in enumerate(letter.lines, start=1):
        yield f"the subject matter of line {number}", line.about
        yield f"the party of line {number}", line.owed_by or ""
        for wording in (line.act, line.why, *line.details):
            for value in () if wording is None else wording.params.values():
                for text in value.values() if isinstance(value, Mapping) else (str(value),):
                    yield f"a parameter of line {number}", text


def _mailbox(part: str, name: str, address: str) -> Address:
    if has_control_character(name):
        raise UnusableLetterError(f"the name of {part}", "holds a control character; remove it")
    if not is_address(address):
        raise UnusableLetterError(f"the address of {part}", "must be one ASCII address such as office@ocop.example")
    username, _, domain = address.rpartition("@")
    return Address(_nfc(name), username, domain)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
