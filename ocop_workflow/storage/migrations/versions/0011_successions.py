"""Acts by which units took over from others, and the unit whose authorities handle a dossier."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "succession",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("document_hash", sa.String(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_hash"], ["pinned_document.hash"], name=op.f("fk_succession_document_hash_pinned_document")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_succession")),
        sa.UniqueConstraint("key", name=op.f("uq_succession_key")),
    )
    op.add_column("dossier", sa.Column("unit_id", sa.String(), nullable=False, server_default=""))
    op.execute("UPDATE dossier SET unit_id = (SELECT unit_id FROM product WHERE product.id = dossier.product_id)")


def downgrade() -> None:
    with op.batch_alter_table("dossier") as batch_op:
        batch_op.drop_column("unit_id")
    op.drop_table("succession")
