"""Handing an office's mails over: short transactions around the network, never one across it.

This is the one service that is given transactions instead of a session, since what the server says must be on record
before the next mail is touched.
"""

import asyncio
import logging
from asyncio import Future
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto

from notifications.composing import compose
from notifications.delivery import (
    EmailSender,
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownOutcomeError,
)
from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.services.attempts import (
    Answer,
    Lease,
    begin_attempts,
    give_up_unreachable,
    postpone,
    record_accepted,
    record_permanent,
    record_temporary,
    record_unknown,
    withdraw_mail,
)
from ocop_workflow.services.ledger import Ledger, Transactions
from ocop_workflow.services.letters import Stationery, letter_of
from ocop_workflow.services.outbox import Claim, HeldMail, Readiness, claim_mails, freeze, held_mails, must_recheck
from ocop_workflow.services.people import Addressee, person_of
from ocop_workflow.services.read_ahead import ReadAhead, read_ahead
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Mail

_log = logging.getLogger(__name__)

Ready = tuple[Claim, Envelope]
"""A mail whose bytes are fixed, with the claim that holds it."""


class Settled(StrEnum):
    """What became of a claimed mail before its hand-over."""

    FIXED = auto()
    WITHDRAWN = auto()
    CHANGED = auto()


@dataclass(frozen=True, slots=True)
class Draft:
    """A claimed mail as it was read: who and what is true, its bytes where they had to be written."""

    readiness: Readiness
    message: bytes | None
    nothing_left: bool


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


async def _hand_over_all(post: PostOffice, claims: Sequence[Claim]) -> Delivered:
    tally = Delivered()
    ledger = Ledger(post.writing)

    ready = iter(_ready(post, claims, tally))
    async with post.sender, asyncio.TaskGroup() as group:
        for _ in range(post.connections):
            group.create_task(_carry(post, ledger, ready, tally))
    return tally


async def _carry(post: PostOffice, ledger: Ledger, ready: Iterator[Ready], tally: Delivered) -> None:
    """Hand over mail after mail; what became of one is written down together with the beginning of the next."""
    answered: list[Future[None]] = []
    for claim, envelope in ready:
        begun = ledger.write(begin_attempts, Lease(claim, post.lease_until()))
        await asyncio.gather(begun, *answered)
        answered = [await _hand_over(post, ledger, claim, envelope, tally)] if begun.result() else []
    await asyncio.gather(*answered)


async def _hand_over(
    post: PostOffice, ledger: Ledger, claim: Claim, envelope: Envelope, tally: Delivered
) -> "Future[None]":
    """Hand a mail over; what is returned is done once the answer is on record."""
    try:
        accepted = await post.sender.send(envelope)
    except PermanentDeliveryError as error:
        tally.refused += 1
        return ledger.write(record_permanent, Answer(claim, error.reply))
    except (TemporaryDeliveryError, UnknownOutcomeError) as error:
        tally.postponed += 1
        record = record_unknown if isinstance(error, UnknownOutcomeError) else record_temporary
        return ledger.write(record, Answer(claim, error.reply))
    except Exception as error:  # noqa: BLE001 -- logged and counted; what a broken sender did with the mail is unknown
        _log.exception("the sender broke at the mail %s", claim.mail_id)
        tally.failed += 1
        return ledger.write(record_unknown, Answer(claim, f"{type(error).__name__}: {error}"))
    tally.accepted += 1
    return ledger.write(record_accepted, Answer(claim, accepted.reply))


def _ready(post: PostOffice, claims: Sequence[Claim], tally: Delivered) -> list[Ready]:
    """Return the claimed mails that can leave, their bytes fixed; the others are withdrawn or set aside.

    One mail that breaks its batch does not hold up the others: they are made ready one by one.
    """
    try:
        return _made_ready(post, claims, tally)
    except Exception as error:  # noqa: BLE001 -- whichever mail it was is found by making each ready alone
        if len(claims) > 1:
            return [ready for claim in claims for ready in _ready(post, [claim], tally)]
        (claim,) = claims
        _log.exception("the mail %s can't be made", claim.mail_id)
        reason = f"{type(error).__name__}: {error}"
    with post.writing() as work:
        postpone(work, claim, reason=reason)
    tally.failed += 1
    return []


def _made_ready(post: PostOffice, claims: Sequence[Claim], tally: Delivered) -> list[Ready]:
    """Write what is not written yet, outside of any write transaction; fix it if it is still true, else look again."""
    ready: list[Ready] = []
    withdrawn = 0
    while claims:
        with post.reading() as work:
            mails = held_mails(work.session, claims)
            notices = [notice for held in mails for notice in held.notices]
            ahead = read_ahead(work.session, [held.mail for held in mails], notices)
            drafts = {held.claim: _draft_of(post, work, held, ahead) for held in mails}
        with post.writing() as work:
            again = []
            for held in held_mails(work.session, list(drafts)):
                draft = drafts[held.claim]
                match _settled(work, held, draft):
                    case Settled.FIXED:
                        ready.append((held.claim, _envelope(post, held.mail)))
                    case Settled.WITHDRAWN:
                        withdrawn += 1
                    case Settled.CHANGED:
                        again.append(held.claim)
        claims = again
    tally.withdrawn += withdrawn
    return ready


def _draft_of(post: PostOffice, work: UnitOfWork, held: HeldMail, ahead: ReadAhead) -> Draft:
    mail, true = held.mail, held.true_notices(work)
    person = _reachable(person_of(work.session, mail.recipient))
    readiness = Readiness(person, tuple(notice.id for notice in true))
    nothing_left = not true and (mail.message is None or must_recheck(mail, work.now))
    if mail.message is not None or not true or person is None:
        return Draft(readiness, None, nothing_left=nothing_left)
    letter = letter_of(work.session, work.books, mail, true, person=person, stationery=post.stationery, ahead=ahead)
    message = compose(
        letter,
        message_id=mail.message_id,
        sender_name=post.stationery.sender_name,
        sender_address=post.stationery.sender_address,
        dated=work.now,
        return_path_key=mail.id,
    )
    return Draft(readiness, message, nothing_left=False)


def _settled(work: UnitOfWork, held: HeldMail, draft: Draft) -> Settled:
    """Fix a mail as it was written, or withdraw it; tell when it has changed meanwhile."""
    if draft.nothing_left:
        return Settled.WITHDRAWN if withdraw_mail(work, held) else Settled.CHANGED
    if held.mail.message is not None:
        return Settled.FIXED
    if draft.readiness.person is None:
        give_up_unreachable(work, held.claim, Suppression.NO_ADDRESS)
        return Settled.WITHDRAWN
    if draft.message is None:
        return Settled.CHANGED
    fixed = freeze(work, held, readiness=draft.readiness, message=draft.message)
    return Settled.FIXED if fixed else Settled.CHANGED


def _reachable(person: Addressee | None) -> Addressee | None:
    return person if person is not None and person.address is not None else None


def _envelope(post: PostOffice, mail: Mail) -> Envelope:
    return Envelope(post.stationery.sender_address, mail.address, mail.message or b"", mail.message_id)
