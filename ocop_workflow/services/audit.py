"""Verifying the record: changed, missing, reordered or cut events are named, and rows that say something else."""

import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import type_coerce
from sqlalchemy.types import NullType
from sqlmodel import Session, SQLModel, col, select

from ocop_workflow.services.audit_facts import fact_faults
from ocop_workflow.services.audit_fault import AuditFault
from ocop_workflow.services.events import GENESIS, HASH_VERSION, event_hash, payload_of, text_hash
from ocop_workflow.services.producer_closures import CLOSED
from ocop_workflow.services.sealing import seal_content, seal_hash
from ocop_workflow.storage.tables import (
    Certificate,
    Cycle,
    Dossier,
    Event,
    EventText,
    FeedLink,
    PlanTask,
    Producer,
    Report,
    SuccessionAct,
    Support,
)

COPIED_COLUMNS = (
    "stream",
    "seq",
    "cycle_id",
    "recorded_at",
    "effective_at",
    "actor",
    "action",
    "from_state",
    "to_state",
    "rule",
    "details",
    "text_hash",
    "command",
)
"""The columns of an event that its payload holds too."""

DOSSIER = "dossier:"
"""How the streams of dossiers begin."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found.

    Attributes:
        events: How many events were read.
        seals: How many seals were read.
        seal: The hash of the last seal, to be kept outside of the folder.
        faults: What is wrong; empty when all is well.
    """

    events: int
    seals: int
    seal: str | None
    faults: tuple[AuditFault, ...]


def verify(session: Session, *, expected_seal: str | None = None) -> Verdict:
    """Check every event, seal and subject row.

    Args:
        session: A reading session.
        expected_seal: A seal's hash kept from outside, such as from a digest; it must be in the chain.
    """
    faults: list[AuditFault] = []
    heads: dict[str, dict[int, str]] = {}
    states: dict[str, tuple[int, str | None]] = {}
    count = 0
    for event in _rows(session, "event", "stream", "seq"):
        count += 1
        faults += _event_faults(event, heads.get(event.stream, {}))
        if not isinstance(event.seq, int):
            continue
        heads.setdefault(event.stream, {})[event.seq] = event.hash
        known = states.get(event.stream, (0, None))[1]
        states[event.stream] = (event.seq, _state_after(event, known))
    faults += _text_faults(session)
    seals = list(_rows(session, "seal", "number"))
    faults += _seal_faults(seals, heads, expected_seal)
    if not faults:
        faults += _smuggled_faults(session, seals)
    faults += _row_faults(session, states)
    if not faults:
        faults += fact_faults(session)
    return Verdict(count, len(seals), seals[-1].hash if seals else None, tuple(faults))


def _rows(session: Session, table_name: str, *order: str) -> Iterator[Any]:
    """Yield a table's rows in order, each value as the database has it, whether it can be read or not."""
    table: Any = SQLModel.metadata.tables[table_name]
    columns = [type_coerce(column, NullType()).label(column.name) for column in table.c]
    yield from session.execute(select(*columns).order_by(*(table.c[name] for name in order)))


def _instant(value: Any) -> datetime:
    """Return an instant as it was written: SQLite keeps UTC as text without an offset, PostgreSQL gives it aware."""
    read = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _state_after(event: Any, before: str | None) -> str | None:
    """Return the state that an event leaves its subject in; a dossier's end keeps the stage where it was reached."""
    told = event.to_state
    if told is None:
        return before
    if str(event.stream).startswith(DOSSIER) and ":" not in str(told):
        return f"{str(before).partition(':')[0]}:{told}"
    return str(told)


def _event_faults(event: Any, before: dict[int, str]) -> list[AuditFault]:
    faults = []

    def fault(sentence: str) -> None:
        faults.append(AuditFault(event.stream, event.seq, sentence))

    if not isinstance(event.seq, int):
        fault("its number can't be read")
        return faults
    expected_seq = max(before, default=0) + 1
    if event.seq != expected_seq:
        fault(f"event {expected_seq} before it is missing")
    if event.hash_version != HASH_VERSION:
        fault(f"hash version is {event.hash_version}, written was {HASH_VERSION}")
    previous = before.get(event.seq - 1, GENESIS if event.seq == 1 else None)
    if previous is not None and event.previous_hash != previous:
        fault("its previous hash is not that of the event before it")
    try:
        if event.hash != event_hash(HASH_VERSION, event.previous_hash, event.payload):
            fault("its hash does not fit its payload")
        columns = {name: getattr(event, name) for name in COPIED_COLUMNS}
        columns |= {name: _instant(columns[name]) for name in ("recorded_at", "effective_at")}
        if payload_of(columns) != event.payload:
            fault(f"its {_changed_column(columns, event.payload)} is not what its payload says")
    except (AttributeError, TypeError, ValueError):
        fault("a column holds something that can't be read")
    return faults


def _changed_column(columns: dict[str, Any], payload: bytes) -> str:
    try:
        recorded = json.loads(payload)
        shown = json.loads(payload_of(columns))
    except ValueError:
        return "content"
    return next((name for name in columns if recorded.get(name) != shown[name]), "content")


