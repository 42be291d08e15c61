"""The sender port: what a finished mail needs to leave, and the three ways in which that can fail."""

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self


@dataclass(frozen=True, slots=True)
class Envelope:
    """A finished message with its SMTP addresses; `message` is never changed on the way.

    Attributes:
        sender: The address for bounces (MAIL FROM).
        recipient: Exactly one address (RCPT TO): a server that takes one of two recipients reports no error.
        message: The whole RFC 5322 message in ASCII with CRLF line ends.
        message_id: The Message-ID that `message` carries, for logs and records.
    """

    sender: str
    recipient: str
    message: bytes
    message_id: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server has taken responsibility for the mail; `reply` is its final line, such as `250 2.0.0 queued`."""

    reply: str


class DeliveryError(Exception):
    """A mail was not, or not surely, handed over; `reply` is the server's answer or what the network did."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


class TemporaryDeliveryError(DeliveryError):
    """The mail was surely not taken, and the same bytes may be taken later: try again after a pause.

    Raised for a 4xx reply, a connection that can't be made or breaks before the message is complete, and for
    faults of the set-up (no STARTTLS, a refused login) which the office mends without touching the mail.
    `code` is the SMTP code, None where no server answered.
    """

    def __init__(self, reply: str, code: int | None = None) -> None:
        super().__init__(reply)
        self.code = code


class PermanentDeliveryError(DeliveryError):
    """The mail was surely not taken, and repeating it can't help: somebody has to look at address or text.

    Raised for a 5xx reply and for an address that the adapter can't put on the wire. `code` is the SMTP code,
    None where no server was asked.
    """

    def __init__(self, reply: str, code: int | None = None) -> None:
        super().__init__(reply)
        self.code = code


class UnknownOutcomeError(DeliveryError):
    """The final dot was sent and no reply came: the server may or may not have taken the mail.

    Neither of the other two: counting it as temporary would hide that a repeat can make a second copy, counting it
    as permanent would lose mail. Record it as such; a repeat uses the same bytes and so the same Message-ID,
    by which mail servers and readers drop a double.
    """


class EmailSender(Protocol):
    """Hands mails over. Use it as an async context manager: entering is free, leaving closes every connection.

    Two errors let the caller choose between "later" and "never" without knowing SMTP; the third exists because SMTP
    can't say what became of a message whose final reply was lost. A sender doesn't retry, log, or change bytes.
    """

    async def __aenter__(self) -> Self:
        """Make the sender ready."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what is open."""
        ...

    async def send(self, envelope: Envelope) -> Accepted:
        """Hand one mail over; calls may run at the same time.

        Raises:
            TemporaryDeliveryError: Not taken; the same bytes may be tried later.
            PermanentDeliveryError: Not taken; repeating can't help.
            UnknownOutcomeError: Perhaps taken.
        """
        ...
