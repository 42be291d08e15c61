"""The papers of dossiers: what is there, and until when it is valid. The papers themselves lie elsewhere."""

from datetime import date

from sqlmodel import Field, SQLModel


class DossierPaper(SQLModel, table=True):
    """What was last recorded of one item of a dossier's checklist."""

    __tablename__ = "dossier_paper"

    dossier_id: str = Field(foreign_key="dossier.id", primary_key=True)
    paper_id: str = Field(primary_key=True)
    present: bool
    last_day: date | None = None
