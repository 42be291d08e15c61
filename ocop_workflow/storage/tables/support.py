"""Support from the state's budget that a producer was given for a recognised product."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class Support(SQLModel, table=True):
    """One support item given once; `key` names office, item and whom it can't be given again."""

    id: str = Field(primary_key=True)
    key: str = Field(unique=True)
    cycle_id: str = Field(foreign_key="cycle.id", index=True)
    item_id: str
    dossier_id: str = Field(foreign_key="dossier.id")
    status: str
    version: int
    given_at: datetime
    document: str
