"""numbers vouched for, hashes to prove from, and what witnesses signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_leaf", sa.Column("mark", sa.LargeBinary(), nullable=True))
    op.create_table(
        "audit_node",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "level", "number"),
    )
    op.create_table(
        "audit_cosignature",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", "size"),
    )
    op.create_table(
        "audit_witnessed",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("forked", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "origin"),
    )


def downgrade() -> None:
    op.drop_table("audit_witnessed")
    op.drop_table("audit_cosignature")
    op.drop_table("audit_node")
    op.drop_column("audit_leaf", "mark")
