"""Links to officials' calendars: one for each person, with the tokens of all links (promise I8)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from ocop_workflow.services.events import Act, append_event
from ocop_workflow.services.links import details_of_link, opened_of
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import FeedLink, Official

FEED_LIFE = timedelta(days=2 * 365)
"""How long a link is good (chosen): it follows a person through cycles, so no cycle's horizon can end it."""

MAILBOX_PASSED_ON = "system:people"
"""Who ends the link of somebody whose mailbox, and with it their entry, became somebody else's."""


def issue_feed_link(work: UnitOfWork, official: Official, *, actor: str) -> FeedLink:
    """Issue the link of an official who has none yet."""
    link = FeedLink(
        id=work.ids.new("feed", official.id),
        official_id=official.id,
        issued_at=work.now,
        expires_at=work.now + FEED_LIFE,
    )
    _record(work, link, "link_issued", actor=actor)
    return link


def revoke_feed_link(work: UnitOfWork, link: FeedLink, *, actor: str) -> None:
    """Revoke a link at once, until it is issued anew."""
    link.revoked_at = work.now
    _record(work, link, "link_revoked", actor=actor)


def end_feed_of_predecessor(work: UnitOfWork, official: Official) -> None:
    """Revoke the link of an official whose entry is about to become another person's, if there is one."""
    link = feed_link_of(work.session, official)
    if link is not None and link.revoked_at is None:
        revoke_feed_link(work, link, actor=MAILBOX_PASSED_ON)


def reissue_feed_link(work: UnitOfWork, link: FeedLink, *, actor: str) -> None:
    """Give a link a new token and a new life; the old token stops working."""
    link.generation += 1
    link.revoked_at = None
    link.expires_at = work.now + FEED_LIFE
    _record(work, link, "link_reissued", actor=actor)


def open_feed_link(session: Session, token: str, *, keys: Sequence[bytes], now: datetime) -> FeedLink | None:
    """Return the link to a calendar that a token opens at `now`, or None."""
    return opened_of(FeedLink, session, token, keys=keys, now=now)


def feed_link_of(session: Session, official: Official) -> FeedLink | None:
    """Return the link of an official, dead or alive; None when there never was one."""
    return session.exec(select(FeedLink).where(col(FeedLink.official_id) == official.id)).first()


def _record(work: UnitOfWork, link: FeedLink, action: str, *, actor: str) -> None:
    link.version += 1
    work.session.add(link)
    act = Act(actor=actor, action=action, details=details_of_link(link))
    append_event(work, stream=f"feed:{link.id}", seq=link.version, cycle_id=None, act=act)
