"""What becomes of one mail: surely taken, surely not, or unknown."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, AnyStr, Literal

import pytest
from aiosmtpd.smtp import SMTP

from notifications.delivery import (
    Accepted,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownOutcomeError,
)
from notifications.letter import Letter
from notifications.smtp import SmtpEmailSender, SmtpSettings

if TYPE_CHECKING:
    from tests.notifications.smtp.conftest import Postmaster

TAKEN = "250 2.0.0 queued"
NO_MAILBOX = "550 5.1.1 no such mailbox"
Tls = Literal["none", "starttls", "implicit"]


class HangsUpAtData(SMTP):
    """Closes the connection instead of asking for the message."""

    async def smtp_DATA(self, _argument: str) -> None:  # noqa: N802 -- aiosmtpd's name
        self.event_handler.hang_up()


class RefusesData(SMTP):
    """Has no room when the message is to come."""

    async def smtp_DATA(self, _argument: str) -> None:  # noqa: N802 -- aiosmtpd's name
        await self.push("451 4.3.0 try later")


class HangsUpAfterDot(SMTP):
    """Takes the message and closes the connection instead of answering."""

    async def push(self, status: AnyStr) -> None:
        if status == TAKEN:
            self.event_handler.hang_up()
        else:
            await super().push(status)


class Mumbles(SMTP):
    """Answers the final dot with something that is no SMTP reply."""

    async def push(self, status: AnyStr) -> None:
        if status == TAKEN:
            await super().push("thanks a lot")
        else:
            await super().push(status)


class HangsUpAfterRefusal(SMTP):
    """Refuses the recipient and closes the connection."""

    async def push(self, status: AnyStr) -> None:
        await super().push(status)
        if status == NO_MAILBOX:
            self.event_handler.hang_up()


class WaitsAtMail(SMTP):
    """Never answers the command that begins a mail."""

    async def smtp_MAIL(self, _argument: str) -> None:  # noqa: N802 -- aiosmtpd's name
        self.event_handler.arrived.set()
        await asyncio.Event().wait()


def test_accepted_mail_arrives_byte_for_byte(postmaster: "Postmaster", mail: Envelope) -> None:
    accepted = postmaster.receive(mail)

    assert accepted == Accepted("250 2.0.0 queued")
    assert postmaster.taken == [(mail.sender, [mail.recipient], mail.message)]


def test_composed_letter_arrives_byte_for_byte(
    postmaster: "Postmaster", mail: Envelope, letter: Letter, composed: Callable[[Letter], bytes]
) -> None:
    postmaster.receive(replace(mail, message=composed(letter)))

    assert [content for _, _, content in postmaster.taken] == [composed(letter)]


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("mail", "451 4.3.0 try later"),
        ("rcpt", "451 4.3.0 try later"),
        ("rcpt", "450 4.2.0 greylisted"),
        ("end", "451 4.3.0 try later"),
        ("end", "421 4.3.2 going down"),
    ],
)
def test_reply_of_the_400s_is_temporary(postmaster: "Postmaster", mail: Envelope, command: str, reply: str) -> None:
    setattr(postmaster, command, reply)

    with pytest.raises(TemporaryDeliveryError) as caught:
        postmaster.receive(mail)

    assert (caught.value.reply, caught.value.code) == (reply, int(reply[:3]))
    assert postmaster.taken == []


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("mail", "552 5.3.4 message too large"),
        ("rcpt", "550 5.1.1 no such mailbox"),
        ("end", "554 5.7.1 refused"),
        ("end", "552 5.3.4 too large"),
    ],
)
def test_reply_of_the_500s_is_permanent(postmaster: "Postmaster", mail: Envelope, command: str, reply: str) -> None:
    setattr(postmaster, command, reply)

    with pytest.raises(PermanentDeliveryError) as caught:
        postmaster.receive(mail)

    assert (caught.value.reply, caught.value.code) == (reply, int(reply[:3]))
    assert postmaster.taken == []


@pytest.mark.parametrize("reply", ["550 5.7.1 sender not allowed", "553 5.1.8 sender unknown"])
def test_refusal_of_the_sender_is_temporary(postmaster: "Postmaster", mail: Envelope, reply: str) -> None:
    """A server that does not take our own address has nothing against the mail: the office mends its settings."""
    postmaster.mail = reply

    with pytest.raises(TemporaryDeliveryError) as caught:
        postmaster.receive(mail)

    assert caught.value.reply == reply


def test_refusal_before_a_hang_up_stays_permanent(postmaster: "Postmaster", mail: Envelope) -> None:
    postmaster.rcpt = NO_MAILBOX

    with pytest.raises(PermanentDeliveryError) as caught:
        postmaster.receive(mail, HangsUpAfterRefusal)

    assert caught.value.reply == NO_MAILBOX


def test_refusal_of_the_data_command_is_temporary(postmaster: "Postmaster", mail: Envelope) -> None:
    with pytest.raises(TemporaryDeliveryError, match=r"4\.3\.0 try later") as caught:
        postmaster.receive(mail, RefusesData)

    assert caught.value.code == 451


@pytest.mark.parametrize("code", [530, 538])
def test_server_that_first_wants_login_or_tls_is_temporary(postmaster: "Postmaster", mail: Envelope, code: int) -> None:
    """The mail is right; the office mends the settings, and the same mail leaves."""
    postmaster.mail = f"{code} 5.7.0 authentication required"

    with pytest.raises(TemporaryDeliveryError) as caught:
        postmaster.receive(mail)

    assert caught.value.code == code


def test_hang_up_before_the_message_is_temporary(postmaster: "Postmaster", mail: Envelope) -> None:
    with pytest.raises(TemporaryDeliveryError) as caught:
        postmaster.receive(mail, HangsUpAtData)

    assert caught.value.code is None
    assert postmaster.taken == []


def test_hang_up_after_the_final_dot_is_unknown(postmaster: "Postmaster", mail: Envelope) -> None:
    with pytest.raises(UnknownOutcomeError):
        postmaster.receive(mail, HangsUpAfterDot)

    assert len(postmaster.taken) == 1, "this server has kept the mail"


def test_reply_after_the_final_dot_that_nobody_understands_is_unknown(postmaster: "Postmaster", mail: Envelope) -> None:
    with pytest.raises(UnknownOutcomeError):
        postmaster.receive(mail, Mumbles)


def test_reply_after_the_final_dot_that_says_neither_yes_nor_no_is_unknown(
    postmaster: "Postmaster", mail: Envelope
) -> None:
    postmaster.end = "354 go on"

    with pytest.raises(UnknownOutcomeError, match="354 go on"):
        postmaster.receive(mail)


def test_time_out_after_the_final_dot_is_unknown(postmaster: "Postmaster", mail: Envelope) -> None:
    async def scenario() -> None:
        postmaster.hold = asyncio.Event()
        async with (
            postmaster.serving() as reached,
            SmtpEmailSender(replace(reached, timeout_seconds=0.05)) as sender,
        ):
            with pytest.raises(UnknownOutcomeError):
                await sender.send(mail)
            postmaster.hold.set()
            assert await sender.send(mail) == Accepted("250 2.0.0 queued")

    postmaster.run(scenario)

    assert len(postmaster.servers) == 2, "a reply that comes late must not be taken for another mail's"


def test_cancelled_send_leaves_nothing_open(postmaster: "Postmaster", mail: Envelope) -> None:
    async def scenario() -> None:
        postmaster.arrived, postmaster.hold = asyncio.Event(), asyncio.Event()
        async with postmaster.serving() as reached, SmtpEmailSender(reached) as sender:
            sending = asyncio.create_task(sender.send(mail))
            await postmaster.arrived.wait()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            postmaster.hold.set()
            assert await sender.send(mail) == Accepted("250 2.0.0 queued")

    postmaster.run(scenario)

    assert len(postmaster.servers) == 2


def test_send_cancelled_before_the_message_leaves_nothing_open(postmaster: "Postmaster", mail: Envelope) -> None:
    async def scenario() -> None:
        postmaster.arrived = asyncio.Event()
        async with postmaster.serving(WaitsAtMail) as reached, SmtpEmailSender(reached) as sender:
            sending = asyncio.create_task(sender.send(mail))
            await postmaster.arrived.wait()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending

    postmaster.run(scenario)

    assert (postmaster.taken, postmaster.goodbyes) == ([], 0)


def test_send_cancelled_before_the_greeting_leaves_nothing_open(postmaster: "Postmaster", mail: Envelope) -> None:
    async def scenario() -> None:
        reached, gone = asyncio.Event(), asyncio.Event()

        async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            reached.set()
            assert await reader.read() == b"", "the client has closed its side"
            writer.close()
            gone.set()

        server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, SmtpEmailSender(SmtpSettings("127.0.0.1", port, tls="none", timeout_seconds=5)) as sender:
            sending = asyncio.create_task(sender.send(mail))
            await reached.wait()
            for _ in range(5):  # Python 3.11 loses a cancellation that comes just as the connection is made
                await asyncio.sleep(0)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            await gone.wait()

    postmaster.run(scenario)


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_no_server_is_temporary(postmaster: "Postmaster", mail: Envelope, tls: Tls) -> None:
    async def scenario() -> None:
        async with postmaster.serving() as reached:
            pass
        async with SmtpEmailSender(replace(reached, tls=tls)) as sender:
            with pytest.raises(TemporaryDeliveryError) as caught:
                await sender.send(mail)
            assert caught.value.code is None

    postmaster.run(scenario)


def test_server_that_greets_with_a_refusal_is_temporary(postmaster: "Postmaster", mail: Envelope) -> None:
    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 5.3.2 no service\r\n")
        await writer.drain()
        writer.close()

    async def scenario() -> None:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, SmtpEmailSender(SmtpSettings("127.0.0.1", port, tls="none", timeout_seconds=5)) as sender:
            with pytest.raises(TemporaryDeliveryError) as caught:
                await sender.send(mail)
            assert caught.value.code == 554

    postmaster.run(scenario)


@pytest.mark.parametrize("address", ["phòng@xa.invalid", "office@xã.invalid", "a@xa.invalid>\r\nRCPT TO:<b@xa.invalid"])
def test_address_that_is_not_plain_ascii_is_permanent(postmaster: "Postmaster", mail: Envelope, address: str) -> None:
    for addressed in (replace(mail, sender=address), replace(mail, recipient=address)):
        with pytest.raises(PermanentDeliveryError, match="not plain ASCII") as caught:
            postmaster.receive(addressed)
        assert caught.value.code is None
    assert postmaster.servers == [], "the server is not even asked"
