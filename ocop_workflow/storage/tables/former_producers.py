"""What producers were called, and who made products, before: old papers keep the old names."""

from datetime import date

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class FormerName(SQLModel, table=True):
    """A name that a producer had until a day (the first day no longer); `seq` is the number of the renaming's event."""

    __tablename__ = "former_name"
    __table_args__ = (Index("ix_former_name_name", "name"),)

    producer_id: str = Field(foreign_key="producer.id", primary_key=True)
    seq: int = Field(primary_key=True)
    name: str
    until_on: date


class FormerHolder(SQLModel, table=True):
    """A producer who made a product until a day (the first day no longer); `seq` is the transfer's event there."""

    __tablename__ = "former_holder"
    __table_args__ = (Index("ix_former_holder_product", "product_id"),)

    producer_id: str = Field(foreign_key="producer.id", primary_key=True)
    seq: int = Field(primary_key=True)
    product_id: str = Field(foreign_key="product.id")
    until_on: date
