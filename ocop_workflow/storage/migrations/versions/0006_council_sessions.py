"""Numbered sessions of councils, declared interests, and score sheets by criterion and from paper."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "council_session",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dossier_id", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("opened_seq", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'conclusive', 'superseded', 'void')",
            name=op.f("ck_council_session_council_session_state"),
        ),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_council_session_dossier_id_dossier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_council_session")),
        sa.UniqueConstraint("dossier_id", "stage", "number", name=op.f("uq_council_session_dossier_id_stage_number")),
    )
    with op.batch_alter_table("council_session", schema=None) as batch_op:
        batch_op.create_index(
            "one_open_session_per_dossier",
            ["dossier_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "council_interest",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dossier_id", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("declared_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_council_interest_dossier_id_dossier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_council_interest")),
        sa.UniqueConstraint("dossier_id", "stage", "member", name=op.f("uq_council_interest_dossier_id_stage_member")),
    )
    with op.batch_alter_table("score_sheet", schema=None) as batch_op:
        batch_op.add_column(sa.Column("criteria", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("entered_by", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("from_paper", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("score_sheet", schema=None) as batch_op:
        batch_op.drop_column("from_paper")
        batch_op.drop_column("entered_by")
        batch_op.drop_column("criteria")
    op.drop_table("council_interest")
    with op.batch_alter_table("council_session", schema=None) as batch_op:
        batch_op.drop_index("one_open_session_per_dossier")
    op.drop_table("council_session")
