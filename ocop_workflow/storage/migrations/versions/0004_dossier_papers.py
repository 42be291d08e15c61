"""What was recorded of each paper of a dossier."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dossier_paper",
        sa.Column("dossier_id", sa.String(), nullable=False),
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_paper_dossier_id_dossier")),
        sa.PrimaryKeyConstraint("dossier_id", "paper_id", name=op.f("pk_dossier_paper")),
    )


def downgrade() -> None:
    op.drop_table("dossier_paper")
