"""a mark on each copy that changes with it, so that what was opened once can be known to hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("replica_cursor", sa.Column("mark", sa.BigInteger, nullable=True))


def downgrade() -> None:
    op.drop_column("replica_cursor", "mark")
