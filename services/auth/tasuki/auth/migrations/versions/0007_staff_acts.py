"""The record of who opened and withdrew which account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_act",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_act"),
        sa.ForeignKeyConstraint(["by"], ["account.id"], name="fk_staff_act_by"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_staff_act_account"),
    )
    op.create_index("ix_staff_act_at", "staff_act", ["at"])


def downgrade() -> None:
    op.drop_table("staff_act")