def _text_faults(session: Session) -> list[AuditFault]:
    """Find free texts that were changed; an erased one is no fault."""
    rows = session.exec(
        select(EventText, Event.text_hash).join(
            Event, (col(Event.stream) == col(EventText.stream)) & (col(Event.seq) == col(EventText.seq)), isouter=True
        )
    )
    return [
        AuditFault(text.stream, text.seq, "its free text was changed")
        for text, digest in rows
        if text_hash(text.salt, text.body) != digest
    ]


def _seal_faults(seals: list[Any], heads: dict[str, dict[int, str]], expected: str | None) -> list[AuditFault]:
    faults = []
    previous = GENESIS
    for number, seal in enumerate(seals, start=1):
        name = f"seal {seal.number}"
        if seal.number != number:
            faults.append(AuditFault(name, None, f"seal {number} before it is missing"))
        try:
            if seal.previous_hash != previous or seal.hash != seal_hash(seal.previous_hash, seal.payload):
                faults.append(AuditFault(name, None, "its hash does not fit its content or the seal before"))
            faults += _sealed_faults(seal, heads)
        except (AttributeError, KeyError, TypeError, ValueError):
            faults.append(AuditFault(name, None, "a column holds something that can't be read"))
        previous = seal.hash
    if expected is not None and expected not in {seal.hash for seal in seals}:
        faults.append(
            AuditFault("seals", None, f"no seal has the hash {expected[:80]}; the record was cut or rewritten")
        )
    return faults


def _sealed_faults(seal: Any, heads: dict[str, dict[int, str]]) -> list[AuditFault]:
    """Find where a seal's columns differ from its payload, and events that are no longer as it saw them."""
    faults = []
    content = json.loads(seal.payload)
    columns = seal_content(seal.number, _instant(seal.until), _instant(seal.sealed_at), content["heads"])
    if content != columns:
        faults.append(AuditFault(f"seal {seal.number}", None, "its columns are not what its payload says"))
    for stream, seq, digest in content["heads"]:
        found = heads.get(stream, {}).get(seq)
        if found is None:
            faults.append(AuditFault(stream, seq, f"it is missing; seal {seal.number} saw it"))
        elif found != digest:
            faults.append(AuditFault(stream, seq, f"it is not the one that seal {seal.number} saw"))
    return faults


def _smuggled_faults(session: Session, seals: list[Any]) -> list[AuditFault]:
    """Find events that claim to have been recorded before a seal that did not see them."""
    faults = []
    untils = [_instant(seal.until) for seal in seals]
    heads = [{stream: seq for stream, seq, _ in json.loads(seal.payload)["heads"]} for seal in seals]
    last: dict[str, datetime] = {}
    for stream, seq, at in session.exec(
        select(Event.stream, Event.seq, Event.recorded_at).order_by(col(Event.stream), col(Event.seq))
    ):
        if at < last.get(stream, at):
            faults.append(AuditFault(stream, seq, "it claims to have been recorded before the event before it"))
        last[stream] = at
        seal = bisect_right(untils, at)
        if seal < len(heads) and seq > heads[seal].get(stream, 0):
            faults.append(AuditFault(stream, seq, f"it was put in after seal {seal + 1}, which did not see it"))
    return faults


def _row_faults(session: Session, states: dict[str, tuple[int, str | None]]) -> list[AuditFault]:
    """Find subject rows whose state or version is not what their events say, and streams without a row."""
    faults = []
    seen = set()
    for stream, version, state in _subject_rows(session):
        seen.add(stream)
        seq, told = states.get(stream, (0, None))
        if seq != version:
            faults.append(AuditFault(stream, seq + 1, f"the row counts {version} events, the record holds {seq}"))
        if told != state:
            faults.append(AuditFault(stream, seq, f"the row says {state}, its events say {told}"))
    faults += [AuditFault(stream, 1, "its row is missing") for stream in states if stream not in seen]
    return faults


def _subject_rows(session: Session) -> Iterator[tuple[str, int, str | None]]:
    for dossier in session.exec(select(Dossier.id, Dossier.version, Dossier.stage, Dossier.status)):
        yield f"{DOSSIER}{dossier[0]}", dossier[1], f"{dossier[2]}:{dossier[3]}"
    for report in session.exec(select(Report.id, Report.version, Report.status)):
        yield f"report:{report[0]}", report[1], report[2]
    for task in session.exec(select(PlanTask.id, PlanTask.version, PlanTask.status)):
        yield f"task:{task[0]}", task[1], task[2]
    for support in session.exec(select(Support.id, Support.version, Support.status)):
        yield f"support:{support[0]}", support[1], support[2]
    for certificate in session.exec(select(Certificate.id, Certificate.version, Certificate.status)):
        yield f"certificate:{certificate[0]}", certificate[1], certificate[2]
    for cycle in session.exec(select(Cycle.id, Cycle.version, Cycle.status)):
        yield f"cycle:{cycle[0]}", cycle[1], cycle[2]
    for act in session.exec(select(SuccessionAct.id, SuccessionAct.version)):
        yield f"succession:{act[0]}", act[1], None
    for producer in session.exec(select(Producer)):
        yield f"producer:{producer.id}", producer.version, CLOSED if producer.closed_on is not None else None
    for feed in session.exec(select(FeedLink.id, FeedLink.version)):
        yield f"feed:{feed[0]}", feed[1], None
