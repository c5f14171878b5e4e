"""Staff accounts opened and withdrawn by their institution."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_token_family_revoked_at",
        "token_family",
        ["revoked_at"],
        postgresql_where=sa.text("revoked_at IS NOT NULL"),
    )
    op.create_index("ix_token_family_account", "token_family", ["account"])
    op.add_column(
        "account", sa.Column("administers", sa.Boolean, nullable=False, server_default="false")
    )
    op.add_column("account", sa.Column("invitation_mac", sa.LargeBinary))
    op.add_column("account", sa.Column("invited_until", sa.DateTime(timezone=True)))
    op.add_column("account", sa.Column("qualification", sa.Text))
    op.create_index("ix_account_organization", "account", ["organization"])


def downgrade() -> None:
    op.drop_index("ix_account_organization", "account")
    for column in ("qualification", "invited_until", "invitation_mac", "administers"):
        op.drop_column("account", column)
    op.drop_index("ix_token_family_account", "token_family")
    op.drop_index("ix_token_family_revoked_at", "token_family")
