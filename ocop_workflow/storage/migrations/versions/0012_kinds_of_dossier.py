"""What is known of producers, the dossiers that came of others by a split or merge, and a product's attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("producer", sa.Column("form", sa.String(), nullable=True))
    op.add_column("producer", sa.Column("registered_on", sa.Date(), nullable=True))
    op.add_column("producer", sa.Column("closed_on", sa.Date(), nullable=True))
    op.add_column("producer", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "dossier_succession",
        sa.Column("dossier_id", sa.String(), nullable=False),
        sa.Column("successor_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_succession_dossier_id_dossier")),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["dossier.id"], name=op.f("fk_dossier_succession_successor_id_dossier")
        ),
        sa.PrimaryKeyConstraint("dossier_id", "successor_id", name=op.f("pk_dossier_succession")),
    )
    with op.batch_alter_table("dossier_succession") as batch_op:
        batch_op.create_index("ix_dossier_succession_successor", ["successor_id"], unique=False)
    with op.batch_alter_table("dossier") as batch_op:
        batch_op.create_index("ix_dossier_product", ["product_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("dossier") as batch_op:
        batch_op.drop_index("ix_dossier_product")
    op.drop_table("dossier_succession")
    with op.batch_alter_table("producer") as batch_op:
        for name in ("version", "closed_on", "registered_on", "form"):
            batch_op.drop_column(name)
