"""Cycles and what they are about: products, dossiers, reports, plan tasks."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class Cycle(SQLModel, table=True):
    """An office's year under a plan, pinned to the documents it was opened with (promise I6).

    `rule_set_hash` is the year's rule set, `round_rule_sets` those of rounds that have their own. `receipts` is the
    last number taken from the receipt book. `criteria_hashes` are the criteria sets of rule sets that have some, by the
    rule set's id.
    """

    __table_args__ = (
        UniqueConstraint("office_id", "plan_id", "year"),
        CheckConstraint("status IN ('open', 'intake_closed', 'closed')", name="cycle_status"),
    )

    id: str = Field(primary_key=True)
    key: str = Field(unique=True)
    office_id: str = Field(index=True)
    office_position: str
    plan_id: str
    year: int
    status: str = "open"
    version: int = 0
    plan_hash: str = Field(foreign_key="pinned_document.hash")
    rule_set_hash: str = Field(foreign_key="pinned_document.hash")
    units_hash: str = Field(foreign_key="pinned_document.hash")
    days_hash: str = Field(foreign_key="pinned_document.hash")
    products_hash: str = Field(foreign_key="pinned_document.hash")
    round_rule_sets: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    criteria_hashes: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    receipts: int = 0
    opened_at: datetime
    runs_until: datetime


class Product(SQLModel, table=True):
    """One form of one producer: what is scored and certified."""

    __table_args__ = (UniqueConstraint("producer_id", "name"),)

    id: str = Field(primary_key=True)
    producer_id: str = Field(foreign_key="producer.id", index=True)
    unit_id: str
    name: str
    form: str
    group: str | None = None


class Dossier(SQLModel, table=True):
    """One attempt of one kind for one product. `version` is the number of its last event (compare-and-set).

    `unit_id` is the product's unit when it was opened: its authorities handle it, or whoever took over from them.
    `stage_at` is when it came to its present stage; nothing there can have happened before. `criteria_set` is the
    number of the set of its rule set on which the product is scored, where there are such sets. `earlier_rule_sets` are
    the hashes of those it was moved from, the first one first.
    """

    __table_args__ = (
        UniqueConstraint("cycle_id", "round_id", "product_id", "kind"),
        Index(
            "one_open_dossier_per_product",
            "product_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_dossier_cycle_stage", "cycle_id", "stage", "status"),
        Index("ix_dossier_receipt", "cycle_id", "receipt_number"),
        Index("ix_dossier_product", "product_id"),
    )

    id: str = Field(primary_key=True)
    key: str = Field(unique=True)
    cycle_id: str = Field(foreign_key="cycle.id")
    round_id: str
    product_id: str = Field(foreign_key="product.id")
    kind: str
    unit_id: str = ""
    rule_set_hash: str = Field(foreign_key="pinned_document.hash")
    earlier_rule_sets: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    planned_level: str | None = None
    criteria_set: int | None = None
    stage: str
    status: str
    version: int = 0
    responsible: str | None = None
    opened_at: datetime
    stage_at: datetime
    submitted_at: datetime | None = None
    received_at: datetime | None = None
    receipt_number: str | None = None
    mean: str | None = None
    stars: int | None = None
    closed_at: datetime | None = None


class Report(SQLModel, table=True):
    """One unit's report for one period of a duty. Late is `submitted_at >= due_at`, never a state.

    `submitted_at` is when it first came and `revised_at` when what counts now came, if that was later.
    `correct_by_at` is the first instant too late for what a return asks. `supplement_at` is when something came that
    the snapshot sent upward does not hold, until a new one is sent; only a collecting report has it.
    """

    __table_args__ = (
        UniqueConstraint("cycle_id", "duty_id", "period_id", "reporter"),
        Index("ix_report_opening", "cycle_id", "status", "opens_at"),
    )

    id: str = Field(primary_key=True)
    cycle_id: str = Field(foreign_key="cycle.id")
    duty_id: str
    period_id: str
    unit_id: str
    reporter: str
    collector: str
    status: str
    version: int = 0
    opens_at: datetime
    due_at: datetime | None = None
    submitted_at: datetime | None = None
    figures: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    revised_at: datetime | None = None
    correct_by_at: datetime | None = None
    supplement_at: datetime | None = None


class ReportSnapshot(SQLModel, table=True):
    """What a collecting report was when it was sent upward: canonical JSON, named by its SHA-256."""

    __tablename__ = "report_snapshot"

    report_id: str = Field(primary_key=True, foreign_key="report.id")
    number: int = Field(primary_key=True)
    sent_at: datetime
    body: bytes
    hash: str


class PlanTask(SQLModel, table=True):
    """One occurrence of a dated task of the plan."""

    __tablename__ = "plan_task"
    __table_args__ = (UniqueConstraint("cycle_id", "task_id", "occurrence"),)

    id: str = Field(primary_key=True)
    cycle_id: str = Field(foreign_key="cycle.id")
    task_id: str
    occurrence: int
    lead: str
    status: str
    version: int = 0
    due_at: datetime | None = None
    approver: str | None = None
    approved_at: datetime | None = None
    approval_document: str | None = None
    started_at: datetime | None = None
    done_at: datetime | None = None
