"""Certificates of recognised products, and the codes of products."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "certificate",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("office_id", sa.String(), nullable=False),
        sa.Column("product_id", sa.String(), nullable=False),
        sa.Column("dossier_id", sa.String(), nullable=True),
        sa.Column("renewal_id", sa.String(), nullable=True),
        sa.Column("rule_set_hash", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_certificate_product_id_product")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_certificate_dossier_id_dossier")),
        sa.ForeignKeyConstraint(["renewal_id"], ["dossier.id"], name=op.f("fk_certificate_renewal_id_dossier")),
        sa.ForeignKeyConstraint(
            ["rule_set_hash"],
            ["pinned_document.hash"],
            name=op.f("fk_certificate_rule_set_hash_pinned_document"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("office_id", "number", name=op.f("uq_certificate_office_id_number")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index("ix_certificate_office_expiry", ["office_id", "expires_at"], unique=False)
        batch_op.create_index("ix_certificate_product", ["product_id"], unique=False)
        batch_op.create_index("ix_certificate_dossier", ["dossier_id"], unique=False)
        batch_op.create_index("ix_certificate_renewal", ["renewal_id"], unique=False)
    op.create_table(
        "product_code",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("dossier_id", sa.String(), nullable=False),
        sa.Column("unit_id", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_product_code_dossier_id_dossier")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_product_code")),
        sa.UniqueConstraint("dossier_id", name=op.f("uq_product_code_dossier_id")),
        sa.UniqueConstraint("unit_id", "year", "serial", name=op.f("uq_product_code_unit_id_year_serial")),
    )


def downgrade() -> None:
    op.drop_table("product_code")
    op.drop_table("certificate")
