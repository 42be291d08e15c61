"""How header lines are written: Vietnamese comes back exactly from every reader.

The standard library's SMTP policy loses or adds blanks in one Vietnamese subject of eight and joins encoded words
(cpython issue 144156). Here text goes through `email.header.Header`, which splits at characters, one encoded word a
line (RFC 2047), names are encoded mailbox by mailbox, and plain ASCII stays as it is.
"""

import re
import unicodedata
from email.contentmanager import raw_data_manager
from email.header import Header
from email.headerregistry import Address
from email.policy import Compat32
from functools import lru_cache
from typing import Any

LINE_LENGTH = 76
"""Where lines fold: one character less than RFC 2047 allows for a line with an encoded word, with its blank."""

LONGEST_LINE = 998
"""RFC 5322, section 2.1.1: the most characters in a line, without its end."""

FOLD = "\r\n"

_OF_ADDRESSES = frozenset({"from", "to", "cc", "bcc", "reply-to", "sender"})

_TEXTS_KEPT = 4096
"""So many encoded texts are remembered: the sender's name stands in every mail, those of officials in many."""

_WORD = re.compile(" *[^ ]+")


class HeaderValueError(ValueError):
    """The header `name` can't be written safely: a control character, or a word longer than a line."""

    def __init__(self, name: str, fault: str) -> None:
        super().__init__(f"the header {name[:80]} {fault}")
        self.name = name


class MailPolicy(Compat32):
    """Writes messages in ASCII with CRLF line ends; refuses control characters, and a second header of one name.

    A value is kept as it is given. `EmailPolicy` would parse it at once, which takes longer than all the writing, and
    would decode what only looks like an encoded word.
    """

    content_manager = raw_data_manager

    def header_max_count(self, name: str) -> int:  # noqa: ARG002 -- the policy's signature
        """Return 1: no header stands twice in a mail."""
        return 1

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """Keep text, or the mailboxes of a header of addresses: one `Address` or a tuple of them."""
        if name.lower() not in _OF_ADDRESSES:
            _refuse_control_characters(name, value)
            return name, value
        addresses = (value,) if isinstance(value, Address) else value
        if not isinstance(addresses, tuple):
            raise HeaderValueError(name, "can't be written as text; give it an Address or a tuple of them")
        for address in addresses:
            _refuse_control_characters(name, str(address))
        return name, addresses

    def fold(self, name: str, value: str | tuple[Address, ...]) -> str:
        """Return the whole header with its line ends, in ASCII."""
        if isinstance(value, tuple):
            content = ", ".join(_mailbox(name, address) for address in value)
        else:
            content = value if _is_plain(value) else _encoded(name, value)
        folded = _folded(f"{name}: {content}")
        if any(len(line) > LONGEST_LINE for line in folded.split(FOLD)):
            raise HeaderValueError(name, f"has a word of more than {LONGEST_LINE} characters; shorten it")
        return folded + FOLD

    def fold_binary(self, name: str, value: str | tuple[Address, ...]) -> bytes:
        """Return the same as `fold`, as bytes."""
        return self.fold(name, value).encode("ascii")


MAIL_POLICY = MailPolicy(linesep=FOLD, cte_type="7bit", max_line_length=LINE_LENGTH)


def has_control_character(text: str) -> bool:
    """Tell whether `text` holds a line end, another control character or half a surrogate pair."""
    return not text.isprintable() and any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in text)


def _refuse_control_characters(name: str, value: str) -> None:
    if has_control_character(value):
        raise HeaderValueError(name, "holds a control character; remove it")


def _is_plain(text: str) -> bool:
    """Tell whether ASCII readers get `text` back unchanged without encoding."""
    return text.isascii() and "=?" not in text and text == text.strip()


@lru_cache(maxsize=_TEXTS_KEPT)
def _encoded(name: str, text: str) -> str:
    # The name of the header is long only on its first line; Header reckons with it.
    return Header(text, charset="utf-8", header_name=name, maxlinelen=LINE_LENGTH).encode(linesep=FOLD)


def _mailbox(name: str, address: Address) -> str:
    shown = address.display_name
    if not address.addr_spec.isascii():
        raise HeaderValueError(name, "holds an address that is not ASCII; use one that is")
    if _is_plain(shown) and shown == " ".join(shown.split()):
        return str(address)
    return f"{_encoded(name, shown)} <{address.addr_spec}>"


def _folded(text: str) -> str:
    """Fold long lines before blanks, so that unfolding gives the same text; words are never cut."""
    lines: list[str] = []
    for line in text.split(FOLD):
        if len(line) <= LINE_LENGTH:
            lines.append(line)
            continue
        current = ""
        for word in _WORD.findall(line):
            is_name_alone = not lines and current.endswith(":")
            if current and not is_name_alone and len(current) + len(word) > LINE_LENGTH:
                lines.append(current)
                current = word
            else:
                current += word
        lines.append(current)
    return FOLD.join(lines)
