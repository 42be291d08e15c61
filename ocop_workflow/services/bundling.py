"""Notices into mails: one digest per recipient and working day (promises I3 and I4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from notifications.letter import LetterKind
from ocop_workflow.clock import at_local, local_day
from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.services.cycles import CLOSED, cycles_of
from ocop_workflow.services.notices import staleness, suppress
from ocop_workflow.services.people import Addressee, addressees_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Mail, Notice, Obligation

PARTIES_AT_ONCE = 200
"""At most so many recipients in one transaction."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """How many notices went into how many new mails, and how many found no recipient or address."""

    notices: int = 0
    mails: int = 0
    unreachable: int = 0


def offices_with_mail(session: Session) -> list[str]:
    """Return the offices that have notices or mails waiting."""
    notices = select(Notice.office_id).where(col(Notice.status).in_(("planned", "draft")))
    mails = select(Mail.office_id).where(col(Mail.status).in_(("open", "frozen")))
    return sorted({*session.exec(notices.distinct()), *session.exec(mails.distinct())})


def parties_waiting(session: Session, office_id: str) -> list[str]:
    """Return the parties for whom an office has notices waiting."""
    query = select(Notice.recipient).where(
        col(Notice.office_id) == office_id, col(Notice.status).in_(("planned", "draft"))
    )
    return sorted(session.exec(query.distinct()))


def bundle(work: UnitOfWork, office_id: str, parties: Sequence[str], *, sender_domain: str) -> Bundled:
    """Put an office's planned notices for some parties into mails.

    News makes an immediate mail. Everything else joins the recipient's digest of the local day; when that was frozen
    already, or today is a day off, it waits for the next one, unless its obligation falls due before then. Of several
    rungs of one obligation that have waited for delivery only the latest is said (promise I3). Drafts of which nothing
    is true any more are ended.
    """
    today = local_day(work.now)
    notices = work.session.exec(
        select(Notice)
        .where(
            col(Notice.office_id) == office_id,
            col(Notice.recipient).in_(parties),
            col(Notice.status).in_(("planned", "draft")),
        )
        .order_by(col(Notice.moment_at), col(Notice.key))
    ).all()
    if not notices:
        return Bundled()
    obligations = _obligations_of(work.session, notices)
    desk = _Desk(
        work,
        office_id,
        today,
        sender_domain=sender_domain,
        obligations=obligations,
        addressees=addressees_of(work.session, parties, on=today),
    )
    bundled: list[tuple[Notice, Mail]] = []
    unreachable = 0
    for notice in _worth_saying(work, notices):
        addressee = desk.addressees[notice.recipient]
        if addressee is None or addressee.address is None:
            suppress(notice, Suppression.NO_RECIPIENT if addressee is None else Suppression.NO_ADDRESS, at=work.now)
            work.session.add(notice)
            unreachable += 1
            continue
        mail = desk.mail_for(notice, addressee)
        if mail is not None:
            bundled.append((notice, mail))
    work.session.add_all(desk.created)
    work.session.flush()  # the mails first: the notices refer to them
    for notice, mail in bundled:
        notice.mail_id, notice.status = mail.id, "bundled"
        work.session.add(notice)
    return Bundled(len(bundled), len(desk.created), unreachable)


def _obligations_of(session: Session, notices: Sequence[Notice]) -> dict[str, Obligation]:
    """Read all obligations of these notices at once; the transaction remembers them and asks for none again."""
    ids = [notice.obligation_id for notice in notices if notice.obligation_id is not None]
    found: dict[str, Obligation] = {}
    for start in range(0, len(ids), 500):
        rows = session.exec(select(Obligation).where(col(Obligation.id).in_(ids[start : start + 500])))
        found.update((row.id, row) for row in rows)
    return found


def _worth_saying(work: UnitOfWork, notices: Sequence[Notice]) -> list[Notice]:
    """Return the planned notices that still have something to say; suppress the others with the reason."""
    true = []
    for notice in notices:
        reason = staleness(work.session, notice, work.now)
        if reason is not None:
            suppress(notice, reason, at=work.now)
            work.session.add(notice)
        elif notice.status == "planned":
            true.append(notice)
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
    """The mails of one office and day while notices are sorted into them; `created` are new and not stored yet."""

    def __init__(
        self,
        work: UnitOfWork,
        office_id: str,
        today: date,
        *,
        sender_domain: str,
        obligations: Mapping[str, Obligation],
        addressees: Mapping[str, Addressee | None],
    ) -> None:
        self.created: list[Mail] = []
        self.addressees = addressees
        self._obligations = obligations
        self._work, self._office_id, self._today, self._domain = work, office_id, today, sender_domain
        self._mails = self._known_mails()
        cycle = max(cycles_of(work.session, office=office_id), key=lambda c: (c.status != CLOSED, c.opened_at, c.key))
        book = work.books.of_cycle(work.session, cycle)
        self._digest_at = at_local(today, book.plan.digest_at)
        self._is_working_day = book.days.is_working_day(today)
        self._next_digest_at = at_local(book.days.add(today, 1), book.plan.digest_at)

    def _known_mails(self) -> dict[tuple[str, str], Mail]:
        """Return the latest mail of the day to each addressee, of each kind."""
        people = {addressee.key for addressee in self.addressees.values() if addressee is not None}
        query = select(Mail).where(
            col(Mail.office_id) == self._office_id,
            col(Mail.recipient).in_(people),
            col(Mail.local_date) == self._today,
        )
        return {
            (mail.recipient, mail.kind): mail for mail in self._work.session.exec(query.order_by(col(Mail.sequence)))
        }

    def mail_for(self, notice: Notice, addressee: Addressee) -> Mail | None:
        """Return the mail a notice goes into, or None when it waits for the next digest."""
        if notice.immediate:
            return self._open_mail(addressee, LetterKind.IMMEDIATE)
        digest = self._mails.get((addressee.key, LetterKind.DIGEST))
        if self._is_working_day and (digest is None or digest.status in ("open", "withdrawn")):
            return self._open_mail(addressee, LetterKind.DIGEST)
        return self._open_mail(addressee, LetterKind.IMMEDIATE) if self._is_urgent(notice) else None

    def _is_urgent(self, notice: Notice) -> bool:
        if notice.obligation_id is None:
            return True
        due_at = self._obligations[notice.obligation_id].due_at
        return due_at is not None and self._work.now < due_at <= self._next_digest_at

    def _open_mail(self, addressee: Addressee, kind: LetterKind) -> Mail:
        mail = self._mails.get((addressee.key, kind))
        if mail is None or mail.status != "open":
            mail = self._new_mail(addressee, kind, sequence=0 if mail is None else mail.sequence + 1)
        return mail

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
        self._mails[addressee.key, kind.value] = mail
        self.created.append(mail)
        return mail
