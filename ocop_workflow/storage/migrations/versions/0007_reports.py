"""Reports by link: corrections, supplements and snapshots of reports, and links to their pages."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NEW_COLUMNS = ("revised_at", "correct_by_at", "supplement_at")


def upgrade() -> None:
    with op.batch_alter_table("report", schema=None) as batch_op:
        for name in NEW_COLUMNS:
            batch_op.add_column(sa.Column(name, UTCDateTime(), nullable=True))
    op.create_table(
        "report_snapshot",
        sa.Column("report_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_snapshot_report_id_report")),
        sa.PrimaryKeyConstraint("report_id", "number", name=op.f("pk_report_snapshot")),
    )
    with op.batch_alter_table("status_link", schema=None) as batch_op:
        batch_op.alter_column("dossier_id", existing_type=sa.String(), nullable=True)
        batch_op.add_column(sa.Column("report_id", sa.String(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_status_link_report_id_report"), "report", ["report_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_status_link_report_id"), ["report_id"], unique=False)
        batch_op.create_check_constraint("one_subject", "(dossier_id IS NULL) <> (report_id IS NULL)")


def downgrade() -> None:
    """Take links to reports, which the tables before can't hold, away with their accesses."""
    op.execute("DELETE FROM link_access WHERE link_id IN (SELECT id FROM status_link WHERE report_id IS NOT NULL)")
    op.execute("DELETE FROM status_link WHERE report_id IS NOT NULL")
    with op.batch_alter_table("status_link", schema=None) as batch_op:
        batch_op.drop_constraint("one_subject", type_="check")
        batch_op.drop_index(batch_op.f("ix_status_link_report_id"))
        batch_op.drop_constraint(batch_op.f("fk_status_link_report_id_report"), type_="foreignkey")
        batch_op.drop_column("report_id")
        batch_op.alter_column("dossier_id", existing_type=sa.String(), nullable=False)
    op.drop_table("report_snapshot")
    with op.batch_alter_table("report", schema=None) as batch_op:
        for name in NEW_COLUMNS:
            batch_op.drop_column(name)
