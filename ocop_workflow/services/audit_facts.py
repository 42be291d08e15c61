"""Whether rows besides the states say what the events say: documents, results, receipts, reports, tasks, links."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from ocop_workflow.services.amendments import PLAN_AMENDED
from ocop_workflow.services.audit_acts import date_faults, deputy_faults, notice_faults
from ocop_workflow.services.audit_certificates import certificate_faults, product_code_faults
from ocop_workflow.services.audit_fault import AuditFault
from ocop_workflow.services.audit_producers import producer_faults
from ocop_workflow.services.audit_reports import report_faults, snapshot_faults
from ocop_workflow.services.audit_sessions import session_faults
from ocop_workflow.services.audit_successions import succession_faults
from ocop_workflow.services.calendar_edits import CALENDAR_CHANGED
from ocop_workflow.services.dossiers import ACTIONS
from ocop_workflow.services.events import details_of
from ocop_workflow.services.links import details_of_link
from ocop_workflow.services.papers import PAPER_RECORDED
from ocop_workflow.services.redating import RULE_SET_MIGRATED
from ocop_workflow.services.reopening import result_told
from ocop_workflow.services.rule_set_migration import DOSSIERS_MIGRATED
from ocop_workflow.services.successions import UNITS_SUCCEEDED
from ocop_workflow.storage.tables import (
    Cycle,
    Dossier,
    DossierPaper,
    DossierSuccession,
    Event,
    FeedLink,
    PinnedDocument,
    PlanTask,
    StatusLink,
    Support,
)
from state_machines.dossier import FINAL_STATUSES, DossierTrigger

if TYPE_CHECKING:
    from datetime import datetime

OF_ROUND = "rule_set_of_"
"""How the details of a cycle's opening name the rule set of a round that has its own."""

CRITERIA_OF = "criteria_of_"
"""How the details of a cycle's opening name the criteria sets of a rule set."""

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
        ("successions", _succession_faults),
        ("score sheets", session_faults),
        ("reports", report_faults),
        ("report snapshots", snapshot_faults),
        ("plan tasks", _task_faults),
        ("certificates", certificate_faults),
        ("product codes", product_code_faults),
        ("producers", producer_faults),
        ("status links", _link_faults),
        ("support", _support_faults),
        ("papers", _paper_faults),
        ("notices", notice_faults),
        ("deputies", deputy_faults),
        ("dates", date_faults),
        ("successions", succession_faults),
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
            if event.action in (CALENDAR_CHANGED, PLAN_AMENDED, UNITS_SUCCEEDED):
                opened |= {name: told for name, told in details_of(event).items() if name in PINNED}
            elif event.action == DOSSIERS_MIGRATED:
                opened |= {name: told for name, told in details_of(event).items() if name.startswith(CRITERIA_OF)}
        for name in PINNED:
            if getattr(cycle, name) != opened[name]:
                yield AuditFault(stream, 1, f"the row's {name} is not the one it was opened with")
        of_rounds = {name: digest for name, digest in opened.items() if name.startswith(OF_ROUND)}
        if {f"{OF_ROUND}{round_id}": digest for round_id, digest in cycle.round_rule_sets.items()} != of_rounds:
            yield AuditFault(stream, 1, "the rule sets of its rounds are not those it was opened with")
        criteria = {name: digest for name, digest in opened.items() if name.startswith(CRITERIA_OF)}
        if {f"{CRITERIA_OF}{rule_set}": digest for rule_set, digest in cycle.criteria_hashes.items()} != criteria:
            yield AuditFault(stream, 1, "the criteria sets are not those it was opened with")


def _dossier_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    cycles = {cycle.id: cycle for cycle in session.exec(select(Cycle))}
    for dossier in session.exec(select(Dossier)):
        stream = f"dossier:{dossier.id}"
        told = _told(streams[stream])
        for name, value in told.items():
            if getattr(dossier, name) != value:
                yield AuditFault(stream, None, f"the row's {name} is not what its events say")
        cycle = cycles[dossier.cycle_id]
        moves = [details_of(event) for event in streams[stream] if event.action == RULE_SET_MIGRATED]
        of_round = cycle.round_rule_sets.get(dossier.round_id, cycle.rule_set_hash)
        begun = _opened(streams[stream]).get("rule_sets", [of_round])  # what replaces others keeps theirs
        passed = begun + [move["rule_set_hash"] for move in moves]
        if dossier.rule_set_hash != passed[-1]:
            yield AuditFault(stream, None, "the row's rule set is not that of its round, or that it was moved to")
        left = [*begun[:-1], *(move["rule_set_before"] for move in moves)]
        if dossier.earlier_rule_sets != passed[:-1] or left != passed[:-1]:
            yield AuditFault(stream, None, "the rule sets that it was moved from are not those that its events name")


