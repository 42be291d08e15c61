"""A real mail server on this machine, whose answers a test chooses."""

import asyncio
import gc
import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from notifications.delivery import Accepted, Envelope
from notifications.smtp import SmtpEmailSender, SmtpSettings


@dataclass
class Postmaster:
    """Answers the commands of every connection, keeps what was taken, and knows the connections."""

    mail: str = "250 OK"
    rcpt: str = "250 OK"
    end: str = "250 2.0.0 queued"
    taken: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    servers: list[SMTP] = field(default_factory=list)
    goodbyes: int = 0
    arrived: asyncio.Event | None = None
    hold: asyncio.Event | None = None

    async def handle_MAIL(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.mail

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        if self.end.startswith("250"):
            self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        if self.arrived is not None:
            self.arrived.set()
        if self.hold is not None:
            await self.hold.wait()
        return self.end

    async def handle_QUIT(self, _server: SMTP, _session: Any, _envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        self.goodbyes += 1
        return "221 2.0.0 bye"

    @asynccontextmanager
    async def serving(
        self, kind: type[SMTP] = SMTP, *, implicit: ssl.SSLContext | None = None, **options: Any
    ) -> AsyncGenerator[SmtpSettings, None]:
        """Serve in the running loop and give the settings that reach the server without TLS."""

        def connected() -> SMTP:
            server = kind(self, hostname="mail.example", **options)
            self.servers.append(server)
            return server

        listening = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0, ssl=implicit)
        port = listening.sockets[0].getsockname()[1]
        try:
            yield SmtpSettings("127.0.0.1", port, tls="none", timeout_seconds=5)
        finally:
            listening.close()
            self.hang_up()

    def hang_up(self) -> None:
        """Close every open connection without a word."""
        for server in self.servers:
            if server.transport is not None:
                server.transport.close()

    def run(self, scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a scenario; whatever it left open becomes a warning here, and so an error."""
        asyncio.run(scenario())
        gc.collect()

    def receive(self, mail: Envelope, kind: type[SMTP] = SMTP, **settings: Any) -> Accepted:
        """Have one mail handed over on a connection of its own, to a server of this kind."""
        accepted: list[Accepted] = []

        async def scenario() -> None:
            async with self.serving(kind) as reached, SmtpEmailSender(replace(reached, **settings)) as sender:
                accepted.append(await sender.send(mail))

        self.run(scenario)
        return accepted[0]


@pytest.fixture
def postmaster() -> Postmaster:
    """A postmaster who takes everything."""
    return Postmaster()


@pytest.fixture(scope="session")
def mail() -> Envelope:
    """A mail whose lines begin with dots."""
    message = b"Subject: dots\r\n\r\n.\r\n..\r\n.leading\r\nlast\r\n"
    return Envelope("ocop@tinh.invalid", "office@xa.invalid", message, "<1@ocop.example>")


@dataclass(frozen=True)
class Identity:
    """A certificate for 127.0.0.1, as the file that a client trusts and as the context that a server shows."""

    cafile: str
    context: ssl.SSLContext


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2015, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate_file, key_file)
    return Identity(str(certificate_file), context)
