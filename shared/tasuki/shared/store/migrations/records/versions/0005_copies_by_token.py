"""the index of copies' tokens by key no longer passes for the one by token."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("replica_token_key", table_name="replica_token")
    op.create_index("replica_token_key", "replica_token", ["key", "tenant", "feed"], unique=False)


def downgrade() -> None:
    op.drop_index("replica_token_key", table_name="replica_token")
    op.create_index("replica_token_key", "replica_token", ["tenant", "feed", "key"], unique=False)
