"""What a council is asked in writing, and what its members answered."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, Column
from sqlmodel import Field, SQLModel


class WrittenConsultation(SQLModel, table=True):
    """The result that a session of kind `written` asks its members about: proposed points, exact decimals as text.

    `due_at` is the first instant that is too late for an answer, `turned_at` when a meeting took the place of it.
    """

    __tablename__ = "written_consultation"

    session_id: str = Field(primary_key=True, foreign_key="council_session.id")
    points: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    criteria: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    total: str
    due_at: datetime
    turned_at: datetime | None = None


class WrittenOpinion(SQLModel, table=True):
    """One member who was asked; `answer` is missing until one is recorded, and the last one recorded counts.

    `entered_by` is the party that recorded it, from the member's signed paper or for itself.
    """

    __tablename__ = "written_opinion"
    __table_args__ = (
        CheckConstraint("answer IN ('agree', 'disagree', 'other', 'none')", name="written_opinion_answer"),
    )

    session_id: str = Field(primary_key=True, foreign_key="written_consultation.session_id")
    member: str = Field(primary_key=True)
    answer: str | None = None
    answered_at: datetime | None = None
    entered_by: str | None = None
    from_paper: bool = False
