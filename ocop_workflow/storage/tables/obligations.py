"""What somebody must do by an instant."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class Obligation(SQLModel, table=True):
    """Something one party must do by `due_at`, the first instant too late.

    `key` is its natural name within the cycle. `next_action_at` is the earliest moment of a rung not decided yet,
    `enforce_at` the next instant at which lateness has to be recorded; both are null when nothing is left to do,
    so a sweep costs what is due and not what exists. `why_code` and `why_params` explain the date.
    `limit_at` is the statutory instant past which a plan's date can't be moved, `limit_source` its article.
    """

    __table_args__ = (
        UniqueConstraint("cycle_id", "key"),
        CheckConstraint("status IN ('open', 'done', 'cancelled')", name="obligation_status"),
        Index("ix_obligation_action", "cycle_id", "next_action_at"),
        Index("ix_obligation_enforce", "cycle_id", "enforce_at"),
        Index("ix_obligation_subject", "subject_id", "status"),
        Index("ix_obligation_party", "cycle_id", "party", "status"),
    )

    id: str = Field(primary_key=True)
    cycle_id: str = Field(foreign_key="cycle.id")
    key: str
    kind: str
    subject_id: str
    stage: str | None = None
    step: str | None = None
    unit_id: str
    party: str
    superior: str | None = None
    ladder: str | None = None
    opens_at: datetime
    due_at: datetime | None = None
    firmness: str
    origin: str
    deadline_version: int = 1
    why_code: str
    why_params: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    source: str
    limit_at: datetime | None = None
    limit_source: str | None = None
    lapse_at: datetime | None = None
    status: str = "open"
    closed_at: datetime | None = None
    overdue_at: datetime | None = None
    next_action_at: datetime | None = None
    enforce_at: datetime | None = None
