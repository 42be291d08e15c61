"""The SMTP adapter of the sender port: a few connections, each with one message at a time, kept and reused."""

import asyncio
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPNotSupported,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from notifications.delivery import (
    Accepted,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownOutcomeError,
)

MESSAGES_PER_CONNECTION = 100
"""After so many messages a connection is made anew: many servers close one that carries more."""

_PERMANENT = range(500, 600)


@dataclass(frozen=True)
class SmtpSettings:
    """Where and how mail is handed over.

    Attributes:
        host: The server's name or address.
        port: Its port.
        tls: `starttls` fails when the server does not offer it; `implicit` speaks TLS from the start; `none` is for a
            server on the same machine.
        username: For login, or None.
        password: For login; never shown.
        timeout_seconds: For connecting and for each reply.
        local_hostname: What we call ourselves; looking the machine's own name up can hang.
        connections: At most so many at the same time.
        cafile: Certificates to trust instead of the system's.
    """

    host: str
    port: int
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = 30
    local_hostname: str = "localhost"
    connections: int = 4
    cafile: str | None = None


@dataclass
class _Connection:
    """An open connection and how many messages it has carried."""

    client: SMTP
    carried: int = 0


class SmtpEmailSender:
    """Hands mails to one SMTP server. Use it as an async context manager within one event loop."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._idle: list[_Connection] = []
        self._slots = asyncio.Semaphore(settings.connections)

    async def __aenter__(self) -> Self:
        """Make the sender ready; connections are opened when the first mail leaves."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye on every open connection."""
        while self._idle:
            await _quit(self._idle.pop().client)

    async def send(self, envelope: Envelope) -> Accepted:
        """Hand one mail over.

        Raises:
            TemporaryDeliveryError: No connection, a refused login, or a 4xx reply.
            PermanentDeliveryError: A 5xx reply, or an address that is not ASCII.
            UnknownOutcomeError: The message was sent and the reply was lost.
        """
        if not (envelope.recipient.isascii() and envelope.sender.isascii()):
            raise PermanentDeliveryError("the address is not ASCII; no mail server here takes it")
        async with self._slots:
            connection = self._idle.pop() if self._idle else await self._connect()
            try:
                reply = await _transfer(connection.client, envelope)
            except (TemporaryDeliveryError, PermanentDeliveryError):
                await self._keep(connection)
                raise
            except BaseException:  # the reply is lost or was not awaited: this connection can't be used again
                connection.client.close()
                raise
            connection.carried += 1
            await self._keep(connection)
            return Accepted(reply)

    async def _connect(self) -> _Connection:
        settings = self._settings
        client = SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout_seconds,
            local_hostname=settings.local_hostname,
            use_tls=settings.tls == "implicit",
            start_tls=settings.tls == "starttls",
            tls_context=None if settings.tls == "none" else ssl.create_default_context(cafile=settings.cafile),
        )
        try:
            await client.connect()
            if settings.username is not None:
                await client.login(settings.username, settings.password or "")
        except (SMTPException, OSError) as error:
            client.close()
            raise TemporaryDeliveryError(_said(error), _code(error)) from error
        return _Connection(client)

    async def _keep(self, connection: _Connection) -> None:
        """Keep a connection for the next mail, if it can carry one more."""
        if not connection.client.is_connected:
            connection.client.close()
        elif connection.carried >= MESSAGES_PER_CONNECTION:
            await _quit(connection.client)
        else:
            self._idle.append(connection)


async def _transfer(client: SMTP, envelope: Envelope) -> str:
    """Run one mail transaction (RFC 5321, 3.3) and return the final reply."""
    try:
        await client.mail(envelope.sender)
        await client.rcpt(envelope.recipient)
    except (SMTPException, OSError) as error:
        await _reset(client)
        raise _refusal(error) from error
    try:
        response = await client.data(envelope.message)
    except SMTPResponseException as error:  # the server answered: it has not taken the message
        await _reset(client)
        raise _refusal(error) from error
    except (SMTPServerDisconnected, SMTPTimeoutError, OSError) as error:
        raise UnknownOutcomeError(_said(error)) from error
    return f"{response.code} {response.message}"


def _refusal(error: Exception) -> TemporaryDeliveryError | PermanentDeliveryError:
    code = _code(error)
    if isinstance(error, SMTPNotSupported) or (code is not None and code in _PERMANENT):
        return PermanentDeliveryError(_said(error), code)
    return TemporaryDeliveryError(_said(error), code)


async def _reset(client: SMTP) -> None:
    """Make a connection fit for the next mail, or close it."""
    try:
        if client.is_connected:
            await client.rset()
    except (SMTPException, OSError):
        client.close()


async def _quit(client: SMTP) -> None:
    try:
        await client.quit()
    except (SMTPException, OSError):
        client.close()


def _code(error: Exception) -> int | None:
    return error.code if isinstance(error, SMTPResponseException) else None


def _said(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__
