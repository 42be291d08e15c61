"""Handing an office's mails over: short transactions around the network, never one across it.

This is the one service that is given transactions instead of a session, since what the server says must be on record
before the next mail is touched.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.composing import compose
from notifications.delivery import (
    EmailSender,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownOutcomeError,
)
from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.services.letters import Stationery, letter_of
from ocop_workflow.services.notices import staleness
from ocop_workflow.services.outbox import (
    Claim,
    ClaimLostError,
    Readiness,
    begin_attempt,
    claim_mails,
    freeze,
    give_up_unreachable,
    must_recheck,
    notices_of,
    postpone,
    record_accepted,
    record_permanent,
    record_temporary,
    withdraw_mail,
)
from ocop_workflow.services.people import Addressee, person_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Mail

_log = logging.getLogger(__name__)

Transactions = Callable[[], AbstractContextManager[UnitOfWork]]


@dataclass(slots=True)
class Delivered:
    """What became of the mails of one batch; `failed` are those that could not be made, or whose sender broke."""

    accepted: int = 0
    refused: int = 0
    postponed: int = 0
    withdrawn: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class PostOffice:
    """What delivering needs.

    Attributes:
        writing: Opens a write transaction at the run's business time.
        reading: Opens a reading one.
        sender: The port; entered and left by `deliver`.
        stationery: Sender, links, whether simulated.
        lease_clock: Which clock leases are kept by.
        lease: How long one hand-over may take.
        connections: How many mails are handed over at the same time.
    """

    writing: Transactions
    reading: Transactions
    sender: EmailSender
    stationery: Stationery
    lease_clock: Callable[[], datetime]
    lease: timedelta
    connections: int

    def lease_until(self) -> datetime:
        """Return until when a hand-over that begins now may take."""
        return self.lease_clock() + self.lease


def deliver(post: PostOffice, office_id: str, *, limit: int = 50) -> tuple[Delivered, bool]:
    """Deliver one batch of an office's due mails; return what became of them and whether the batch was full."""
    with post.writing() as work:
        claims = claim_mails(work, office_id, lease_now=post.lease_clock(), lease=post.lease, limit=limit)
    if not claims:
        return Delivered(), False
    return asyncio.run(_hand_over_all(post, claims)), len(claims) == limit


async def _hand_over_all(post: PostOffice, claims: list[Claim]) -> Delivered:
    tally = Delivered()
    waiting = iter(claims)

    async def carrier() -> None:
        for claim in waiting:
            await _hand_over(post, claim, tally)

    async with post.sender, asyncio.TaskGroup() as group:
        for _ in range(min(post.connections, len(claims))):
            group.create_task(carrier())
    return tally


async def _hand_over(post: PostOffice, claim: Claim, tally: Delivered) -> None:
    try:
        envelope = _ready(post, claim)
    except ClaimLostError:
        return
    except Exception as error:  # noqa: BLE001 -- logged and counted; one mail must not hold up the others
        _log.exception("the mail %s can't be made", claim.mail_id)
        with post.writing() as work:
            postpone(work, claim, reason=f"{type(error).__name__}: {error}")
        tally.failed += 1
        return
    if envelope is None:
        tally.withdrawn += 1
        return
    try:
        accepted = await post.sender.send(envelope)
    except PermanentDeliveryError as error:
        with post.writing() as work:
            record_permanent(work, claim, reply=error.reply)
        tally.refused += 1
    except (TemporaryDeliveryError, UnknownOutcomeError) as error:
        outcome = "outcome_unknown" if isinstance(error, UnknownOutcomeError) else "temporary"
        with post.writing() as work:
            record_temporary(work, claim, outcome=outcome, reply=error.reply)
        tally.postponed += 1
    except Exception as error:  # noqa: BLE001 -- logged and counted; what a broken sender did with the mail is unknown
        _log.exception("the sender broke at the mail %s", claim.mail_id)
        with post.writing() as work:
            record_temporary(work, claim, outcome="outcome_unknown", reply=f"{type(error).__name__}: {error}")
        tally.failed += 1
    else:
        with post.writing() as work:
            record_accepted(work, claim, reply=accepted.reply)
        tally.accepted += 1


def _ready(post: PostOffice, claim: Claim) -> Envelope | None:
    """Return the envelope of a claimed mail, its bytes fixed and the attempt on record; None if it was withdrawn."""
    while True:
        with post.reading() as work:
            mail = work.session.get_one(Mail, claim.mail_id)
            notices = notices_of(work.session, mail.id)
            true = [notice for notice in notices if staleness(work.session, notice, work.now) is None]
            readiness = Readiness(_reachable(person_of(work.session, mail.recipient)), tuple(n.id for n in true))
            letter = None
            if mail.message is None and true and readiness.person is not None:
                letter = letter_of(
                    work.session, work.books, mail, true, person=readiness.person, stationery=post.stationery
                )
            nothing_left = not true and (mail.message is None or must_recheck(mail, work.now))
        if nothing_left:
            with post.writing() as work:
                if withdraw_mail(work, claim):
                    return None
            continue
        if mail.message is not None:
            with post.writing() as work:
                begin_attempt(work, claim, lease_until=post.lease_until())
            return _envelope(post, mail.address, mail.message, mail.message_id)
        if letter is None or readiness.person is None:
            with post.writing() as work:
                give_up_unreachable(work, claim, Suppression.NO_ADDRESS)
            return None
        message = compose(
            letter,
            message_id=mail.message_id,
            sender_name=post.stationery.sender_name,
            sender_address=post.stationery.sender_address,
            dated=work.now,
            return_path_key=mail.id,
        )
        with post.writing() as work:
            if freeze(work, claim, readiness=readiness, message=message, lease_until=post.lease_until()):
                return _envelope(post, readiness.person.address or "", message, mail.message_id)


def _reachable(person: Addressee | None) -> Addressee | None:
    return person if person is not None and person.address is not None else None


def _envelope(post: PostOffice, address: str, message: bytes, message_id: str) -> Envelope:
    return Envelope(post.stationery.sender_address, address, message, message_id)
