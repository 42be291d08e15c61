"""The criteria sets that a cycle is pinned to, and the one on which a dossier and each session is scored."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cycle", sa.Column("criteria_hashes", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("dossier", sa.Column("criteria_set", sa.Integer(), nullable=True))
    op.add_column("council_session", sa.Column("criteria_set", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("council_session") as batch_op:
        batch_op.drop_column("criteria_set")
    with op.batch_alter_table("dossier") as batch_op:
        batch_op.drop_column("criteria_set")
    with op.batch_alter_table("cycle") as batch_op:
        batch_op.drop_column("criteria_hashes")
