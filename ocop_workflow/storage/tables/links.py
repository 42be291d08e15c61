"""Status links: who may see one dossier, or file one report, without an account, and when a link was fetched."""

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


class LinkAccess(SQLModel, table=True):
    """A fetch of a status page; it may have been a mail scanner."""

    __tablename__ = "link_access"

    id: int | None = Field(default=None, primary_key=True)
    link_id: str = Field(foreign_key="status_link.id", index=True)
    fetched_at: datetime
