"""The rule sets that a dossier was moved from, and the one by which each session of a council scores."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dossier", sa.Column("earlier_rule_sets", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("council_session", sa.Column("rule_set_hash", sa.String(), nullable=True))
    op.execute(
        "UPDATE council_session SET rule_set_hash = "
        "(SELECT rule_set_hash FROM dossier WHERE dossier.id = council_session.dossier_id)"
    )
    with op.batch_alter_table("council_session") as batch_op:
        batch_op.alter_column("rule_set_hash", existing_type=sa.String(), nullable=False)
        batch_op.create_foreign_key(
            op.f("fk_council_session_rule_set_hash_pinned_document"), "pinned_document", ["rule_set_hash"], ["hash"]
        )


def downgrade() -> None:
    with op.batch_alter_table("council_session") as batch_op:
        batch_op.drop_constraint(op.f("fk_council_session_rule_set_hash_pinned_document"), type_="foreignkey")
        batch_op.drop_column("rule_set_hash")
    with op.batch_alter_table("dossier") as batch_op:
        batch_op.drop_column("earlier_rule_sets")
