"""What must be said (notices) and what leaves (mails), with every attempt to hand a mail over."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class Notice(SQLModel, table=True):
    """What must be said to one party, once. `key` holds promise I2a.

    A rung's notice names its obligation, deadline version and rung; news names the event it tells of. Once
    `useful_until` has come it is not said any more. `recipient` is a party (`unit/role` or `producer:<id>`); who holds
    the position is found when it is bundled.
    """

    __table_args__ = (
        UniqueConstraint("key"),
        CheckConstraint(
            "status IN ('planned', 'draft', 'bundled', 'sent', 'suppressed', 'fulfilled')", name="notice_status"
        ),
        Index("ix_notice_waiting", "office_id", "status"),
        Index("ix_notice_mail", "mail_id"),
        Index("ix_notice_obligation", "obligation_id"),
    )

    id: str = Field(primary_key=True)
    key: str
    office_id: str
    cycle_id: str = Field(foreign_key="cycle.id")
    obligation_id: str | None = Field(default=None, foreign_key="obligation.id")
    deadline_version: int | None = None
    rung: str | None = None
    audience: str
    line_kind: str
    subject_id: str
    code: str | None = None
    params: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    recipient: str
    immediate: bool = False
    moment_at: datetime
    useful_until: datetime | None = None
    planned_at: datetime
    status: str
    suppression: str | None = None
    mail_id: str | None = Field(default=None, foreign_key="mail.id")
    settled_at: datetime | None = None


class Mail(SQLModel, table=True):
    """What leaves for one person: one to many notices. Message-ID and bytes are fixed when it is frozen (I2b)."""

    __table_args__ = (
        UniqueConstraint("office_id", "recipient", "local_date", "kind", "sequence"),
        UniqueConstraint("message_id"),
        CheckConstraint("status IN ('open', 'frozen', 'sent', 'refused', 'withdrawn')", name="mail_status"),
        Index("ix_mail_due", "office_id", "status", "next_try_at"),
    )

    id: str = Field(primary_key=True)
    office_id: str
    recipient: str
    recipient_name: str
    address: str
    language: str
    kind: str
    local_date: date
    sequence: int
    message_id: str
    status: str = "open"
    created_at: datetime
    next_try_at: datetime
    frozen_at: datetime | None = None
    message: bytes | None = None
    attempt: int = 0
    lease_until: datetime | None = None
    settled_at: datetime | None = None
    reply: str | None = None


class DeliveryAttempt(SQLModel, table=True):
    """One attempt to hand a mail over, with the server's reply."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('started', 'accepted', 'temporary', 'permanent', 'outcome_unknown')", name="attempt_outcome"
        ),
    )

    mail_id: str = Field(primary_key=True, foreign_key="mail.id")
    number: int = Field(primary_key=True)
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str = "started"
    reply: str | None = None
