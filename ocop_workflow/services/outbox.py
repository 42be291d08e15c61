"""Mails through their states: claimed, frozen, handed over, settled (promises I2b and I4).

Each function here is a part of one transaction. `delivery` strings them together around the network.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from notifications.scrubbing import scrub_links
from ocop_workflow.errors import OcopError
from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.services.notices import staleness, suppress
from ocop_workflow.services.people import Addressee
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import DeliveryAttempt, Mail, Notice

RECHECK_AFTER = timedelta(hours=24)
"""A retry that begins later than this after freezing is checked again and withdrawn if nothing in it is still true."""

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
"""How long to wait after a temporary failure; the last one repeats."""

GIVE_UP_AFTER = timedelta(hours=48)
"""A mail that no server took, or that could not be made, for so long becomes work for the office."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that one process may deliver until the lease ends; `attempt` guards every later write."""

    mail_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Readiness:
    """A mail as it was read before it is frozen.

    Attributes:
        person: The recipient as they are now, or None when they are gone or have no address.
        true: The ids of the notices that still have something to say, in order.
    """

    person: Addressee | None
    true: tuple[str, ...]


class ClaimLostError(OcopError):
    """Another process holds the mail now; leave it alone."""


def claim_mails(
    work: UnitOfWork, office_id: str, *, lease_now: datetime, lease: timedelta, limit: int = 50
) -> list[Claim]:
    """Take a lease on mails that are due and free, and return them.

    A mail whose lease ran out while an attempt was under way had its connection or sender die: that attempt is
    recorded as `outcome_unknown` before the next begins.
    """
    due = (
        select(Mail.id)
        .where(
            col(Mail.office_id) == office_id,
            col(Mail.status).in_(("open", "frozen")),
            col(Mail.next_try_at) <= work.now,
            col(Mail.lease_until).is_(None) | (col(Mail.lease_until) <= lease_now),
        )
        .order_by(col(Mail.next_try_at), col(Mail.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = work.session.execute(
        update(Mail)
        .where(col(Mail.id).in_(due))
        .values(lease_until=lease_now + lease, attempt=Mail.attempt + 1)
        .returning(col(Mail.id), col(Mail.attempt))
    ).all()
    claims = [Claim(mail_id, attempt) for mail_id, attempt in sorted(claimed)]
    if claims:
        work.session.execute(
            update(DeliveryAttempt)
            .where(
                col(DeliveryAttempt.mail_id).in_([claim.mail_id for claim in claims]),
                col(DeliveryAttempt.outcome) == "started",
            )
            .values(outcome="outcome_unknown", ended_at=work.now)
        )
    return claims


def notices_of(session: Session, mail_id: str) -> list[Notice]:
    """Return the notices bundled in a mail, in a fixed order."""
    query = select(Notice).where(col(Notice.mail_id) == mail_id, col(Notice.status) == "bundled")
    return list(session.exec(query.order_by(col(Notice.moment_at), col(Notice.key))))


def freeze(work: UnitOfWork, claim: Claim, *, readiness: Readiness, message: bytes, lease_until: datetime) -> bool:
    """Fix a mail's bytes, if what was rendered is exactly what is still true; begin the attempt.

    Returns:
        False when a notice was settled or added meanwhile: render again.

    Raises:
        ClaimLostError: The lease ran out and another process has taken the mail over.
    """
    mail = _own(work.session, claim)
    if mail is None:
        raise ClaimLostError(claim.mail_id)
    true = drop_stale(work, mail.id)
    if readiness.person is None or tuple(notice.id for notice in true) != readiness.true:
        return False
    mail.status, mail.message, mail.frozen_at = "frozen", message, work.now
    mail.address, mail.recipient_name = readiness.person.address or "", readiness.person.name
    _add_attempt(work, mail, claim, lease_until)
    return True


def drop_stale(work: UnitOfWork, mail_id: str) -> list[Notice]:
    """Suppress the notices of a mail that have nothing to say any more, and return the others in their order."""
    true = []
    for notice in notices_of(work.session, mail_id):
        reason = staleness(work.session, notice, work.now)
        if reason is None:
            true.append(notice)
        else:
            suppress(notice, reason, at=work.now)
            work.session.add(notice)
    return true


def withdraw_mail(work: UnitOfWork, claim: Claim) -> bool:
    """Withdraw a mail in which nothing is true any more.

    Returns:
        False when something true was bundled into it meanwhile: look again.

    Raises:
        ClaimLostError: The lease ran out and another process has taken the mail over.
    """
    mail = _own(work.session, claim)
    if mail is None:
        raise ClaimLostError(claim.mail_id)
    if drop_stale(work, mail.id):
        return False
    _settle(work, mail, "withdrawn", reply=None)
    return True


def must_recheck(mail: Mail, now: datetime) -> bool:
    """Return whether a frozen mail is so old that it has to be checked again before it leaves."""
    return mail.frozen_at is not None and now - mail.frozen_at > RECHECK_AFTER


def begin_attempt(work: UnitOfWork, claim: Claim, *, lease_until: datetime) -> None:
    """Write down that a frozen mail is about to be handed over, before the network is touched.

    Raises:
        ClaimLostError: The lease ran out and another process has taken the mail over.
    """
    mail = _own(work.session, claim)
    if mail is None:
        raise ClaimLostError(claim.mail_id)
    _add_attempt(work, mail, claim, lease_until)


def give_up_unreachable(work: UnitOfWork, claim: Claim, reason: Suppression) -> None:
    """Withdraw a mail whose recipient is gone or has no address any more; that is work for the office."""
    mail = _own(work.session, claim)
    if mail is None:
        raise ClaimLostError(claim.mail_id)
    for notice in notices_of(work.session, mail.id):
        suppress(notice, reason, at=work.now)
        work.session.add(notice)
    _settle(work, mail, "withdrawn", reply=None)


def postpone(work: UnitOfWork, claim: Claim, *, reason: str) -> None:
    """Set a mail aside that could not even be made; after two days it is given up."""
    mail = _own(work.session, claim)
    if mail is None:
        return
    if work.now - mail.created_at >= GIVE_UP_AFTER:
        _refuse(work, mail, reason)
    else:
        _try_later(work, mail, claim, reason)


def record_accepted(work: UnitOfWork, claim: Claim, *, reply: str) -> None:
    """Record that a server took the mail; its notices are sent, its stored bytes lose their links."""
    mail = _own(work.session, claim)
    _end_attempt(work, claim, "accepted", reply)
    if mail is None:
        return
    for notice in notices_of(work.session, mail.id):
        notice.status, notice.settled_at = "sent", work.now
        work.session.add(notice)
    _settle(work, mail, "sent", reply=reply)


def record_permanent(work: UnitOfWork, claim: Claim, *, reply: str) -> None:
    """Record that the mail was refused for good; that is work for the office."""
    mail = _own(work.session, claim)
    _end_attempt(work, claim, "permanent", reply)
    if mail is not None:
        _refuse(work, mail, reply)


def record_temporary(work: UnitOfWork, claim: Claim, *, outcome: str, reply: str) -> None:
    """Record a failure that may pass, or one whose outcome is unknown, and set when to try again."""
    mail = _own(work.session, claim)
    _end_attempt(work, claim, outcome, reply)
    if mail is None:
        return
    if mail.frozen_at is not None and work.now - mail.frozen_at >= GIVE_UP_AFTER:
        _refuse(work, mail, reply)
        return
    _try_later(work, mail, claim, reply)


def _try_later(work: UnitOfWork, mail: Mail, claim: Claim, reply: str) -> None:
    mail.next_try_at = work.now + BACK_OFF[min(claim.attempt, len(BACK_OFF)) - 1]
    mail.lease_until, mail.reply = None, reply
    work.session.add(mail)


def _add_attempt(work: UnitOfWork, mail: Mail, claim: Claim, lease_until: datetime) -> None:
    """Begin an attempt; the lease covers this hand-over, however long the ones before it took."""
    mail.lease_until = lease_until
    work.session.add(mail)
    work.session.add(DeliveryAttempt(mail_id=claim.mail_id, number=claim.attempt, started_at=work.now))


def _refuse(work: UnitOfWork, mail: Mail, reply: str) -> None:
    for notice in notices_of(work.session, mail.id):
        suppress(notice, Suppression.REFUSED, at=work.now)
        work.session.add(notice)
    _settle(work, mail, "refused", reply=reply)


def _settle(work: UnitOfWork, mail: Mail, status: str, *, reply: str | None) -> None:
    """End a mail; its stored bytes lose their links."""
    mail.status, mail.reply, mail.settled_at, mail.lease_until = status, reply, work.now, None
    if mail.message is not None:
        mail.message = scrub_links(mail.message)
    work.session.add(mail)


def _own(session: Session, claim: Claim) -> Mail | None:
    """Return the mail if this claim still holds it: nobody else has begun a later attempt."""
    mail = session.get_one(Mail, claim.mail_id, populate_existing=True)
    return mail if mail.attempt == claim.attempt and mail.status in ("open", "frozen") else None


def _end_attempt(work: UnitOfWork, claim: Claim, outcome: str, reply: str) -> None:
    """Record how an attempt ended; one that another process has declared unknown stays so: it may have doubled."""
    attempt = work.session.get_one(DeliveryAttempt, (claim.mail_id, claim.attempt))
    if attempt.outcome == "started":
        attempt.outcome = outcome
    attempt.reply, attempt.ended_at = reply, work.now
    work.session.add(attempt)
