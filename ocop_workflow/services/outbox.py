"""Mails before they leave: claimed, checked, their bytes fixed (promises I2b and I4).

Each function here is a part of one transaction. `delivery` strings them together with those of `attempts`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from ocop_workflow.services.notices import staleness, suppress
from ocop_workflow.services.people import Addressee
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import DeliveryAttempt, Mail, Notice, Obligation

RECHECK_AFTER = timedelta(hours=24)
"""A retry that begins later than this after freezing is checked again and withdrawn if nothing in it is still true."""

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
    """

    claim: Claim
    mail: Mail
    notices: tuple[Notice, ...]

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
    tried_before = [claim.mail_id for claim in claims if claim.attempt > 1]
    if tried_before:
        work.session.execute(
            update(DeliveryAttempt)
            .where(col(DeliveryAttempt.mail_id).in_(tried_before), col(DeliveryAttempt.outcome) == "started")
            .values(outcome="outcome_unknown", ended_at=work.now)
        )
    return claims


def held_mails(session: Session, claims: Sequence[Claim]) -> list[HeldMail]:
    """Return the mails that these claims still hold, in their order, read in a few queries however many they are.

    A mail that another process has taken over meanwhile is left out; leave it alone.
    """
    ids = [claim.mail_id for claim in claims]
    mails = {mail.id: mail for mail in session.exec(select(Mail).where(col(Mail.id).in_(ids)))}
    held = [claim for claim in claims if is_held(claim, mails[claim.mail_id].attempt, mails[claim.mail_id].status)]
    bundled = select(Notice).where(
        col(Notice.mail_id).in_([claim.mail_id for claim in held]), col(Notice.status) == "bundled"
    )
    notices = session.exec(bundled.order_by(col(Notice.moment_at), col(Notice.key))).all()
    about = {notice.obligation_id for notice in notices}
    session.exec(select(Obligation).where(col(Obligation.id).in_(about))).all()
    said: dict[str | None, list[Notice]] = defaultdict(list)
    for notice in notices:
        said[notice.mail_id].append(notice)
    return [HeldMail(claim, mails[claim.mail_id], tuple(said[claim.mail_id])) for claim in held]


def is_held(claim: Claim, attempt: int, status: str) -> bool:
    """Return whether nobody else has begun a later attempt at a mail that has not ended."""
    return attempt == claim.attempt and status in UNSETTLED


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


def must_recheck(mail: Mail, now: datetime) -> bool:
    """Return whether a frozen mail is so old that it has to be checked again before it leaves."""
    return mail.frozen_at is not None and now - mail.frozen_at > RECHECK_AFTER
