"""What is known of producers, the dossiers that came of others by a split or merge, and a product's attempts."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("producer", sa.Column("form", sa.String(), nullable=True))
    op.add_column("producer", sa.Column("registered_on", sa.Date(), nullable=True))
    op.add_column("producer", sa.Column("closed_on", sa.Date(), nullable=True))
    op.add_column("producer", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "former_name",
        sa.Column("producer_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["producer_id"], ["producer.id"], name=op.f("fk_former_name_producer_id_producer")),
        sa.PrimaryKeyConstraint("producer_id", "seq", name=op.f("pk_former_name")),
    )
    op.create_table(
        "former_holder",
        sa.Column("producer_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.String(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["producer_id"], ["producer.id"], name=op.f("fk_former_holder_producer_id_producer")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_former_holder_product_id_product")),
        sa.PrimaryKeyConstraint("producer_id", "seq", name=op.f("pk_former_holder")),
    )
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
    op.create_index("ix_former_name_name", "former_name", ["name"])
    op.create_index("ix_former_holder_product", "former_holder", ["product_id"])
    op.create_index("ix_dossier_succession_successor", "dossier_succession", ["successor_id"])
    op.create_index("ix_dossier_product", "dossier", ["product_id"])


def downgrade() -> None:
    op.drop_index("ix_dossier_product", "dossier")
    for table in ("dossier_succession", "former_holder", "former_name"):
        op.drop_table(table)
    with op.batch_alter_table("producer") as batch_op:
        for name in ("version", "closed_on", "registered_on", "form"):
            batch_op.drop_column(name)
