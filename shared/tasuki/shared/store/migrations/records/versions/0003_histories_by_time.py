"""versions by the time they were written, for the history of a type and of the whole server."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "resource_version_at", "resource_version", ["tenant", "at", "type"], unique=False
    )


def downgrade() -> None:
    op.drop_index("resource_version_at", table_name="resource_version")
