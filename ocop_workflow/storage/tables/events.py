"""The append-only record of every change and act, and the daily seals over it."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class Event(SQLModel, table=True):
    """One change or act in the stream of its subject; UNIQUE(stream, seq) is compare-and-set and order at once.

    `payload` is canonical JSON in UTF-8 and holds everything; the typed columns are copies that `audit verify`
    compares. `hash` is SHA-256 over the hash version, the previous event's hash and the payload. `effective_at` is
    when it became true, `recorded_at` when it was written down.
    """

    __table_args__ = (UniqueConstraint("command"),)

    stream: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    hash_version: int
    cycle_id: str | None = Field(default=None, index=True)
    recorded_at: datetime = Field(index=True)
    effective_at: datetime
    actor: str
    action: str
    from_state: str | None = None
    to_state: str | None = None
    rule: str | None = None
    details: str
    text_hash: str | None = None
    command: str | None = None
    payload: bytes
    previous_hash: str
    hash: str


class EventText(SQLModel, table=True):
    """Free text of an event that may hold personal data; its salted hash stands in the payload, so it can be erased."""

    __tablename__ = "event_text"

    stream: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    salt: str
    body: str


class Seal(SQLModel, table=True):
    """A daily seal: all events recorded before `until`, chained to the seal before.

    `payload` lists the streams that grew since the seal before, each with the number and hash of its last event.
    """

    number: int = Field(primary_key=True)
    until: datetime = Field(unique=True)
    sealed_at: datetime
    payload: bytes
    previous_hash: str
    hash: str = Field(unique=True)
