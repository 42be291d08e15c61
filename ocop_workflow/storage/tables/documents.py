"""The installation itself and the documents its cycles are pinned to."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class Installation(SQLModel, table=True):
    """One row: live or simulated, for good, and the last business instant, which never goes back."""

    __table_args__ = (
        CheckConstraint("id = 1", name="one_installation"),
        CheckConstraint("mode IN ('live', 'simulated')", name="installation_mode"),
    )

    id: int = Field(default=1, primary_key=True)
    mode: str
    seed: str | None = None
    created_at: datetime
    last_now: datetime


class SuccessionAct(SQLModel, table=True):
    """An act by which units took over from others, with the decision's document. It is a stream of one event."""

    __tablename__ = "succession"

    id: str = Field(primary_key=True)
    key: str = Field(unique=True)
    decision: str
    effective_on: date
    document_hash: str = Field(foreign_key="pinned_document.hash")
    recorded_at: datetime
    version: int = 0


class PinnedDocument(SQLModel, table=True):
    """A plan, rule set, unit register or list of days off as it was when a cycle was pinned to it.

    `hash` is the SHA-256 of `body`, canonical JSON in UTF-8.
    """

    __tablename__ = "pinned_document"

    hash: str = Field(primary_key=True, max_length=64)
    kind: str
    name: str
    body: bytes
