"""Which dossier came of which: ideas that were split or merged."""

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class DossierSuccession(SQLModel, table=True):
    """A dossier that ended in favour of another one, and that one."""

    __tablename__ = "dossier_succession"
    __table_args__ = (Index("ix_dossier_succession_successor", "successor_id"),)

    dossier_id: str = Field(foreign_key="dossier.id", primary_key=True)
    successor_id: str = Field(foreign_key="dossier.id", primary_key=True)
