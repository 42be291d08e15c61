"""Consent before a plan task starts: who gives it, by which document, when; and when the task was started."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("plan_task") as batch_op:
        batch_op.add_column(sa.Column("approver", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("approved_at", UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("approval_document", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("started_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("plan_task") as batch_op:
        for column in ("started_at", "approval_document", "approved_at", "approver"):
            batch_op.drop_column(column)
