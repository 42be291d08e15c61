"""Notices into mails, and mails through their states: one digest per recipient and day (promises I2b and I4).

Each function here is a part of one transaction. `delivery` strings them together around the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from notifications.letter import LetterKind
from ocop_workflow.clock import at_local, local_day
from ocop_workflow.errors import OcopError
from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.services.cycles import cycles_of
from ocop_workflow.services.notices import suppress
from ocop_workflow.services.people import Addressee, addressee_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import DeliveryAttempt, Mail, Notice, Obligation

RECHECK_AFTER = timedelta(hours=24)
"""A retry that begins later than this after freezing is checked again and withdrawn if nothing in it is still true."""

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
"""How long to wait after a temporary failure; the last one repeats."""

GIVE_UP_AFTER = timedelta(hours=48)
"""A mail that no server took for so long becomes work for the office."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """How many notices went into mails, and how many found no recipient or address."""

    notices: int = 0
    mails: int = 0
    unreachable: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that one process may deliver until the lease ends; `attempt` guards every later write."""

    mail_id: str
    attempt: int


class ClaimLostError(OcopError):
    """Another process holds the mail now; leave it alone."""


def offices_with_mail(session: Session) -> list[str]:
    """Return the offices that have notices or mails waiting."""
    waiting = set(session.exec(select(Notice.office_id).where(col(Notice.status) == "planned").distinct()))
    waiting |= set(session.exec(select(Mail.office_id).where(col(Mail.status).in_(("open", "frozen"))).distinct()))
    return sorted(waiting)


def bundle(work: UnitOfWork, office_id: str, *, sender_domain: str) -> Bundled:
    """Put an office's planned notices into mails.

    News makes an immediate mail. Everything else joins the recipient's digest of the local day; when that was frozen
    already it waits for tomorrow's, unless its obligation falls due before then. Of several rungs of one obligation
    that have waited for delivery only the latest is said (promise I3).
    """
    today = local_day(work.now)
    notices = work.session.exec(
        select(Notice)
        .where(col(Notice.office_id) == office_id, col(Notice.status) == "planned")
        .order_by(col(Notice.moment_at), col(Notice.key))
    ).all()
    if not notices:
        return Bundled()
    desk = _Desk(work, office_id, today, sender_domain)
    count = unreachable = 0
    for notice in _worth_saying(work, notices):
        addressee = desk.addressee(notice.recipient)
        if addressee is None or addressee.address is None:
            suppress(notice, Suppression.NO_RECIPIENT if addressee is None else Suppression.NO_ADDRESS, at=work.now)
            work.session.add(notice)
            unreachable += 1
            continue
        mail = desk.mail_for(notice, addressee)
        if mail is not None:
            notice.mail_id, notice.status = mail.id, "bundled"
            work.session.add(notice)
            count += 1
    return Bundled(count, desk.created, unreachable)


def _worth_saying(work: UnitOfWork, notices: Sequence[Notice]) -> list[Notice]:
    """Return the notices that still have something to say, in their order; suppress the others with the reason."""
    true = []
    for notice in notices:
        if is_still_true(work.session, notice):
            true.append(notice)
        else:
            _suppress_stale(work, notice)
    latest = {(notice.obligation_id, notice.recipient): notice.id for notice in true}
    said = []
    for notice in true:
        if notice.obligation_id is None or latest[notice.obligation_id, notice.recipient] == notice.id:
            said.append(notice)
        else:
            suppress(notice, Suppression.OVERTAKEN, at=work.now)
            work.session.add(notice)
    return said


class _Desk:
    """The mails of one office and day while notices are sorted into them."""

    def __init__(self, work: UnitOfWork, office_id: str, today: date, sender_domain: str) -> None:
        self.created = 0
        self._work, self._office_id, self._today, self._domain = work, office_id, today, sender_domain
        self._people: dict[str, Addressee | None] = {}
        self._mails: dict[tuple[str, str], Mail | None] = {}
        cycle = cycles_of(work.session, office=office_id)[0]
        digest_at = work.books.of_cycle(work.session, cycle).plan.digest_at
        self._digest_at = at_local(today, digest_at)
        self._next_digest_at = at_local(today + timedelta(days=1), digest_at)

    def addressee(self, party: str) -> Addressee | None:
        if party not in self._people:
            self._people[party] = addressee_of(self._work.session, party, on=self._today)
        return self._people[party]

    def mail_for(self, notice: Notice, addressee: Addressee) -> Mail | None:
        """Return the mail a notice goes into, or None when it waits for tomorrow's digest."""
        if notice.immediate:
            return self._open_mail(addressee, LetterKind.IMMEDIATE)
        digest = self._latest(addressee, LetterKind.DIGEST)
        if digest is None or digest.status in ("open", "withdrawn"):
            return self._open_mail(addressee, LetterKind.DIGEST)
        return self._open_mail(addressee, LetterKind.IMMEDIATE) if self._is_urgent(notice) else None

    def _is_urgent(self, notice: Notice) -> bool:
        if notice.obligation_id is None:
            return True
        due_at = self._work.session.get_one(Obligation, notice.obligation_id).due_at
        return due_at is not None and self._work.now < due_at <= self._next_digest_at

    def _open_mail(self, addressee: Addressee, kind: LetterKind) -> Mail:
        mail = self._latest(addressee, kind)
        if mail is None or mail.status != "open":
            mail = self._new_mail(addressee, kind, sequence=0 if mail is None else mail.sequence + 1)
        return mail

    def _latest(self, addressee: Addressee, kind: LetterKind) -> Mail | None:
        slot = (addressee.key, kind.value)
        if slot not in self._mails:
            self._mails[slot] = self._work.session.exec(
                select(Mail)
                .where(
                    col(Mail.office_id) == self._office_id,
                    col(Mail.recipient) == addressee.key,
                    col(Mail.local_date) == self._today,
                    col(Mail.kind) == kind.value,
                )
                .order_by(col(Mail.sequence).desc())
            ).first()
        return self._mails[slot]

    def _new_mail(self, addressee: Addressee, kind: LetterKind, *, sequence: int) -> Mail:
        key = f"{self._office_id}|{addressee.key}|{self._today}|{kind.value}|{sequence}"
        mail_id = self._work.ids.new("mail", key)
        mail = Mail(
            id=mail_id,
            office_id=self._office_id,
            recipient=addressee.key,
            recipient_name=addressee.name,
            address=addressee.address or "",
            language=addressee.language,
            kind=kind.value,
            local_date=self._today,
            sequence=sequence,
            message_id=f"<{mail_id}@{self._domain}>",
            created_at=self._work.now,
            next_try_at=max(self._digest_at, self._work.now) if kind is LetterKind.DIGEST else self._work.now,
        )
        self._work.session.add(mail)
        self._work.session.flush()
        self._mails[addressee.key, kind.value] = mail
        self.created += 1
        return mail


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


