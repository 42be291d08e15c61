"""Whether reports and what was sent of them upward are what their events say."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.services.audit_fault import AuditFault
from ocop_workflow.services.events import details_of
from ocop_workflow.services.redating import moves_told
from ocop_workflow.storage.tables import Event, Report, ReportSnapshot


def report_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Yield what a report's row says besides its state that its events don't."""
    for report in session.exec(select(Report)):
        stream = f"report:{report.id}"
        for name, told in _told(streams[stream]).items():
            if getattr(report, name) != told:
                yield AuditFault(stream, None, f"the row's {name} is not what its events say")
        planned = details_of(streams[stream][0])["due_at"]
        due_at = [planned, *(move["due_after"] for event in streams[stream] for move in moves_told(event))][-1]
        if report.due_at != (datetime.fromisoformat(due_at) if due_at else None):
            yield AuditFault(stream, 1, "the row's due_at is not the one it was planned with or moved to")


def snapshot_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Yield snapshots that were changed, that no event recorded, or that are missing."""
    told = {
        (stream, details["snapshot"]["number"]): (details["snapshot"]["hash"], event.effective_at, details["figures"])
        for stream, events in streams.items()
        for event in events
        if event.action == "report_filed" and "snapshot" in (details := details_of(event))
    }
    query = select(ReportSnapshot).order_by(col(ReportSnapshot.report_id), col(ReportSnapshot.number))
    for snapshot in session.exec(query):
        stream = f"report:{snapshot.report_id}"
        body: object = snapshot.body
        digest = hashlib.sha256(body).hexdigest() if isinstance(body, bytes) else ""
        content = json.loads(snapshot.body) if digest == snapshot.hash else {}
        shown = (digest, snapshot.sent_at, content.get("figures"))
        if told.pop((stream, snapshot.number), None) != shown:
            yield AuditFault(stream, None, f"snapshot {snapshot.number} is not what was sent")
    for stream, number in told:
        yield AuditFault(stream, None, f"snapshot {number} that was sent is missing")


def _told(events: list[Event]) -> dict[str, Any]:
    """Return the facts of a report's row as its events tell them."""
    filed = [event for event in events if event.action == "report_filed"]
    first = min((event.effective_at for event in filed), default=None)
    last = filed[-1].effective_at if filed else None
    return {
        "submitted_at": first,
        "revised_at": last if last != first else None,
        "figures": details_of(filed[-1])["figures"] if filed else None,
        "correct_by_at": _correct_by(events),
        "supplement_at": _supplement(events),
    }


def _correct_by(events: list[Event]) -> datetime | None:
    returned = [event for event in events if event.action == "report_returned"]
    return datetime.fromisoformat(details_of(returned[-1])["correct_by_at"]) if returned else None


def _supplement(events: list[Event]) -> datetime | None:
    """Return the first supplement since the last snapshot."""
    since = None
    for event in events:
        if event.action == "supplement_needed":
            since = since or event.effective_at
        elif event.action == "report_filed":
            since = None
    return since
