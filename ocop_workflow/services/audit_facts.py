"""Whether rows besides the states say what the events say: documents, results, receipts, reports, tasks, links."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.services.audit_acts import date_faults, deputy_faults, moves_told, notice_faults
from ocop_workflow.services.audit_fault import AuditFault
from ocop_workflow.services.calendar_edits import CALENDAR_CHANGED
from ocop_workflow.services.dossiers import ACTIONS
from ocop_workflow.services.evaluations import result_of
from ocop_workflow.services.events import details_of
from ocop_workflow.storage.tables import Cycle, Dossier, Event, PinnedDocument, PlanTask, Report, ScoreSheet, StatusLink
from state_machines.dossier import FINAL_STATUSES, DossierTrigger

OF_ROUND = "rule_set_of_"
"""How the details of a cycle's opening name the rule set of a round that has its own."""

Check = Callable[[Session, dict[str, list[Event]]], Iterator[AuditFault]]
"""Compares one table with the streams of events."""

PINNED = ("plan_hash", "rule_set_hash", "units_hash", "days_hash", "products_hash")


def fact_faults(session: Session) -> list[AuditFault]:
    """Return every fact of a row that is not what its events recorded."""
    streams: dict[str, list[Event]] = defaultdict(list)
    for event in session.exec(select(Event).order_by(col(Event.stream), col(Event.seq))):
        streams[event.stream].append(event)
    checks: tuple[tuple[str, Check], ...] = (
        ("pinned documents", _document_faults),
        ("cycles", _cycle_faults),
        ("dossiers", _dossier_faults),
        ("score sheets", _score_faults),
        ("reports", _report_faults),
        ("plan tasks", _task_faults),
        ("status links", _link_faults),
        ("notices", notice_faults),
        ("deputies", deputy_faults),
        ("dates", date_faults),
    )
    return [fault for table, check in checks for fault in _found(table, check, session, streams)]


def _found(table: str, check: Check, session: Session, streams: dict[str, list[Event]]) -> list[AuditFault]:
    """Run one check; what was changed so that it can't even be read is a fault too."""
    faults: list[AuditFault] = []
    try:
        faults.extend(check(session, streams))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        faults.append(AuditFault(table, None, "a row holds something that can't be read"))
    return faults


