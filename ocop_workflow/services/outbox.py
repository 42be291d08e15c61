"""Mails through their states: claimed, frozen, handed over, settled (promises I2b and I4).

Each function here is a part of one transaction. `delivery` strings them together around the network.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, case, insert, update
from sqlmodel import Session, col, select

from notifications.scrubbing import scrub_links
from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.services.notices import staleness, suppress
from ocop_workflow.services.people import Addressee
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import DeliveryAttempt, Mail, Notice, Obligation

RECHECK_AFTER = timedelta(hours=24)
"""A retry that begins later than this after freezing is checked again and withdrawn if nothing in it is still true."""

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
"""How long to wait after a temporary failure; the last one repeats."""

GIVE_UP_AFTER = timedelta(hours=48)
"""A mail that no server took, or that could not be made, for so long becomes work for the office."""


UNSETTLED = ("open", "frozen")
"""The statuses of a mail that may still leave."""


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


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A claimed mail as it is now.

    Attributes:
        claim: The claim that holds it.
        mail: Its row.
        notices: Those bundled in it, in a fixed order.
        obligations: Those of the notices; while they are held here the session asks for none of them alone.
    """

    claim: Claim
    mail: Mail
    notices: tuple[Notice, ...]
    obligations: tuple[Obligation, ...]

    def true_notices(self, work: UnitOfWork) -> list[Notice]:
        """Return the notices that still have something to say."""
        return [notice for notice in self.notices if staleness(work.session, notice, work.now) is None]


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
            col(Mail.status).in_(UNSETTLED),
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


def held_mails(session: Session, claims: Sequence[Claim]) -> list[HeldMail]:
    """Return the mails that these claims still hold, in their order, read in a few queries however many they are.

    A mail that another process has taken over meanwhile is left out; leave it alone.
    """
    ids = [claim.mail_id for claim in claims]
    mails = {mail.id: mail for mail in session.exec(select(Mail).where(col(Mail.id).in_(ids)))}
    held = [claim for claim in claims if _is_held(mails[claim.mail_id], claim)]
    bundled = select(Notice).where(
        col(Notice.mail_id).in_([claim.mail_id for claim in held]), col(Notice.status) == "bundled"
    )
    notices: dict[str | None, list[Notice]] = defaultdict(list)
    for notice in session.exec(bundled.order_by(col(Notice.moment_at), col(Notice.key))):
        notices[notice.mail_id].append(notice)
    about = {notice.obligation_id for said in notices.values() for notice in said}
    obligations = {row.id: row for row in session.exec(select(Obligation).where(col(Obligation.id).in_(about)))}
    return [
        HeldMail(
            claim,
            mails[claim.mail_id],
            tuple(notices[claim.mail_id]),
            tuple(obligations[each.obligation_id] for each in notices[claim.mail_id] if each.obligation_id),
        )
        for claim in held
    ]


def freeze(work: UnitOfWork, held: HeldMail, *, readiness: Readiness, message: bytes) -> bool:
    """Fix a mail's bytes, if what was rendered is exactly what is still true.

    Returns:
        False when a notice was settled or added meanwhile: render again.
    """
    true = drop_stale(work, held)
    if readiness.person is None or tuple(notice.id for notice in true) != readiness.true:
        return False
    mail = held.mail
    mail.status, mail.message, mail.frozen_at = "frozen", message, work.now
    mail.address, mail.recipient_name = readiness.person.address or "", readiness.person.name
    work.session.add(mail)
    return True


def drop_stale(work: UnitOfWork, held: HeldMail) -> list[Notice]:
    """Suppress the notices of a mail that have nothing to say any more, and return the others in their order."""
    true = []
    for notice in held.notices:
        reason = staleness(work.session, notice, work.now)
        if reason is None:
            true.append(notice)
        else:
            suppress(notice, reason, at=work.now)
            work.session.add(notice)
    return true


def withdraw_mail(work: UnitOfWork, held: HeldMail) -> bool:
    """Withdraw a mail in which nothing is true any more.

    Returns:
        False when something true was bundled into it meanwhile: look again.
    """
    if drop_stale(work, held):
        return False
    _settle(work, held.claim, "withdrawn", reply=None)
    return True


def must_recheck(mail: Mail, now: datetime) -> bool:
    """Return whether a frozen mail is so old that it has to be checked again before it leaves."""
    return mail.frozen_at is not None and now - mail.frozen_at > RECHECK_AFTER


def give_up_unreachable(work: UnitOfWork, claim: Claim, reason: Suppression) -> None:
    """Withdraw a mail whose recipient is gone or has no address any more; that is work for the office."""
    if _settle(work, claim, "withdrawn", reply=None):
        _settle_notices(work, claim, "suppressed", reason)


