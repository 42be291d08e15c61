"""What an e-mail address may look like here: one mailbox in ASCII, as RFC 5322 writes it without quotes."""

import re

ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
"""RFC 5322, dot-atom: no dot at either end, nor two in a row."""

DOMAIN = r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"

_ADDRESS = re.compile(rf"{ATOMS}@{DOMAIN}")


def is_address(text: str) -> bool:
    """Tell whether a mail can carry this address; a host of the office's own network needs no dot."""
    return _ADDRESS.fullmatch(text) is not None


def is_public_address(text: str) -> bool:
    """Tell whether mail servers anywhere can find this address: its domain has a dot."""
    return is_address(text) and "." in text.rpartition("@")[2]
