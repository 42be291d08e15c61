"""Links: who may see one dossier, file one report or read their own calendar without an account."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class StatusLink(SQLModel, table=True):
    """A link to the page of one dossier or one report. The token is derived from id and generation, never stored."""

    __tablename__ = "status_link"
    __table_args__ = (CheckConstraint("(dossier_id IS NULL) <> (report_id IS NULL)", name="one_subject"),)

    id: str = Field(primary_key=True)
    dossier_id: str | None = Field(default=None, foreign_key="dossier.id", index=True)
    report_id: str | None = Field(default=None, foreign_key="report.id", index=True)
    recipient: str
    generation: int = 1
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class FeedLink(SQLModel, table=True):
    """A link to the calendar of one official, who keeps it through changes of position. It is a stream of events."""

    __tablename__ = "feed_link"

    id: str = Field(primary_key=True)
    official_id: str = Field(foreign_key="official.id", unique=True)
    generation: int = 1
    version: int = 0
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    @property
    def recipient(self) -> str:
        """Return whom it was issued to, as the recipient of a mail is named."""
        return f"official:{self.official_id}"


class LinkAccess(SQLModel, table=True):
    """A fetch of a status page; it may have been a mail scanner."""

    __tablename__ = "link_access"

    id: int | None = Field(default=None, primary_key=True)
    link_id: str = Field(foreign_key="status_link.id", index=True)
    fetched_at: datetime
