"""Whether councils' sessions, sheets, findings and interests are what the events say, and results follow (I7)."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlmodel import Session, col, select

from ocop_workflow.errors import InputError
from ocop_workflow.policy.criteria import CriteriaSet
from ocop_workflow.policy.rule_set import RuleSet
from ocop_workflow.services.audit_consultations import ToldConsultation, consultation_faults
from ocop_workflow.services.audit_fault import AuditFault
from ocop_workflow.services.dossier_criteria import CRITERIA_SET_NAMED
from ocop_workflow.services.dossiers import ACTIONS
from ocop_workflow.services.evaluations import rating_of
from ocop_workflow.services.events import details_of
from ocop_workflow.services.pinned_documents import criteria_by_number
from ocop_workflow.services.redating import RULE_SET_MIGRATED
from ocop_workflow.services.session_rows import VOIDING, SessionState, consultation_of
from ocop_workflow.storage.tables import (
    CouncilInterest,
    CouncilSession,
    Cycle,
    Dossier,
    Event,
    PinnedDocument,
    ScoreSheet,
    WrittenConsultation,
)
from state_machines.dossier import FINAL_STATUSES

Place = tuple[str, str, int]
"""A session: the dossier's stream, the stage, the number."""

_VOIDING_ACTIONS = frozenset({CRITERIA_SET_NAMED, RULE_SET_MIGRATED, *(ACTIONS[trigger] for trigger in VOIDING)})


def session_faults(session: Session, streams: dict[str, list[Event]]) -> Iterator[AuditFault]:
    """Compare the rows of councils with the events that made them, and compute every result anew."""
    cycles = {cycle.id: cycle for cycle in session.exec(select(Cycle))}
    of_dossiers = {f"dossier:{dossier.id}": dossier for dossier in session.exec(select(Dossier))}
    opened_under = {
        stream: cycles[dossier.cycle_id].round_rule_sets.get(dossier.round_id, cycles[dossier.cycle_id].rule_set_hash)
        for stream, dossier in of_dossiers.items()
    }
    told = _Told(opened_under)
    for stream, events in streams.items():
        for event in events:
            told.take(stream, event)
    sheets: dict[Place, list[ScoreSheet]] = defaultdict(list)
    for sheet in session.exec(select(ScoreSheet)):
        sheets[f"dossier:{sheet.dossier_id}", sheet.stage, sheet.session].append(sheet)
    rows = {(f"dossier:{row.dossier_id}", row.stage, row.number): row for row in session.exec(select(CouncilSession))}
    yield from _session_faults(told, rows)
    yield from _sheet_faults(told, sheets)
    yield from _interest_faults(told, session)
    yield from consultation_faults(told.consultations, session)
    documents = _Documents(session)
    for place, event in told.results:
        row = rows.get(place)
        cycle = cycles[of_dossiers[place[0]].cycle_id]
        rules = None if row is None else documents.rules(row.rule_set_hash, cycle)
        asked = consultation_of(session, row) if row is not None else None
        scored = sheets[place] if asked is None else [asked]
        if row is None or not _is_result(rules, scored, row, details_of(event)):
            yield AuditFault(place[0], event.seq, "its result can't be computed from the stored score sheets")


class _Told:
    """What the events tell, read in the order of each stream; each dossier was opened under a rule set."""

    def __init__(self, opened_under: Mapping[str, str]) -> None:
        self.rule_sets = dict(opened_under)
        self.sessions: dict[str, dict[tuple[str, int], dict[str, Any]]] = defaultdict(dict)
        self.sheets: dict[Place, dict[str, dict[str, Any]]] = defaultdict(dict)
        self.last_seq: dict[Place, int] = {}
        self.interests: set[tuple[str, str, str]] = set()
        self.results: list[tuple[Place, Event]] = []
        self.consultations: dict[Place, ToldConsultation] = {}
        self.ended_by: dict[str, str] = {}

    def take(self, stream: str, event: Event) -> None:  # noqa: C901 -- one way for each action
        details = details_of(event)
        if event.to_state in FINAL_STATUSES:
            self.ended_by[stream] = event.action
        if event.action == RULE_SET_MIGRATED:
            self.rule_sets[stream] = details["rule_set_hash"]
        if event.action in _VOIDING_ACTIONS:
            self._turn(stream, None, SessionState.OPEN, SessionState.VOID)
            return
        stage = details.get("stage") or (event.from_state or "").partition(":")[0]
        place = (stream, stage, details.get("session", 0))
        match event.action:
            case "session_opened":
                self._turn(stream, stage, SessionState.OPEN, SessionState.SUPERSEDED)
                self.sessions[stream][stage, details["session"]] = {
                    "kind": details["kind"],
                    "held_on": details["held_on"],
                    "state": SessionState.OPEN.value,
                    "document": details.get("document"),
                    "rule_set_hash": self.rule_sets[stream],
                    "criteria_set": details.get("criteria_set"),
                    "findings": {},
                    "opened_seq": event.seq,
                }
            case "findings_recorded":
                self.sessions[stream][stage, details["session"]]["findings"] |= details["findings"]
            case "interest_declared":
                self.interests.add((stream, stage, details["member"]))
            case "scores_recorded":
                self.last_seq[place] = event.seq
                self.sheets[place] |= {
                    member: {
                        "total": total,
                        "points": details["points"][member],
                        "criteria": details.get("criteria", {}).get(member, {}),
                        "from_paper": details["from_paper"],
                        "entered_by": event.actor,
                    }
                    for member, total in details["totals"].items()
                }
            case "consultation_turned":
                self.consultations[place].turned_at = event.recorded_at
                self._turn(stream, stage, SessionState.OPEN, SessionState.SUPERSEDED)
            case "opinions_asked" | "opinion_given":
                self._take_opinion(place, event, details)
            case "dossier_reopened" if self.ended_by.get(stream) == "stage_concluded":
                self._turn(stream, stage, SessionState.CONCLUSIVE, SessionState.SUPERSEDED)
            case "stage_concluded" if "session" in details:
                self._turn(stream, stage, SessionState.CONCLUSIVE, SessionState.SUPERSEDED)
                self.sessions[stream][stage, details["session"]]["state"] = SessionState.CONCLUSIVE.value
                self.results.append((place, event))
                self._count_opinions(place, event, details)

    def _take_opinion(self, place: Place, event: Event, details: dict[str, Any]) -> None:
        if event.action == "opinions_asked":
            self.consultations[place] = ToldConsultation.of(details)
        else:
            self.consultations[place].answer(event, details)

    def _count_opinions(self, place: Place, event: Event, details: dict[str, Any]) -> None:
        if place in self.consultations:
            interested = {member for *where, member in self.interests if where == list(place[:2])}
            self.consultations[place].conclude(event, details, interested=interested)

    def _turn(self, stream: str, stage: str | None, before: SessionState, after: SessionState) -> None:
        for (of_stage, _), told in self.sessions[stream].items():
            if stage in (None, of_stage) and told["state"] == before.value:
                told["state"] = after.value


