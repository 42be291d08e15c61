"""Taking the links out of a mail that was sent, so that the stored copy opens nothing."""

import base64
import quopri
import re
from collections.abc import Callable
from email.parser import BytesHeaderParser

_TOKEN = re.compile(rb"(https?://[^\s\"'<>]*/s/)[A-Za-z0-9_.-]+")
_BLANK_LINE = b"\r\n\r\n"
_HEADERS = BytesHeaderParser()


def scrub_links(message: bytes) -> bytes:
    """Return a composed message with the token of every status link replaced by a dash.

    Headers and structure stay as they were, byte for byte.
    """
    head, _, body = message.partition(_BLANK_LINE)
    boundary = _HEADERS.parsebytes(head + _BLANK_LINE).get_boundary()
    if boundary is None:
        return message
    delimiter = b"--" + boundary.encode("ascii")
    parts = [_scrub_part(part) for part in body.split(delimiter)]
    return head + _BLANK_LINE + delimiter.join(parts)


def _scrub_part(part: bytes) -> bytes:
    head, blank, content = part.partition(_BLANK_LINE)
    if not blank:
        return part
    encoding = _HEADERS.parsebytes(head.lstrip(b"\r\n") + _BLANK_LINE).get("Content-Transfer-Encoding", "")
    if encoding not in _CODECS:
        return part
    decode, encode = _CODECS[encoding]
    core = content.rstrip(b"\r\n")
    decoded = decode(core)
    scrubbed = _TOKEN.sub(rb"\1-", decoded)
    if scrubbed == decoded:
        return part
    written = encode(scrubbed).rstrip(b"\r\n").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return head + blank + written + content[len(core) :]


_CODECS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "base64": (base64.decodebytes, base64.encodebytes),
    "quoted-printable": (quopri.decodestring, quopri.encodestring),
    "7bit": (bytes, bytes),
}
"""How each transfer encoding is read and written."""
