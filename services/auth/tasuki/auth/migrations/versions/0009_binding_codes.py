"""Codes with which residents bind their own accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "binding_code",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("patient", sa.Text, nullable=False),
        sa.Column("issued_by", sa.Text, nullable=False),
        sa.Column("organization", sa.Text, nullable=False),
        sa.Column("code_mac", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.Column("used_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_binding_code"),
        sa.UniqueConstraint("code_mac", name="uq_binding_code_code_mac"),
        sa.ForeignKeyConstraint(["issued_by"], ["account.id"], name="fk_binding_code_issued_by"),
        sa.ForeignKeyConstraint(["used_by"], ["account.id"], name="fk_binding_code_used_by"),
    )
    op.create_index("ix_binding_code_patient", "binding_code", ["patient"])


def downgrade() -> None:
    op.drop_table("binding_code")