def _session_faults(told: _Told, rows: dict[Place, CouncilSession]) -> Iterator[AuditFault]:
    known = {(stream, *place) for stream, held in told.sessions.items() for place in held}
    for stream, stage, number in sorted({*known, *rows}):
        row = rows.get((stream, stage, number))
        shown = row and {
            "kind": row.kind,
            "held_on": row.held_on.isoformat(),
            "state": row.state,
            "document": row.document,
            "rule_set_hash": row.rule_set_hash,
            "criteria_set": row.criteria_set,
            "findings": row.findings,
            "opened_seq": row.opened_seq,
        }
        if shown != told.sessions[stream].get((stage, number)):
            yield AuditFault(stream, None, f"session {number} at {stage} is not as its events say")


def _sheet_faults(told: _Told, sheets: dict[Place, list[ScoreSheet]]) -> Iterator[AuditFault]:
    for place in sorted({*told.sheets, *sheets}):
        stream, stage, number = place
        if place not in told.sheets:
            yield AuditFault(stream, None, f"the score sheets of session {number} at {stage} were never recorded")
            continue
        shown = {
            sheet.member: {
                "total": sheet.total,
                "points": sheet.points,
                "criteria": sheet.criteria,
                "from_paper": sheet.from_paper,
                "entered_by": sheet.entered_by,
            }
            for sheet in sheets.get(place, [])
        }
        if shown != told.sheets[place]:
            yield AuditFault(stream, told.last_seq[place], "the score sheets are not those that were recorded")


def _interest_faults(told: _Told, session: Session) -> Iterator[AuditFault]:
    rows = {(f"dossier:{row.dossier_id}", row.stage, row.member) for row in session.exec(select(CouncilInterest))}
    for stream, stage, member in sorted(rows ^ told.interests):
        yield AuditFault(stream, None, f"the interest of {member} at {stage} is not as its events say")


Rules = tuple[RuleSet, Mapping[int, CriteriaSet]]
"""What a session scores by: its rule set, and the criteria sets of that by their number."""


class _Documents:
    """The pinned rule sets and criteria sets that can be read, by hash."""

    def __init__(self, session: Session) -> None:
        self._rule_sets: dict[str, RuleSet] = {}
        self._criteria: dict[str, Mapping[int, CriteriaSet]] = {}
        kinds = col(PinnedDocument.kind).in_(("rule_set", "criteria"))
        for document in session.exec(select(PinnedDocument).where(kinds)):
            with suppress(ValueError):
                body = json.loads(document.body)
                if document.kind == "criteria":
                    self._criteria[document.hash] = criteria_by_number(body)
                else:
                    self._rule_sets[document.hash] = RuleSet.model_validate(body)

    def rules(self, digest: str, cycle: Cycle) -> Rules | None:
        """Return a rule set with the criteria sets that a cycle is pinned to, or None where it can't be read."""
        rule_set = self._rule_sets.get(digest)
        if rule_set is None:
            return None
        return rule_set, self._criteria.get(cycle.criteria_hashes.get(rule_set.id, ""), {})


def _is_result(
    rules: Rules | None,
    sheets: Sequence[ScoreSheet | WrittenConsultation],
    held: CouncilSession,
    details: dict[str, Any],
) -> bool:
    """Return whether a recorded result follows from the stored sheets, the findings, the rule set and the criteria."""
    if rules is None:
        return False
    rule_set, criteria = rules
    try:
        criteria_set = None if held.criteria_set is None else criteria[held.criteria_set]
        rating = rating_of(sheets, held.findings, rule_set, criteria_set)
    except (ArithmeticError, InputError, KeyError):
        return False
    recorded = (details["mean"], details["stars"], details.get("unmet", []))
    return (str(rating.mean), rating.stars, list(rating.unmet)) == recorded