def postpone(work: UnitOfWork, claim: Claim, *, reason: str) -> None:
    """Set a mail aside that could not even be made; after two days it is given up."""
    mail = _held(work.session, claim)
    if mail is not None:
        _try_later(work, claim, reason, since=mail.created_at)


def begin_attempt(work: UnitOfWork, claim: Claim, *, lease_until: datetime) -> bool:
    """Write down that a frozen mail is about to be handed over, before the network is touched.

    The lease covers this hand-over, however long the ones before it took.

    Returns:
        False when the lease ran out and another process has taken the mail over: leave it alone.
    """
    if not _write(work, claim, lease_until=lease_until):
        return False
    attempt = {"mail_id": claim.mail_id, "number": claim.attempt, "started_at": work.now, "outcome": "started"}
    work.session.execute(insert(DeliveryAttempt), [attempt])
    return True


def record_accepted(work: UnitOfWork, claim: Claim, *, reply: str) -> None:
    """Record that a server took the mail; its notices are sent, its stored bytes lose their links."""
    _end_attempt(work, claim, "accepted", reply)
    if _settle(work, claim, "sent", reply=reply):
        _settle_notices(work, claim, "sent")


def record_permanent(work: UnitOfWork, claim: Claim, *, reply: str) -> None:
    """Record that the mail was refused for good; that is work for the office."""
    _end_attempt(work, claim, "permanent", reply)
    _refuse(work, claim, reply)


def record_temporary(work: UnitOfWork, claim: Claim, *, outcome: str, reply: str) -> None:
    """Record a failure that may pass, or one whose outcome is unknown, and set when to try again."""
    _end_attempt(work, claim, outcome, reply)
    mail = _held(work.session, claim)
    if mail is not None:
        _try_later(work, claim, reply, since=mail.frozen_at)


def _try_later(work: UnitOfWork, claim: Claim, reply: str, *, since: datetime | None) -> None:
    if since is not None and work.now - since >= GIVE_UP_AFTER:
        _refuse(work, claim, reply)
        return
    pause = BACK_OFF[min(claim.attempt, len(BACK_OFF)) - 1]
    _write(work, claim, next_try_at=work.now + pause, lease_until=None, reply=reply)


def _refuse(work: UnitOfWork, claim: Claim, reply: str) -> None:
    if _settle(work, claim, "refused", reply=reply):
        _settle_notices(work, claim, "suppressed", Suppression.REFUSED)


def _settle(work: UnitOfWork, claim: Claim, status: str, *, reply: str | None) -> bool:
    """End a mail if the claim still holds it; its stored bytes lose their links."""
    message = work.session.exec(select(Mail.message).where(col(Mail.id) == claim.mail_id)).one()
    scrubbed = None if message is None else scrub_links(message)
    return _write(work, claim, status=status, reply=reply, settled_at=work.now, lease_until=None, message=scrubbed)


def _settle_notices(work: UnitOfWork, claim: Claim, status: str, reason: Suppression | None = None) -> None:
    bundled = update(Notice).where(col(Notice.mail_id) == claim.mail_id, col(Notice.status) == "bundled")
    work.session.execute(
        bundled.values(status=status, suppression=reason.value if reason else None, settled_at=work.now)
    )


def _write(work: UnitOfWork, claim: Claim, **values: Any) -> bool:
    """Change the mail if this claim still holds it, and return whether it does."""
    held = (col(Mail.attempt) == claim.attempt, col(Mail.status).in_(UNSETTLED))
    changed = work.session.execute(update(Mail).where(col(Mail.id) == claim.mail_id, *held).values(**values))
    return cast("CursorResult[Any]", changed).rowcount == 1


def _held(session: Session, claim: Claim) -> Mail | None:
    mail = session.get_one(Mail, claim.mail_id, populate_existing=True)
    return mail if _is_held(mail, claim) else None


def _is_held(mail: Mail, claim: Claim) -> bool:
    """Return whether nobody else has begun a later attempt at a mail that has not ended."""
    return mail.attempt == claim.attempt and mail.status in UNSETTLED


def _end_attempt(work: UnitOfWork, claim: Claim, outcome: str, reply: str) -> None:
    """Record how an attempt ended; one that another process has declared unknown stays so: it may have doubled."""
    known = col(DeliveryAttempt.outcome)
    work.session.execute(
        update(DeliveryAttempt)
        .where(col(DeliveryAttempt.mail_id) == claim.mail_id, col(DeliveryAttempt.number) == claim.attempt)
        .values(outcome=case((known == "started", outcome), else_=known), reply=reply, ended_at=work.now)
    )