def is_still_true(session: Session, notice: Notice) -> bool:
    """Return whether a notice still has something to say: news always, a rung while its date stands open (I4)."""
    if notice.obligation_id is None:
        return True
    obligation = session.get_one(Obligation, notice.obligation_id)
    return obligation.status == "open" and obligation.deadline_version == notice.deadline_version


def freeze(work: UnitOfWork, claim: Claim, *, rendered: Sequence[str], message: bytes) -> bool:
    """Fix a mail's bytes, if what was rendered is exactly what is still true; begin the attempt.

    Returns:
        False when a notice was settled or added meanwhile: render again.

    Raises:
        ClaimLostError: The lease ran out and another process has taken the mail over.
    """
    mail = _own(work.session, claim)
    if mail is None:
        raise ClaimLostError(claim.mail_id)
    true = [notice for notice in notices_of(work.session, mail.id) if is_still_true(work.session, notice)]
    if [notice.id for notice in true] != list(rendered):
        return False
    drop_stale(work, mail.id)
    mail.status, mail.message, mail.frozen_at = "frozen", message, work.now
    work.session.add(mail)
    _add_attempt(work, claim)
    return True


def drop_stale(work: UnitOfWork, mail_id: str) -> None:
    """Suppress the notices of a mail that have nothing to say any more."""
    for notice in notices_of(work.session, mail_id):
        if not is_still_true(work.session, notice):
            _suppress_stale(work, notice)


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
    drop_stale(work, mail.id)
    if notices_of(work.session, mail.id):
        return False
    _settle(work, mail, "withdrawn", reply=None)
    return True


def must_recheck(mail: Mail, now: datetime) -> bool:
    """Return whether a frozen mail is so old that it has to be checked again before it leaves."""
    return mail.frozen_at is not None and now - mail.frozen_at > RECHECK_AFTER


def begin_attempt(work: UnitOfWork, claim: Claim) -> None:
    """Write down that a frozen mail is about to be handed over, before the network is touched.

    Raises:
        ClaimLostError: The lease ran out and another process has taken the mail over.
    """
    if _own(work.session, claim) is None:
        raise ClaimLostError(claim.mail_id)
    _add_attempt(work, claim)


def postpone(work: UnitOfWork, claim: Claim, *, reason: str) -> None:
    """Set a mail aside that could not even be made, and when to try again; nothing was handed over."""
    mail = _own(work.session, claim)
    if mail is not None:
        _try_later(work, mail, claim, reason)


def record_accepted(work: UnitOfWork, claim: Claim, *, reply: str, scrubbed: bytes) -> None:
    """Record that a server took the mail; its notices are sent, its stored bytes lose their links."""
    mail = _own(work.session, claim)
    _end_attempt(work, claim, "accepted", reply)
    if mail is None:
        return
    for notice in notices_of(work.session, mail.id):
        notice.status, notice.settled_at = "sent", work.now
        work.session.add(notice)
    mail.message = scrubbed
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


def _add_attempt(work: UnitOfWork, claim: Claim) -> None:
    work.session.add(DeliveryAttempt(mail_id=claim.mail_id, number=claim.attempt, started_at=work.now))


def _refuse(work: UnitOfWork, mail: Mail, reply: str) -> None:
    for notice in notices_of(work.session, mail.id):
        suppress(notice, Suppression.REFUSED, at=work.now)
        work.session.add(notice)
    _settle(work, mail, "refused", reply=reply)


def _settle(work: UnitOfWork, mail: Mail, status: str, *, reply: str | None) -> None:
    mail.status, mail.reply, mail.settled_at, mail.lease_until = status, reply, work.now, None
    work.session.add(mail)


def _own(session: Session, claim: Claim) -> Mail | None:
    """Return the mail if this claim still holds it: nobody else has begun a later attempt."""
    mail = session.get_one(Mail, claim.mail_id, populate_existing=True)
    return mail if mail.attempt == claim.attempt and mail.status in ("open", "frozen") else None


def _end_attempt(work: UnitOfWork, claim: Claim, outcome: str, reply: str) -> None:
    attempt = work.session.get_one(DeliveryAttempt, (claim.mail_id, claim.attempt))
    attempt.outcome, attempt.reply, attempt.ended_at = outcome, reply, work.now
    work.session.add(attempt)


def _suppress_stale(work: UnitOfWork, notice: Notice) -> None:
    obligation = work.session.get_one(Obligation, notice.obligation_id)
    reason = Suppression.SETTLED if obligation.status != "open" else Suppression.REDATED
    suppress(notice, reason, at=work.now)
    work.session.add(notice)
