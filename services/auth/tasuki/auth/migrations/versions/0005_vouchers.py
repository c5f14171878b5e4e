"""Colleagues who vouch when a card or authenticator is broken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("token_family", sa.Column("voucher", sa.Text))
    op.create_foreign_key("fk_token_family_voucher", "token_family", "account", ["voucher"], ["id"])
    op.add_column("sign_in", sa.Column("voucher", sa.Text))
    op.create_table(
        "voucher",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("voucher", sa.Text, nullable=False),
        sa.Column("code_mac", sa.LargeBinary, nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_voucher"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_voucher_account"),
        sa.ForeignKeyConstraint(["voucher"], ["account.id"], name="fk_voucher_voucher"),
    )
    op.create_index("ix_voucher_account", "voucher", ["account"])


def downgrade() -> None:
    op.drop_table("voucher")
    op.drop_column("sign_in", "voucher")
    op.drop_constraint("fk_token_family_voucher", "token_family", type_="foreignkey")
    op.drop_column("token_family", "voucher")
