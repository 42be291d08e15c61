"""The SMTP adapter of the sender port: a few connections, each with one message at a time, kept and reused."""

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from aiosmtplib import SMTP, SMTPException, SMTPResponseException, SMTPServerDisconnected

from notifications.delivery import (
    Accepted,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownOutcomeError,
)

MESSAGES_PER_CONNECTION = 100
"""After so many messages a connection is made anew: many servers close one that carries more."""

_POSITIVE = range(200, 300)
_START_INPUT = 354
_REFUSED = range(400, 600)
_PERMANENT = range(500, 600)
_TOO_LARGE = 552
_SET_UP_FAULTS = frozenset({530, 534, 535, 538})
"""RFC 4954, section 6: the server wants a login, another one, or TLS first; no fault of the mail."""

_LEADING_DOT = re.compile(rb"(?m)^\.")


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

    async def greet(self) -> None:
        """Open one connection, with TLS and login as set up, and keep it: is the server there?

        Raises:
            TemporaryDeliveryError: It can't be reached, or refuses TLS or login.
        """
        async with self._slots:
            await self._keep(await self._connect())

    async def send(self, envelope: Envelope) -> Accepted:
        """Hand one mail over.

        Raises:
            TemporaryDeliveryError: No connection, a refused login, or a 4xx reply.
            PermanentDeliveryError: A 5xx reply, or an address that is not plain ASCII.
            UnknownOutcomeError: The message was sent and the reply was lost.
        """
        for address in (envelope.sender, envelope.recipient):
            if not (address.isascii() and address.isprintable()):
                raise PermanentDeliveryError("the address is not plain ASCII; no mail server here takes it")
        async with self._slots:
            connection = await self._begun(envelope.sender)
            try:
                reply = await _transfer(connection.client, envelope)
            except (TemporaryDeliveryError, PermanentDeliveryError):
                await self._keep(connection)
                raise
            except BaseException:  # the reply is lost or was not awaited: this connection can't be used again
                connection.client.close()
                raise
            await self._keep(connection)
            return Accepted(reply)

    async def _begun(self, sender: str) -> _Connection:
        """Return a connection on which a mail from `sender` has begun.

        A server may have closed a kept connection meanwhile. Nothing of this mail was said on it, so the next one or
        a new one is tried at once.
        """
        while self._idle:
            connection = self._idle.pop()
            try:
                await self._begin(connection, sender)
            except TemporaryDeliveryError:
                if connection.client.is_connected:  # refused by a server that is there
                    raise
            else:
                return connection
        connection = await self._connect()
        await self._begin(connection, sender)
        return connection

    async def _begin(self, connection: _Connection, sender: str) -> None:
        connection.carried += 1
        try:
            await connection.client.mail(sender)
        except (SMTPException, OSError) as error:
            await _reset(connection.client)
            await self._keep(connection)
            if _code(error) != _TOO_LARGE:  # any other refusal is of us as senders, and no fault of this mail
                raise TemporaryDeliveryError(_said(error), _code(error)) from error
            raise _refusal(error) from error
        except BaseException:  # the reply was not awaited
            connection.client.close()
            raise

    async def _connect(self) -> _Connection:
        settings = self._settings
        client: SMTP | None = None
        try:
            client = SMTP(
                hostname=settings.host,
                port=settings.port,
                timeout=settings.timeout_seconds,
                local_hostname=settings.local_hostname,
                use_tls=settings.tls == "implicit",
                start_tls=settings.tls == "starttls",
                tls_context=None if settings.tls == "none" else ssl.create_default_context(cafile=settings.cafile),
            )
            await client.connect()
            if settings.username is not None:
                await client.login(settings.username, settings.password or "")
        except BaseException as error:
            if client is not None:
                client.close()
            if isinstance(error, SMTPException | OSError):
                raise TemporaryDeliveryError(_said(error), _code(error)) from error
            raise
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
    """Run the rest of one mail transaction (RFC 5321, 3.3) and return the final reply.

    `SMTP.data` would do the second half in one step, but its errors don't tell whether the server broke off before
    or after the message.
    """
    try:
        await client.rcpt(envelope.recipient)
        response = await client.execute_command(b"DATA")
        if response.code != _START_INPUT:
            raise SMTPResponseException(response.code, response.message)
        protocol = client.protocol
        if protocol is None:
            raise SMTPServerDisconnected("Connection lost")
        protocol.write(_as_data(envelope.message))
    except (SMTPException, OSError) as error:
        await _reset(client)
        raise _refusal(error) from error
    try:
        response = await protocol.read_response(timeout=client.timeout)
    except (SMTPException, OSError) as error:
        raise UnknownOutcomeError(_said(error)) from error
    if response.code in _POSITIVE:
        return f"{response.code} {response.message}"
    if response.code in _REFUSED:  # the server has answered: it has not taken the message
        await _reset(client)
        raise _refusal(SMTPResponseException(response.code, response.message))
    raise UnknownOutcomeError(f"{response.code} {response.message}")


def _as_data(message: bytes) -> bytes:
    """Return a message with CRLF line ends as it follows DATA: dots doubled, the final dot (RFC 5321, 4.5.2)."""
    end = b"" if message.endswith(b"\r\n") else b"\r\n"
    return _LEADING_DOT.sub(b"..", message) + end + b".\r\n"


def _refusal(error: Exception) -> TemporaryDeliveryError | PermanentDeliveryError:
    code = _code(error)
    if code is not None and code in _PERMANENT and code not in _SET_UP_FAULTS:
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
    """Return what the server said or the network did, as text that can be stored: a reply need not be UTF-8."""
    said = f"{error.code} {error.message}" if isinstance(error, SMTPResponseException) else str(error)
    return (said or type(error).__name__).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
