"""Certificates of recognised products, and the codes of products."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel


class Certificate(SQLModel, table=True):
    """One product's stars on paper, with its term. `expires_at` is the first instant at which it is no longer valid.

    `dossier_id` is the dossier it was issued for, null for one that was imported; `renewal_id` the latest dossier that
    is to renew it. `authority` is the unit that recognised it. `status_at` is since when the status holds.
    """

    __table_args__ = (
        UniqueConstraint("office_id", "number"),
        Index("ix_certificate_office_expiry", "office_id", "expires_at"),
        Index("ix_certificate_product", "product_id"),
        Index("ix_certificate_dossier", "dossier_id"),
        Index("ix_certificate_renewal", "renewal_id"),
    )

    id: str = Field(primary_key=True)
    office_id: str
    product_id: str = Field(foreign_key="product.id")
    dossier_id: str | None = Field(default=None, foreign_key="dossier.id")
    renewal_id: str | None = Field(default=None, foreign_key="dossier.id")
    rule_set_hash: str = Field(foreign_key="pinned_document.hash")
    number: str
    stars: int
    authority: str
    decision: str | None = None
    issued_on: date
    expires_at: datetime
    status: str
    status_at: datetime
    version: int = 0


class ProductCode(SQLModel, table=True):
    """A product's code for one dossier: once given it is never given to another. `unit_id` gave the serial number."""

    __tablename__ = "product_code"
    __table_args__ = (UniqueConstraint("unit_id", "year", "serial"), UniqueConstraint("dossier_id"))

    code: str = Field(primary_key=True)
    dossier_id: str = Field(foreign_key="dossier.id")
    unit_id: str
    year: int
    serial: int
