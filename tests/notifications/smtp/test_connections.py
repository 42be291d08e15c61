"""Connections are few, reused, renewed, and closed at the end."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from aiosmtpd.smtp import SMTP

from notifications.delivery import Accepted, Envelope, PermanentDeliveryError, TemporaryDeliveryError
from notifications.smtp import MESSAGES_PER_CONNECTION, SmtpEmailSender

if TYPE_CHECKING:
    from tests.notifications.smtp.conftest import Postmaster


class SaysGoodbyeFirst(SMTP):
    """Announces at the second mail of a connection that it closes, as servers do after a time of silence."""

    mails = 0

    async def smtp_MAIL(self, argument: str) -> None:  # noqa: N802 -- aiosmtpd's name
        self.mails += 1
        if self.mails == 2:
            await self.push("421 4.4.2 idle for too long")
            self.event_handler.hang_up()
        else:
            await super().smtp_MAIL(argument)


def test_one_connection_carries_many_mails_and_refusals(postmaster: "Postmaster", mail: Envelope) -> None:
    async def scenario() -> None:
        async with postmaster.serving() as reached, SmtpEmailSender(reached) as sender:
            await sender.send(mail)
            postmaster.rcpt = "550 5.1.1 no such mailbox"
            with pytest.raises(PermanentDeliveryError):
                await sender.send(mail)
            postmaster.rcpt, postmaster.end = "250 OK", "451 4.3.0 try later"
            with pytest.raises(TemporaryDeliveryError):
                await sender.send(mail)
            postmaster.mail = "451 4.3.0 try later"
            with pytest.raises(TemporaryDeliveryError):
                await sender.send(mail)
            postmaster.mail, postmaster.end = "250 OK", "250 2.0.0 queued"
            await sender.send(mail)

    postmaster.run(scenario)

    assert len(postmaster.servers) == 1
    assert postmaster.taken == [(mail.sender, [mail.recipient], mail.message)] * 2


def test_at_most_so_many_connections_are_open(postmaster: "Postmaster", mail: Envelope) -> None:
    async def scenario() -> None:
        async with postmaster.serving() as reached, SmtpEmailSender(replace(reached, connections=2)) as sender:
            await asyncio.gather(*(sender.send(mail) for _ in range(10)))

    postmaster.run(scenario)

    assert len(postmaster.taken) == 10
    assert len(postmaster.servers) == 2


def test_connection_is_made_anew_after_its_messages(postmaster: "Postmaster", mail: Envelope) -> None:
    async def scenario() -> None:
        async with postmaster.serving() as reached, SmtpEmailSender(reached) as sender:
            for _ in range(MESSAGES_PER_CONNECTION):
                await sender.send(mail)
            assert len(postmaster.servers) == 1
            await sender.send(mail)

    postmaster.run(scenario)

    assert len(postmaster.servers) == 2
    assert len(postmaster.taken) == MESSAGES_PER_CONNECTION + 1


@pytest.mark.parametrize("rounds", [0, 1, 2, 20])
def test_mail_after_the_server_closed_an_idle_connection_leaves_on_a_new_one(
    postmaster: "Postmaster", mail: Envelope, rounds: int
) -> None:
    """Whether the close was seen before the mail or only when it began: nothing was said yet, so nothing is lost."""

    async def scenario() -> None:
        async with postmaster.serving() as reached, SmtpEmailSender(reached) as sender:
            await sender.send(mail)
            postmaster.hang_up()
            for _ in range(rounds):
                await asyncio.sleep(0)
            assert await sender.send(mail) == Accepted("250 2.0.0 queued")

    postmaster.run(scenario)

    assert (len(postmaster.taken), len(postmaster.servers)) == (2, 2)


def test_mail_after_the_server_closed_every_idle_connection_leaves_on_a_new_one(
    postmaster: "Postmaster", mail: Envelope
) -> None:
    async def scenario() -> None:
        async with postmaster.serving() as reached, SmtpEmailSender(reached) as sender:
            await asyncio.gather(*(sender.send(mail) for _ in range(4)))
            postmaster.hang_up()
            await sender.send(mail)

    postmaster.run(scenario)

    assert (len(postmaster.taken), len(postmaster.servers)) == (5, 5)


def test_mail_after_a_server_says_that_it_closes_leaves_on_a_new_connection(
    postmaster: "Postmaster", mail: Envelope
) -> None:
    async def scenario() -> None:
        async with postmaster.serving(SaysGoodbyeFirst) as reached, SmtpEmailSender(reached) as sender:
            await sender.send(mail)
            await sender.send(mail)

    postmaster.run(scenario)

    assert (len(postmaster.taken), len(postmaster.servers)) == (2, 2)


def test_sender_says_goodbye_on_every_connection(postmaster: "Postmaster", mail: Envelope) -> None:
    async def scenario() -> None:
        async with postmaster.serving() as reached, SmtpEmailSender(reached) as sender:
            await asyncio.gather(*(sender.send(mail) for _ in range(3)))
            assert postmaster.goodbyes == 0

    postmaster.run(scenario)

    assert (len(postmaster.servers), postmaster.goodbyes) == (3, 3)


def test_sender_closes_although_the_server_is_gone(postmaster: "Postmaster", mail: Envelope) -> None:
    async def scenario() -> None:
        async with postmaster.serving() as reached, SmtpEmailSender(reached) as sender:
            await sender.send(mail)
            postmaster.hang_up()

    postmaster.run(scenario)

    assert (len(postmaster.taken), postmaster.goodbyes) == (1, 0)
