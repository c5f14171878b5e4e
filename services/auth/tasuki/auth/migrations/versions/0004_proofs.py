"""Tokens bound to keys: proofs used, the key a sign-in is bound to, clients that always prove one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("token_family", sa.Column("jkt", sa.Text))
    op.add_column(
        "client", sa.Column("proves_key", sa.Boolean, nullable=False, server_default="false")
    )
    op.create_table(
        "used_proof",
        sa.Column("jkt", sa.Text, nullable=False),
        sa.Column("jti_mac", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("jkt", "jti_mac", name="pk_used_proof"),
    )
    op.create_index("ix_used_proof_expires_at", "used_proof", ["expires_at"])


def downgrade() -> None:
    op.drop_table("used_proof")
    op.drop_column("client", "proves_key")
    op.drop_column("token_family", "jkt")
