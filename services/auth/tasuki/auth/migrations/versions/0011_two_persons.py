"""What one person of an office records from papers waits for a second one.

Columns alone: what was accepted before stands without a second person, and a code that was given before
works until its half hour is over.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("proxy", sa.Column("waits_until", INSTANT))
    op.add_column("proxy", sa.Column("confirmed_by", sa.Text()))
    op.add_column("proxy", sa.Column("confirmed_at", INSTANT))
    op.create_foreign_key("fk_proxy_confirmed_by", "proxy", "account", ["confirmed_by"], ["id"])
    op.create_check_constraint("ck_proxy_two_persons", "proxy", "confirmed_by <> given_by")
    op.create_check_constraint(
        "ck_proxy_waits_without_code", "proxy", "waits_until IS NULL OR code_mac IS NULL"
    )


def downgrade() -> None:
    op.drop_constraint("ck_proxy_waits_without_code", "proxy", type_="check")
    op.drop_constraint("ck_proxy_two_persons", "proxy", type_="check")
    op.drop_constraint("fk_proxy_confirmed_by", "proxy", type_="foreignkey")
    for column in ("confirmed_at", "confirmed_by", "waits_until"):
        op.drop_column("proxy", column)
