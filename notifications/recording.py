"""A sender that keeps what it is given: for rehearsals, simulated data folders and tests."""

from types import TracebackType
from typing import Self

from notifications.delivery import Accepted, Envelope


class RecordingEmailSender:
    """Keeps every envelope in memory, in order, and sends nothing.

    Attributes:
        envelopes: What was handed over so far.
    """

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def __aenter__(self) -> Self:
        """Return the sender; nothing has to be opened."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing; the envelopes stay readable."""

    async def send(self, envelope: Envelope) -> Accepted:
        """Keep the envelope and accept it."""
        self.envelopes.append(envelope)
        return Accepted(reply="250 recorded, not sent")