def _document_faults(session: Session, _streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    for document in session.exec(select(PinnedDocument)):
        body: object = document.body
        if not isinstance(body, bytes) or hashlib.sha256(body).hexdigest() != document.hash:
            yield AuditFault(f"{document.kind} {document.name}", None, "the pinned document was changed")


def _cycle_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    for cycle in session.exec(select(Cycle)):
        stream = f"cycle:{cycle.id}"
        opened = details_of(streams[stream][0])
        for event in streams[stream]:
            if event.action == CALENDAR_CHANGED:
                opened |= {name: told for name, told in details_of(event).items() if name in PINNED}
        for name in PINNED:
            if getattr(cycle, name) != opened[name]:
                yield AuditFault(stream, 1, f"the row's {name} is not the one it was opened with")
        of_rounds = {name: digest for name, digest in opened.items() if name.startswith(OF_ROUND)}
        if {f"{OF_ROUND}{round_id}": digest for round_id, digest in cycle.round_rule_sets.items()} != of_rounds:
            yield AuditFault(stream, 1, "the rule sets of its rounds are not those it was opened with")


def _dossier_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    cycles = {cycle.id: cycle for cycle in session.exec(select(Cycle))}
    for dossier in session.exec(select(Dossier)):
        stream = f"dossier:{dossier.id}"
        told = _told(streams[stream])
        for name, value in told.items():
            if getattr(dossier, name) != value:
                yield AuditFault(stream, None, f"the row's {name} is not what its events say")
        cycle = cycles[dossier.cycle_id]
        if dossier.rule_set_hash != cycle.round_rule_sets.get(dossier.round_id, cycle.rule_set_hash):
            yield AuditFault(stream, None, "the row's rule set is not that of its round")


def _told(events: list[Event]) -> dict[str, Any]:
    """Return the facts of a dossier's row as its events tell them."""
    facts: dict[str, Any] = dict.fromkeys(
        ("submitted_at", "received_at", "receipt_number", "mean", "stars", "closed_at")
    )
    for event in events:
        details = details_of(event)
        if event.action == ACTIONS[DossierTrigger.SUBMIT]:
            facts["submitted_at"] = event.effective_at
        elif event.action == ACTIONS[DossierTrigger.RECEIVE]:
            facts["received_at"], facts["receipt_number"] = event.effective_at, details["receipt_number"]
        elif event.action == ACTIONS[DossierTrigger.CONCLUDE] and "mean" in details:
            facts["mean"], facts["stars"] = details["mean"], details["stars"]
        if event.to_state in FINAL_STATUSES:
            facts["closed_at"] = event.effective_at
    return facts


def _score_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Compare score sheets with the events that recorded them, and compute every result anew (promise I7)."""
    sheets: dict[tuple[str, str, int], dict[str, ScoreSheet]] = defaultdict(dict)
    for sheet in session.exec(select(ScoreSheet)):
        sheets[f"dossier:{sheet.dossier_id}", sheet.stage, sheet.session][sheet.member] = sheet
    rule_sets = _rule_sets(session)
    for stream, events in streams.items():
        for event in events:
            details = details_of(event)
            if event.action == "scores_recorded":
                found = sheets.pop((stream, details["stage"], details["session"]), {})
                if {member: _total(sheet) for member, sheet in found.items()} != details["totals"]:
                    yield AuditFault(stream, event.seq, "the score sheets are not those that were recorded")
            elif event.action == ACTIONS[DossierTrigger.CONCLUDE] and "session" in details:
                stage = (event.from_state or "").partition(":")[0]
                dossier_id = stream.partition(":")[2]
                if not _is_result(session, dossier_id, rule_sets.get(dossier_id), stage, details):
                    yield AuditFault(stream, event.seq, "its result can't be computed from the stored score sheets")
    for stream, stage, number in sheets:
        yield AuditFault(stream, None, f"the score sheets of session {number} at {stage} were never recorded")


def _rule_sets(session: Session) -> dict[str, RuleSet]:
    """Return each dossier's rule set by the dossier's id, where it can be read."""
    read: dict[str, RuleSet] = {}
    for document in session.exec(select(PinnedDocument).where(col(PinnedDocument.kind) == "rule_set")):
        with suppress(ValueError):
            read[document.hash] = RuleSet.model_validate(json.loads(document.body))
    dossiers = session.exec(select(Dossier.id, Dossier.rule_set_hash))
    return {dossier_id: read[digest] for dossier_id, digest in dossiers if digest in read}


def _total(sheet: ScoreSheet) -> str | None:
    """Return a sheet's total as its points and its own total agree on it, or None when they don't."""
    try:
        total = sum((Decimal(value) for value in sheet.points.values()), Decimal(0))
        return sheet.total if total == Decimal(sheet.total) else None
    except InvalidOperation:
        return None


def _is_result(
    session: Session, dossier_id: str, rule_set: RuleSet | None, stage: str, details: dict[str, Any]
) -> bool:
    """Return whether a recorded result follows from the stored sheets and the rule set."""
    if rule_set is None:
        return False
    try:
        result = result_of(session, dossier_id, rule_set, stage=stage, session_number=details["session"])
    except (ArithmeticError, InputError):
        return False
    return (str(result.mean), result.stars) == (details["mean"], details["stars"])


def _report_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    for report in session.exec(select(Report)):
        stream = f"report:{report.id}"
        filed = [event for event in streams[stream] if event.action == "report_filed"]
        told = {"submitted_at": filed[-1].effective_at, "figures": details_of(filed[-1])["figures"]} if filed else {}
        for name in ("submitted_at", "figures"):
            if getattr(report, name) != told.get(name):
                yield AuditFault(stream, None, f"the row's {name} is not what its events say")
        due_at = details_of(streams[stream][0])["due_at"]
        due_at = [due_at, *(move["due_after"] for event in streams[stream] for move in moves_told(event))][-1]
        if report.due_at != (datetime.fromisoformat(due_at) if due_at else None):
            yield AuditFault(stream, 1, "the row's due_at is not the one it was planned with or moved to")


def _task_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    for task in session.exec(select(PlanTask)):
        stream = f"task:{task.id}"
        done = [event.effective_at for event in streams[stream] if event.action == "task_completed"]
        if task.done_at != (done[-1] if done else None):
            yield AuditFault(stream, None, "the row's done_at is not what its events say")


def _link_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    told: dict[str, tuple[str, dict[str, Any], datetime | None]] = {}
    for stream, events in streams.items():
        for event in events:
            if event.action.startswith("link_"):
                details = details_of(event)
                revoked_at = event.recorded_at if event.action == "link_revoked" else None
                told[details["link"]] = (stream, details, revoked_at)
    for link in session.exec(select(StatusLink)):
        shown = {
            "link": link.id,
            "generation": link.generation,
            "recipient": link.recipient,
            "expires_at": link.expires_at.astimezone(UTC).isoformat(),
        }
        stream = f"dossier:{link.dossier_id}"
        if told.pop(link.id, None) != (stream, shown, link.revoked_at):
            yield AuditFault(stream, None, "a status link is not as its events say")
    for stream, _, _ in told.values():
        yield AuditFault(stream, None, "a status link that was issued is missing")
