"""What a data folder is: live or simulated for good, and the last business instant, which never goes back."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from ocop_workflow.errors import InputError
from ocop_workflow.storage.tables import Installation

LIVE, SIMULATED = "live", "simulated"

RUN_OVERLAP = timedelta(hours=1)
"""In a live folder a run that began before another one may still commit for so long, at its own instant."""


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


def refuse_future(now: datetime, *, machine_now: datetime) -> None:
    """Refuse an instant that a live folder has not reached.

    Raises:
        ClockRefusedError: `now` is later than the machine's clock.
    """
    if now > machine_now:
        raise ClockRefusedError(
            f"{now.isoformat()} is in the future and this folder is live; wait, or try it in a simulated folder"
        )


def advance(session: Session, now: datetime, *, machine_now: datetime) -> None:
    """Move the last business instant forward to `now`; it never goes back.

    Raises:
        ClockRefusedError: `now` is in the future of a live folder, or before the last instant (in a live folder by
            more than `RUN_OVERLAP`, since flows and people write beside each other there).
    """
    mode, last_now = session.exec(select(Installation.mode, Installation.last_now)).one()
    if mode == LIVE:
        refuse_future(now, machine_now=machine_now)
    if now < last_now - (RUN_OVERLAP if mode == LIVE else timedelta()):
        raise ClockRefusedError(
            f"{now.isoformat()} is before the last instant {last_now.astimezone(now.tzinfo).isoformat()}; "
            "business time never goes back"
        )
    if now > last_now:
        session.execute(update(Installation).where(col(Installation.id) == 1).values(last_now=now))
