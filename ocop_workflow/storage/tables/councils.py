"""What councils do: numbered sessions with findings, score sheets, and interests that members declared."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class CouncilSession(SQLModel, table=True):
    """One numbered session at one stage of one dossier. `findings` holds the yes or no for each gate, by gate id.

    A session is open until the stage is concluded by it, a later one replaces it, or a return makes it void; a
    conclusive one is superseded when a later session of the stage concludes. It scores by the rule set of
    `rule_set_hash`, whatever becomes of the dossier, and on its `criteria_set`, by number. `opened_seq` is its event,
    whose text says why a session of its kind was held.
    """

    __tablename__ = "council_session"
    __table_args__ = (
        UniqueConstraint("dossier_id", "stage", "number"),
        CheckConstraint("state IN ('open', 'conclusive', 'superseded', 'void')", name="council_session_state"),
        Index(
            "one_open_session_per_dossier",
            "dossier_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: str = Field(primary_key=True)
    dossier_id: str = Field(foreign_key="dossier.id")
    stage: str
    number: int
    kind: str
    held_on: date
    state: str = "open"
    document: str | None = None
    rule_set_hash: str = Field(foreign_key="pinned_document.hash")
    criteria_set: int | None = None
    findings: dict[str, bool] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    opened_seq: int


class CouncilInterest(SQLModel, table=True):
    """A council member declared an interest in the product, and so does not score its dossier at this stage."""

    __tablename__ = "council_interest"
    __table_args__ = (UniqueConstraint("dossier_id", "stage", "member"),)

    id: str = Field(primary_key=True)
    dossier_id: str = Field(foreign_key="dossier.id")
    stage: str
    member: str
    declared_at: datetime


class ScoreSheet(SQLModel, table=True):
    """One council member's points in one numbered session of one stage; points are exact decimals as text.

    `points` are by part, `criteria` by criterion where the sheet gives them. `entered_by` is the party that typed it,
    from the signed paper or for itself.
    """

    __tablename__ = "score_sheet"
    __table_args__ = (UniqueConstraint("dossier_id", "stage", "session", "member"),)

    id: str = Field(primary_key=True)
    dossier_id: str = Field(foreign_key="dossier.id")
    stage: str
    session: int
    member: str
    points: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    criteria: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    total: str
    entered_by: str
    from_paper: bool = False
    recorded_at: datetime
