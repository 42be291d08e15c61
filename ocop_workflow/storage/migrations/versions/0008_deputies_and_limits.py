"""Deputies of positions, and the statutory instant past which a plan's date can't be moved."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deputy",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("official_id", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.CheckConstraint("until_on > start_on", name=op.f("ck_deputy_deputy_days")),
        sa.ForeignKeyConstraint(["official_id"], ["official.id"], name=op.f("fk_deputy_official_id_official")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy")),
        sa.UniqueConstraint("position", "start_on", name=op.f("uq_deputy_position_start_on")),
    )
    op.add_column("obligation", sa.Column("limit_at", UTCDateTime(), nullable=True))
    op.add_column("obligation", sa.Column("limit_source", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("obligation") as batch_op:
        batch_op.drop_column("limit_source")
        batch_op.drop_column("limit_at")
    op.drop_table("deputy")
