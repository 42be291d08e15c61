"""People: officials with the positions they hold, and producers."""

from datetime import date

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class Official(SQLModel, table=True):
    """A person in an office. Without an address nothing can be mailed, which is work for the office."""

    id: str = Field(primary_key=True)
    name: str
    email: str | None = Field(default=None, unique=True)
    language: str = "vi"


class Holding(SQLModel, table=True):
    """An official holds a position (`unit/role`) from a day until another (first day no longer)."""

    __table_args__ = (
        UniqueConstraint("position", "official_id", "start_on"),
        Index("ix_holding_position", "position", "start_on"),
    )

    id: str = Field(primary_key=True)
    official_id: str = Field(foreign_key="official.id")
    position: str
    start_on: date
    until_on: date | None = None


class Deputy(SQLModel, table=True):
    """An official reads a position's mail in place of its holder, from a day until another (first day no longer)."""

    __table_args__ = (
        UniqueConstraint("position", "start_on"),
        CheckConstraint("until_on > start_on", name="deputy_days"),
    )

    id: str = Field(primary_key=True)
    official_id: str = Field(foreign_key="official.id")
    position: str
    start_on: date
    until_on: date


class Producer(SQLModel, table=True):
    """A cooperative, household or firm that makes products.

    `form` is its legal form and `registered_on` the day of its business registration, where they are known; `closed_on`
    is its last day. `version` is the number of its last event, 0 as long as nothing about it was recorded as an act.
    """

    __table_args__ = (UniqueConstraint("unit_id", "name"),)

    id: str = Field(primary_key=True)
    unit_id: str
    name: str
    email: str | None = None
    language: str = "vi"
    form: str | None = None
    registered_on: date | None = None
    closed_on: date | None = None
    version: int = 0
