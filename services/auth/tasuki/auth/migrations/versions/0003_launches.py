"""Launches from one app into another, and clients' keys by URL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OF_A_LAUNCH = (("encounter", sa.Text), ("intent", sa.Text), ("banner", sa.Boolean))


def upgrade() -> None:
    op.add_column("client", sa.Column("jwks_uri", sa.Text))
    for name, kind in OF_A_LAUNCH:
        op.add_column("token_family", sa.Column(name, kind))
    op.create_table(
        "launch",
        sa.Column("launch_mac", sa.LargeBinary, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("patient", sa.Text, nullable=False),
        sa.Column("encounter", sa.Text),
        sa.Column("intent", sa.Text),
        sa.Column("banner", sa.Boolean, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.PrimaryKeyConstraint("launch_mac", name="pk_launch"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_launch_account"),
        sa.ForeignKeyConstraint(["client_id"], ["client.client_id"], name="fk_launch_client_id"),
    )
    op.create_index("ix_launch_expires_at", "launch", ["expires_at"])


def downgrade() -> None:
    op.drop_table("launch")
    for name, _ in OF_A_LAUNCH:
        op.drop_column("token_family", name)
    op.drop_column("client", "jwks_uri")
