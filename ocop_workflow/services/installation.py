"""What a data folder is: live or simulated for good, and the last business instant, which never goes back."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from ocop_workflow.errors import InputError
from ocop_workflow.storage.tables import Installation

LIVE, SIMULATED = "live", "simulated"


class ClockRefusedError(InputError):
    """The business instant lies in the future of a live folder, or before the last one."""


def create_installation(session: Session, *, mode: str, seed: str | None, now: datetime) -> Installation:
    """Write the one row of a new folder."""
    row = Installation(id=1, mode=mode, seed=seed, created_at=now, last_now=now)
    session.add(row)
    session.flush()
    return row


def installation_of(session: Session) -> Installation:
    """Return the folder's row."""
    return session.get_one(Installation, 1)


def advance(session: Session, now: datetime, *, machine_now: datetime) -> None:
    """Move the last business instant forward to `now`.

    Raises:
        ClockRefusedError: `now` is before the last instant, or in the future of a live folder.
    """
    row = session.get_one(Installation, 1, populate_existing=True)
    if row.mode == LIVE and now > machine_now:
        raise ClockRefusedError(
            f"{now.isoformat()} is in the future and this folder is live; wait, or try it in a simulated folder"
        )
    if now < row.last_now:
        raise ClockRefusedError(
            f"{now.isoformat()} is before the last instant {row.last_now.isoformat()}; business time never goes back"
        )
    if now > row.last_now:
        session.execute(update(Installation).where(col(Installation.id) == 1).values(last_now=now))
