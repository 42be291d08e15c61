"""Written consultations of councils and the members' answers."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "written_consultation",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("total", sa.String(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("turned_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["council_session.id"], name=op.f("fk_written_consultation_session_id_council_session")
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_written_consultation")),
    )
    op.create_table(
        "written_opinion",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("entered_by", sa.String(), nullable=True),
        sa.Column("from_paper", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "answer IN ('agree', 'disagree', 'other', 'none')", name=op.f("ck_written_opinion_written_opinion_answer")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["written_consultation.session_id"],
            name=op.f("fk_written_opinion_session_id_written_consultation"),
        ),
        sa.PrimaryKeyConstraint("session_id", "member", name=op.f("pk_written_opinion")),
    )


def downgrade() -> None:
    op.drop_table("written_opinion")
    op.drop_table("written_consultation")
