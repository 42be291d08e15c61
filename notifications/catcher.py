"""A mail server for demos and tests: listens on this machine only and keeps each message as an `.eml` file."""

import re
from asyncio import Server
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SIZE_AT_MOST = 5_000_000
"""Bytes; a mail of ours has some tens of thousands."""

_NUMBERED = re.compile(r"(\d{6})\.eml")


class NotLoopbackError(ValueError):
    """The catcher takes everything without asking, so it listens on this machine only."""


class MailCatcher:
    """Catches mail into a folder while the context is open; numbers go on where an earlier catcher stopped."""

    def __init__(self, folder: Path, *, host: str = "127.0.0.1", port: int = 0) -> None:
        if host not in LOOPBACK:
            raise NotLoopbackError(f"the mail catcher listens on this machine only, not on {host[:80]}")
        self._folder = folder
        self._controller = _AnyPortController(self, hostname=host, port=port, data_size_limit=SIZE_AT_MOST)

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return self._controller.bound_port

    @property
    def count(self) -> int:
        """Return how many messages lie in the folder."""
        return len(_numbers(self._folder))

    def __enter__(self) -> Self:
        """Make the folder and begin to listen."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._next = max(_numbers(self._folder), default=0) + 1
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        """Keep one message: written beside and renamed, so that a file is whole or absent."""
        number, self._next = self._next, self._next + 1
        target = self._folder / f"{number:06d}.eml"
        partial = target.with_suffix(".part")
        partial.write_bytes(envelope.original_content)
        partial.rename(target)
        return f"250 2.0.0 kept as {target.name}"


class _AnyPortController(Controller):
    """A controller that says which port it was given when it asked for any."""

    @property
    def bound_port(self) -> int:
        if not isinstance(self.server, Server):
            return int(self.port)
        return int(self.server.sockets[0].getsockname()[1])

    def _trigger_server(self) -> None:
        """Let the controller's own greeting at its start find the port."""
        self.port = self.bound_port
        super()._trigger_server()  # type: ignore[no-untyped-call] # aiosmtpd leaves it without types


def read_messages(folder: Path) -> list[EmailMessage]:
    """Return the kept messages in the order in which they came."""
    return [
        message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


def _numbers(folder: Path) -> list[int]:
    return [int(match[1]) for path in folder.glob("*.eml") if (match := _NUMBERED.fullmatch(path.name))]
