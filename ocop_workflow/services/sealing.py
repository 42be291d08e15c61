"""Sealing the record each day, so that a cut tail shows: each seal lists the streams that grew, chained to the last."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select

from ocop_workflow.clock import local_day, start_of_day
from ocop_workflow.services.events import GENESIS
from ocop_workflow.services.installation import RUN_OVERLAP
from ocop_workflow.services.pinned_documents import canonical_bytes
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Event, Seal


def seal_through(work: UnitOfWork, until: datetime) -> Seal | None:
    """Seal all events recorded before `until` that are not sealed yet; None when a seal reaches that far already."""
    last = work.session.exec(select(Seal).order_by(col(Seal.number).desc()).limit(1)).first()
    if last is not None and last.until >= until:
        return None
    query = select(Event.stream, Event.seq, Event.hash).where(col(Event.recorded_at) < until)
    if last is not None:
        query = query.where(col(Event.recorded_at) >= last.until)
    grown = {stream: (seq, digest) for stream, seq, digest in work.session.exec(query.order_by(col(Event.seq)))}
    heads = [[stream, *grown[stream]] for stream in sorted(grown)]
    number = 1 if last is None else last.number + 1
    previous = GENESIS if last is None else last.hash
    payload = canonical_bytes(seal_content(number, until, work.now, heads))
    seal = Seal(
        number=number,
        until=until,
        sealed_at=work.now,
        payload=payload,
        previous_hash=previous,
        hash=seal_hash(previous, payload),
    )
    work.session.add(seal)
    work.session.flush()
    return seal


def seal_day(work: UnitOfWork) -> Seal | None:
    """Seal everything recorded before the present local day; None when that is done.

    A day is sealed once nobody can write into it any more: `RUN_OVERLAP` after its end.
    """
    return seal_through(work, start_of_day(local_day(work.now - RUN_OVERLAP)))


def seal_content(number: int, until: datetime, sealed_at: datetime, heads: list[list[Any]]) -> dict[str, Any]:
    """Return what a seal's payload holds."""
    return {
        "number": number,
        "until": until.astimezone(UTC).isoformat(),
        "sealed_at": sealed_at.astimezone(UTC).isoformat(),
        "heads": heads,
    }


def seal_hash(previous: str, payload: bytes) -> str:
    """Return the SHA-256 over the previous seal's hash and the payload, in hexadecimal."""
    return hashlib.sha256(f"{previous}\n".encode() + payload).hexdigest()
