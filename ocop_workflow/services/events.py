"""The append-only streams of events (promise I1)."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from ocop_workflow.errors import InputError
from ocop_workflow.services.pinned_documents import canonical_bytes
from ocop_workflow.services.unit_of_work import UnitOfWork
from ocop_workflow.storage.tables import Event

HASH_VERSION = 1
GENESIS = "0" * 64

_OF_COMMAND = select(Event).where(col(Event.command) == bindparam("command"))
_HASH = select(Event.hash).where(col(Event.stream) == bindparam("stream"), col(Event.seq) == bindparam("seq"))
"""Every act asks both: building and hashing such a statement anew takes as long as asking it."""


class VersionConflictError(InputError):
    """Somebody else changed the subject meanwhile; read it again and decide anew."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be recorded: who did what, from where to where, why, by which rule.

    Attributes:
        actor: The party that acted, or `system:<flow>`.
        action: The past fact, such as `dossier_received`.
        rule: The article, plan item or decision that it rests on.
        details: Codes and numbers; people and addresses only by id.
        effective_at: When it became true; the unit of work's `now` when None.
        text: Free text that may hold personal data; kept beside the event, erasable.
        command: A name unique for good that makes the act idempotent.
    """

    actor: str
    action: str
    from_state: str | None = None
    to_state: str | None = None
    rule: str | None = None
    details: Mapping[str, Any] | None = None
    effective_at: datetime | None = None
    text: str | None = None
    command: str | None = None


def append_event(work: UnitOfWork, *, stream: str, seq: int, cycle_id: str | None, act: Act) -> Event:
    """Append one event to its stream.

    Args:
        work: The unit of work in which the subject's row changes too.
        stream: The subject's stream, such as `dossier:<id>`.
        seq: The subject's version after the change, starting at 1.
        cycle_id: The cycle it belongs to.
        act: What is recorded.

    Raises:
        VersionConflictError: The stream has this number already, the command was carried out before, or the number
            before is missing.
    """
    previous = GENESIS if seq == 1 else _hash_at(work.session, stream, seq - 1)
    details = canonical_bytes(act.details or {}).decode()
    salt = work.ids.new("salt", f"{stream}#{seq}") if act.text is not None else None
    columns: dict[str, Any] = {
        "stream": stream,
        "seq": seq,
        "cycle_id": cycle_id,
        "recorded_at": work.now,
        "effective_at": act.effective_at or work.now,
        "actor": act.actor,
        "action": act.action,
        "from_state": act.from_state,
        "to_state": act.to_state,
        "rule": act.rule,
        "details": details,
        "text_hash": None if act.text is None else text_hash(salt or "", act.text),
        "command": act.command,
    }
    columns = {name: _nfc(value) if isinstance(value, str) else value for name, value in columns.items()}
    payload = payload_of(columns)
    digest = event_hash(HASH_VERSION, previous, payload)
    _heads(work.session)[stream] = (seq, digest)
    row = {**columns, "hash_version": HASH_VERSION, "payload": payload, "previous_hash": previous, "hash": digest}
    tables = SQLModel.metadata.tables
    try:
        work.session.execute(insert(tables["event"]), [row])
        if act.text is not None:
            text = {"stream": stream, "seq": seq, "salt": salt, "body": act.text}
            work.session.execute(insert(tables["event_text"]), [text])
    except IntegrityError as error:
        raise VersionConflictError(
            f"{stream} was changed by somebody else (version {seq} exists); read it again and repeat"
        ) from error
    return Event(**row)


def command_done(session: Session, command: str | None) -> bool:
    """Return whether the act of this name was carried out before."""
    return event_of_command(session, command) is not None


def event_of_command(session: Session, command: str | None) -> Event | None:
    """Return the event of the act of this name, or None when there was none yet."""
    if command is None:
        return None
    with session.no_autoflush:
        return session.exec(_OF_COMMAND, params={"command": command}).first()


def payload_of(columns: Mapping[str, Any]) -> bytes:
    """Return the canonical payload of an event's columns: instants as ISO 8601 in UTC, text as it is (NFC when new)."""
    return canonical_bytes(
        {
            name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
            for name, value in columns.items()
        }
    )


def event_hash(version: int, previous: str, payload: bytes) -> str:
    """Return the SHA-256 over hash version, previous hash and payload, in hexadecimal."""
    return hashlib.sha256(f"{version}\n{previous}\n".encode() + payload).hexdigest()


def text_hash(salt: str, body: str) -> str:
    """Return the salted SHA-256 of an event's free text, in hexadecimal."""
    return hashlib.sha256(f"{salt}\n{body}".encode()).hexdigest()


def details_of(event: Event) -> dict[str, Any]:
    """Return an event's details as they were recorded."""
    details: dict[str, Any] = json.loads(event.details)
    return details


def events_of(session: Session, stream: str) -> list[Event]:
    """Return a stream's events in order."""
    return list(session.exec(select(Event).where(col(Event.stream) == stream).order_by(col(Event.seq))))


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _heads(session: Session) -> dict[str, tuple[int, str]]:
    """Return number and hash of the last event that this session has appended to each stream."""
    heads: dict[str, tuple[int, str]] = session.info.setdefault("heads of streams", {})
    return heads


def _hash_at(session: Session, stream: str, seq: int) -> str:
    """Return the hash of an event; that of one which this very transaction has appended is known."""
    number, digest = _heads(session).get(stream, (0, ""))
    if number == seq:
        return digest
    with session.no_autoflush:  # events are written at once; what else waits may wait on, and be written together
        found = session.exec(_HASH, params={"stream": stream, "seq": seq}).first()
    if found is None:
        raise VersionConflictError(f"event {seq} of {stream} is missing; run `ocop audit verify`")
    return found
