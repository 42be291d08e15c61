"""Status links: who may see one dossier without an account, and when a link was fetched."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class StatusLink(SQLModel, table=True):
    """A link to one dossier's page. The token is derived from id and generation and never stored."""

    __tablename__ = "status_link"

    id: str = Field(primary_key=True)
    dossier_id: str = Field(foreign_key="dossier.id", index=True)
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
