"""Notices that people fulfil by hand: who was told how and when, and what is left for the office to tell."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from ocop_workflow.clock import local_day
from ocop_workflow.errors import InputError
from ocop_workflow.policy.ladders import Suppression
from ocop_workflow.services.cycle_acts import check_office, record_cycle_act, said
from ocop_workflow.services.events import Act, command_done
from ocop_workflow.services.notices import staleness
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Mail, Notice

FULFILLED = "fulfilled"
NOTICE_FULFILLED = "notice_fulfilled"

UNREACHED = (Suppression.NO_RECIPIENT, Suppression.NO_ADDRESS, Suppression.REFUSED)
"""Why a notice reached nobody, so that the office has to tell it."""


class Means(StrEnum):
    """How somebody was told."""

    TELEPHONE = "telephone"
    ZALO = "zalo"
    PAPER = "paper"
    VISIT = "visit"


class NotToFulfilError(InputError):
    """The notice can't be fulfilled by hand: it left, or it was never to be said."""


@dataclass(frozen=True, slots=True)
class Told:
    """How somebody was told, by whom of the office, and when if not now.

    Attributes:
        how: By which means.
        by: The name of who told it; kept beside the event, since it is a person's.
        at: When, aware; the unit of work's `now` when None.
    """

    how: Means
    by: str
    at: datetime | None = None


def find_notice(session: Session, reference: str) -> Notice:
    """Return the notice with this id, or an unambiguous beginning of it.

    Raises:
        NotToFulfilError: None or several match.
    """
    found = list(
        session.exec(select(Notice).where(col(Notice.id).startswith(reference, autoescape=True)).limit(2))
        if reference
        else []
    )
    if len(found) != 1:
        many = "several notices begin" if found else "no notice begins"
        raise NotToFulfilError(f"{many} with {reference[:80]!r}; `ocop notices list` shows their ids")
    return found[0]


def notices_to_tell(work: UnitOfWork, cycle: Cycle) -> list[Notice]:
    """Return what reached nobody and still has something to say, in the order of the moments: work for the office."""
    query = select(Notice).where(
        col(Notice.cycle_id) == cycle.id,
        col(Notice.status) == "suppressed",
        col(Notice.suppression).in_([reason.value for reason in UNREACHED]),
    )
    rows = work.session.exec(query.order_by(col(Notice.moment_at), col(Notice.key)))
    return [notice for notice in rows if staleness(work.session, notice, work.now) is None]


def fulfil(work: UnitOfWork, notice: Notice, told: Told, *, actor: str, command: str | None = None) -> None:
    """Record that a notice was said by hand; it does not leave any more, and is no work for the office.

    One event of the cycle names notice and means. The same words again change nothing.

    Raises:
        OfficeOnlyError: Somebody else than the office records it.
        NotToFulfilError: It left by mail, is leaving, was never to be said, or was planned later than it was told.
        NotYetError: It is said to have been told in the future.
        InputError: Nobody is named who told it.
    """
    cycle = work.session.get_one(Cycle, notice.cycle_id)
    check_office(cycle, actor, act="record_by_hand")
    by = said(told.by, what="who told it")
    at = work.happened_at(told.at)
    if command_done(work.session, command) or (notice.status == FULFILLED and notice.settled_at == at):
        return
    _check(work.session, notice, at)
    notice.status, notice.suppression, notice.settled_at = FULFILLED, None, at
    work.session.add(notice)
    details = {"notices": [notice.id], "how": told.how.value}
    act = Act(actor, NOTICE_FULFILLED, details=details, effective_at=at, text=by, command=command)
    record_cycle_act(work, cycle, act)


def _check(session: Session, notice: Notice, at: datetime) -> None:
    mail = session.get(Mail, notice.mail_id) if notice.mail_id is not None else None
    if notice.status == FULFILLED and notice.settled_at is not None:
        raise NotToFulfilError(f"this was told by hand on {local_day(notice.settled_at):%d/%m/%Y} already")
    if notice.status == "sent" or (notice.status == "bundled" and mail is not None and mail.status != "open"):
        raise NotToFulfilError("this leaves or left by mail; there is nothing to fulfil by hand")
    if notice.status == "suppressed" and notice.suppression not in UNREACHED:
        raise NotToFulfilError(f"this was not to be said ({notice.suppression}); there is nothing to fulfil")
    if at < notice.moment_at:
        raise NotToFulfilError(f"this was to be said only from {local_day(notice.moment_at):%d/%m/%Y}; correct --at")
