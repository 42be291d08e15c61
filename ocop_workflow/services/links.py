"""Links to pages: a link id with an HMAC over id and generation, derived again whenever it is printed (promise I8)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import bindparam
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Cycle, Dossier, FeedLink, LinkAccess, Report, StatusLink

LINK_LIFE_AFTER_HORIZON = timedelta(days=180)
"""A link outlives its cycle's horizon by this much, so that a producer can look up the end of the story."""

MAC_BYTES = 18

_LEADING_THERE = (
    select(StatusLink)
    .where(or_(col(StatusLink.dossier_id) == bindparam("subject"), col(StatusLink.report_id) == bindparam("subject")))
    .order_by(col(StatusLink.issued_at), col(StatusLink.id))
)

_Link = TypeVar("_Link", StatusLink, FeedLink)


def issue_link(work: UnitOfWork, subject: Dossier | Report, *, recipient: str, actor: str) -> StatusLink:
    """Issue a link to one dossier's or report's page for one party."""
    cycle = work.session.get_one(Cycle, subject.cycle_id)
    count = len(links_of(work.session, subject.id))
    is_dossier = isinstance(subject, Dossier)
    name = subject.key if isinstance(subject, Dossier) else f"report:{subject.id}"
    link = StatusLink(
        id=work.ids.new("link", f"{name}|{count}"),
        dossier_id=subject.id if is_dossier else None,
        report_id=None if is_dossier else subject.id,
        recipient=recipient,
        issued_at=work.now,
        expires_at=max(cycle.runs_until, work.now) + LINK_LIFE_AFTER_HORIZON,
    )
    work.session.add(link)
    _record(work, subject, "link_issued", link, actor=actor)
    return link


def revoke_link(work: UnitOfWork, link: StatusLink, *, actor: str) -> None:
    """Revoke a link at once, for good."""
    link.revoked_at = work.now
    work.session.add(link)
    _record(work, subject_of_link(work.session, link), "link_revoked", link, actor=actor)


def reissue_link(work: UnitOfWork, link: StatusLink, *, actor: str) -> None:
    """Give a link a new token and a new life; the old token stops working."""
    subject = subject_of_link(work.session, link)
    cycle = work.session.get_one(Cycle, subject.cycle_id)
    link.generation += 1
    link.revoked_at = None
    link.expires_at = max(cycle.runs_until, work.now) + LINK_LIFE_AFTER_HORIZON
    work.session.add(link)
    _record(work, subject, "link_reissued", link, actor=actor)


def token_of(link: StatusLink | FeedLink, keys: Sequence[bytes]) -> str:
    """Return the link's token under the newest key."""
    return f"{link.id}.{_mac(link.id, link.generation, keys[0])}"


def open_link(session: Session, token: str, *, keys: Sequence[bytes], now: datetime) -> StatusLink | None:
    """Return the link to a page that a token opens at `now`, or None."""
    return opened_of(StatusLink, session, token, keys=keys, now=now)


def opened_of(kind: type[_Link], session: Session, token: str, *, keys: Sequence[bytes], now: datetime) -> _Link | None:
    """Return the link of one kind that a token opens at `now`, or None.

    Made-up, revoked and expired tokens take the same path: every check is made for each.
    """
    link_id, _, given = token.partition(".")
    link = session.get(kind, link_id)
    generation = link.generation if link else 0
    matches = [hmac.compare_digest(_mac(link_id, generation, key).encode(), given.encode()) for key in keys]
    alive = link is not None and link.revoked_at is None and now < link.expires_at
    return link if any(matches) and alive else None


def log_access(session: Session, link: StatusLink, *, now: datetime) -> None:
    """Write down that a page was fetched; it may have been a mail scanner."""
    session.add(LinkAccess(link_id=link.id, fetched_at=now))


def subject_of_link(session: Session, link: StatusLink) -> Dossier | Report:
    """Return what a link leads to."""
    if link.report_id is not None:
        return session.get_one(Report, link.report_id)
    return session.get_one(Dossier, link.dossier_id)


def details_of_link(link: StatusLink | FeedLink) -> dict[str, Any]:
    """Return what an event tells of a link: enough to compare its row with."""
    return {
        "link": link.id,
        "generation": link.generation,
        "recipient": link.recipient,
        "expires_at": link.expires_at.astimezone(UTC).isoformat(),
    }


def links_of(session: Session, subject_id: str) -> list[StatusLink]:
    """Return the links to a dossier or report, the oldest first."""
    return list(session.exec(_LEADING_THERE, params={"subject": subject_id}))


def links_of_positions(cycle: Cycle) -> SelectOfScalar[StatusLink]:
    """Return the query for the links that positions have to a cycle's dossiers and reports, without revoked ones."""
    dossiers = select(Dossier.id).where(col(Dossier.cycle_id) == cycle.id)
    reports = select(Report.id).where(col(Report.cycle_id) == cycle.id)
    query = select(StatusLink).where(
        or_(col(StatusLink.dossier_id).in_(dossiers), col(StatusLink.report_id).in_(reports)),
        col(StatusLink.recipient).contains("/"),
        col(StatusLink.revoked_at).is_(None),
    )
    return query.order_by(col(StatusLink.id))


def _mac(link_id: str, generation: int, key: bytes) -> str:
    digest = hmac.new(key, f"{link_id}.{generation}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:MAC_BYTES]).decode()


def _record(work: UnitOfWork, subject: Dossier | Report, action: str, link: StatusLink, *, actor: str) -> None:
    subject.version += 1
    act = Act(actor=actor, action=action, details=details_of_link(link))
    kind = "dossier" if isinstance(subject, Dossier) else "report"
    append_event(work, stream=f"{kind}:{subject.id}", seq=subject.version, cycle_id=subject.cycle_id, act=act)
    work.session.add(subject)
