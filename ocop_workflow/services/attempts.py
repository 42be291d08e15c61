"""What becomes of mails: attempts begun and ended, mails settled, several in one transaction (promise I2b).

Every write is guarded by the claim: a mail that another process has taken over is left alone. The session's own rows
are not asked and not changed; nothing else may have changed them in the same transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, case, insert, select, update
from sqlmodel import Session, SQLModel

from notifications.scrubbing import scrub_links
from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.services.outbox import Claim, HeldMail, drop_stale, is_held
from ocop_workflow.services.unit_of_work import UnitOfWork

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
"""How long to wait after a temporary failure; the last one repeats."""

GIVE_UP_AFTER = timedelta(hours=48)
"""A mail that no server took, or that could not be made, for so long becomes work for the office."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A hand-over that begins: it may take until then, however long the ones before it took."""

    claim: Claim
    until: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to a hand-over, or what the network did."""

    claim: Claim
    reply: str


def withdraw_mail(work: UnitOfWork, held: HeldMail) -> bool:
    """Withdraw a mail in which nothing is true any more.

    Returns:
        False when something true was bundled into it meanwhile: look again.
    """
    if drop_stale(work, held):
        return False
    _settle(work, {held.claim: None}, "withdrawn")
    return True


def give_up_unreachable(work: UnitOfWork, claim: Claim, reason: Suppression) -> None:
    """Withdraw a mail whose recipient is gone or has no address any more; that is work for the office."""
    ended = _settle(work, {claim: None}, "withdrawn")
    _settle_notices(work, ended, "suppressed", reason)


def postpone(work: UnitOfWork, claim: Claim, *, reason: str) -> None:
    """Set a mail aside that could not even be made; after two days it is given up."""
    for mail in _still_held(work.session, [claim]).values():
        _try_later(work, Answer(claim, reason), since=mail.created_at)


def begin_attempts(work: UnitOfWork, leases: Sequence[Lease]) -> list[bool]:
    """Write down that frozen mails are about to be handed over, before the network is touched.

    Returns:
        For each whether its claim still holds it; else another process has taken the mail over: leave it alone.
    """
    held = _still_held(work.session, [lease.claim for lease in leases])
    begun = [lease for lease in leases if lease.claim in held]
    if begun:
        mails, attempts = SQLModel.metadata.tables["mail"], SQLModel.metadata.tables["delivery_attempt"]
        work.session.execute(
            update(mails).where(mails.c.id == bindparam("mail_id")).values(lease_until=bindparam("lease_until")),
            [{"mail_id": lease.claim.mail_id, "lease_until": lease.until} for lease in begun],
        )
        work.session.execute(
            insert(attempts),
            [
                {
                    "mail_id": lease.claim.mail_id,
                    "number": lease.claim.attempt,
                    "started_at": work.now,
                    "outcome": "started",
                }
                for lease in begun
            ],
        )
    return [lease.claim in held for lease in leases]


def record_accepted(work: UnitOfWork, answers: Sequence[Answer]) -> list[None]:
    """Record that a server took mails; their notices are sent, their stored bytes lose their links."""
    _end_attempts(work, answers, "accepted")
    ended = _settle(work, {answer.claim: answer.reply for answer in answers}, "sent")
    _settle_notices(work, ended, "sent")
    return [None for _ in answers]


def record_permanent(work: UnitOfWork, answers: Sequence[Answer]) -> list[None]:
    """Record that mails were refused for good; that is work for the office."""
    _end_attempts(work, answers, "permanent")
    _refuse(work, {answer.claim: answer.reply for answer in answers})
    return [None for _ in answers]


def record_temporary(work: UnitOfWork, answers: Sequence[Answer]) -> list[None]:
    """Record failures that may pass, and set when to try again."""
    return _postpone_all(work, answers, "temporary")


def record_unknown(work: UnitOfWork, answers: Sequence[Answer]) -> list[None]:
    """Record that nobody knows whether the server has these mails, and set when to repeat them."""
    return _postpone_all(work, answers, "outcome_unknown")


def _postpone_all(work: UnitOfWork, answers: Sequence[Answer], outcome: str) -> list[None]:
    _end_attempts(work, answers, outcome)
    held = _still_held(work.session, [answer.claim for answer in answers])
    for answer in answers:
        if answer.claim in held:
            _try_later(work, answer, since=held[answer.claim].frozen_at)
    return [None for _ in answers]


def _try_later(work: UnitOfWork, answer: Answer, *, since: datetime | None) -> None:
    claim, reply = answer.claim, answer.reply
    if since is not None and work.now - since >= GIVE_UP_AFTER:
        _refuse(work, {claim: reply})
        return
    pause = BACK_OFF[min(claim.attempt, len(BACK_OFF)) - 1]
    mails = SQLModel.metadata.tables["mail"]
    later = {"next_try_at": work.now + pause, "lease_until": None, "reply": reply}
    work.session.execute(update(mails).where(mails.c.id == claim.mail_id).values(later))


def _refuse(work: UnitOfWork, replies: Mapping[Claim, str | None]) -> None:
    ended = _settle(work, replies, "refused")
    _settle_notices(work, ended, "suppressed", Suppression.REFUSED)


def _settle(work: UnitOfWork, replies: Mapping[Claim, str | None], status: str) -> list[Claim]:
    """End those mails that their claims still hold, and return these claims; the stored bytes lose their links."""
    held = _still_held(work.session, list(replies))
    mails = SQLModel.metadata.tables["mail"]
    ended: dict[str, Any] = {"status": status, "settled_at": work.now, "lease_until": None}
    own: dict[str, Any] = {"reply": bindparam("said"), "message": bindparam("kept")}
    rows = [
        {
            "of_mail": claim.mail_id,
            "said": replies[claim],
            "kept": None if mail.message is None else scrub_links(mail.message),
        }
        for claim, mail in held.items()
    ]
    if rows:
        work.session.execute(update(mails).where(mails.c.id == bindparam("of_mail")).values(ended | own), rows)
    return list(held)


def _settle_notices(
    work: UnitOfWork, claims: Sequence[Claim], status: str, suppression: Suppression | None = None
) -> None:
    """Settle what is bundled in these mails."""
    notices = SQLModel.metadata.tables["notice"]
    bundled = notices.c.mail_id.in_([claim.mail_id for claim in claims]), notices.c.status == "bundled"
    settled = {"status": status, "suppression": suppression, "settled_at": work.now}
    work.session.execute(update(notices).where(*bundled).values(settled))


def _still_held(session: Session, claims: Sequence[Claim]) -> dict[Claim, Row[Any]]:
    """Return what is stored of those mails that these claims still hold."""
    mails = SQLModel.metadata.tables["mail"]
    asked = mails.c.id, mails.c.attempt, mails.c.status, mails.c.created_at, mails.c.frozen_at, mails.c.message
    rows = session.execute(select(*asked).where(mails.c.id.in_([claim.mail_id for claim in claims])))
    stored = {row.id: row for row in rows}
    return {claim: mail for claim in claims if is_held(claim, (mail := stored[claim.mail_id]).attempt, mail.status)}


def _end_attempts(work: UnitOfWork, answers: Sequence[Answer], outcome: str) -> None:
    """Record how attempts ended; one that another process has declared unknown stays so: it may have doubled."""
    attempts = SQLModel.metadata.tables["delivery_attempt"]
    known = attempts.c.outcome
    ended = (
        update(attempts)
        .where(attempts.c.mail_id == bindparam("of_mail"), attempts.c.number == bindparam("of_number"))
        .values(outcome=case((known == "started", outcome), else_=known), reply=bindparam("said"), ended_at=work.now)
    )
    work.session.execute(
        ended,
        [
            {"of_mail": answer.claim.mail_id, "of_number": answer.claim.attempt, "said": answer.reply}
            for answer in answers
        ],
    )
