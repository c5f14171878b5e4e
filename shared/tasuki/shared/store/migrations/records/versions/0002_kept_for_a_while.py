"""what is kept for a while: the rest of a search, exports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_item",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("shelf", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "shelf", "id"),
    )
    op.create_index("kept_item_until", "kept_item", ["tenant", "until"], unique=False)


def downgrade() -> None:
    op.drop_index("kept_item_until", table_name="kept_item")
    op.drop_table("kept_item")