def _succession_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Find dossiers that replace others, or are replaced, without both having said so."""
    shown = {(row.dossier_id, row.successor_id) for row in session.exec(select(DossierSuccession))}
    ended, begun = set(), set()
    for stream, events in streams.items():
        kind, _, dossier_id = stream.partition(":")
        for details in (details_of(event) for event in events if kind == "dossier"):
            ended |= {(dossier_id, successor) for successor in details.get("successors", ())}
            begun |= {(origin, dossier_id) for origin in details.get("origin", ())}
    for dossier_id, successor_id in sorted((shown ^ ended) | (shown ^ begun)):
        yield AuditFault(f"dossier:{dossier_id}", None, f"that {successor_id} replaces it is not what the events say")


def _opened(events: list[Event]) -> dict[str, Any]:
    """Return what the first event of a stream tells; nothing where all of it was taken away."""
    return details_of(events[0]) if events else {}


def _told(events: list[Event]) -> dict[str, Any]:
    """Return the facts of a dossier's row as its events tell them."""
    facts: dict[str, Any] = dict.fromkeys(
        ("submitted_at", "received_at", "receipt_number", "mean", "stars", "closed_at", "criteria_set")
    )
    facts["kind"] = _opened(events).get("kind")
    for event in events:
        details = details_of(event)
        if event.action == ACTIONS[DossierTrigger.SUBMIT]:
            facts["submitted_at"] = event.effective_at
        elif event.action == ACTIONS[DossierTrigger.RECEIVE]:
            facts["received_at"], facts["receipt_number"] = event.effective_at, details["receipt_number"]
        facts["criteria_set"] = details.get("criteria_set", facts["criteria_set"])
        if event.to_state is not None:
            facts["closed_at"] = event.effective_at if event.to_state in FINAL_STATUSES else None
    facts["mean"], facts["stars"] = result_told(events)
    return facts


def _task_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    for task in session.exec(select(PlanTask)):
        stream = f"task:{task.id}"
        told: dict[str, Any] = {}
        for event in streams[stream]:
            if event.action == "task_approved":
                told |= {"approved_at": event.effective_at, "approval_document": details_of(event)["document"]}
            elif event.action in {"task_started", "task_completed"}:
                told["started_at" if event.action == "task_started" else "done_at"] = event.effective_at
        for name in ("approved_at", "approval_document", "started_at", "done_at"):
            if getattr(task, name) != told.get(name):
                yield AuditFault(stream, None, f"the row's {name} is not what its events say")


def _paper_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    told = {
        (stream, details["paper"]): (details["present"], details["last_day"])
        for stream, events in streams.items()
        for details in (details_of(event) for event in events if event.action == PAPER_RECORDED)
    }
    for row in session.exec(select(DossierPaper)):
        stream = f"dossier:{row.dossier_id}"
        shown = (row.present, row.last_day.isoformat() if row.last_day else None)
        if told.pop((stream, row.paper_id), None) != shown:
            yield AuditFault(stream, None, f"the paper {row.paper_id} is not as its events say")
    for stream, paper in told:
        yield AuditFault(stream, None, f"what was recorded of the paper {paper} is missing")


def _support_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    for support in session.exec(select(Support)):
        stream = f"support:{support.id}"
        (given,) = streams[stream]
        facts = {
            "key": support.key,
            "item": support.item_id,
            "dossier": support.dossier_id,
            "document": support.document,
        }
        if facts != details_of(given) or (support.given_at, support.cycle_id) != (given.effective_at, given.cycle_id):
            yield AuditFault(stream, 1, "the row is not as its event says")


def _link_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    told: dict[str, tuple[str, dict[str, Any], datetime | None]] = {}
    for stream, events in streams.items():
        for event in events:
            if event.action.startswith("link_"):
                details = details_of(event)
                revoked_at = event.recorded_at if event.action == "link_revoked" else None
                told[details["link"]] = (stream, details, revoked_at)
    for link in session.exec(select(StatusLink)):
        stream = f"dossier:{link.dossier_id}" if link.report_id is None else f"report:{link.report_id}"
        if told.pop(link.id, None) != (stream, details_of_link(link), link.revoked_at):
            yield AuditFault(stream, None, "a status link is not as its events say")
    for feed in session.exec(select(FeedLink)):
        stream = f"feed:{feed.id}"
        if told.pop(feed.id, None) != (stream, details_of_link(feed), feed.revoked_at):
            yield AuditFault(stream, None, "the link to a calendar is not as its events say")
    for stream, _, _ in told.values():
        yield AuditFault(stream, None, "a link that was issued is missing")
