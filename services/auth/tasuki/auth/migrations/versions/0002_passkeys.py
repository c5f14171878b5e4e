"""Passkeys, challenges spent, sessions of the account pages, and how somebody signed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # What was there before was signed in the one way there was.
    op.add_column(
        "token_family",
        sa.Column("amr", sa.ARRAY(sa.Text), nullable=False, server_default="{pwd,otp,mfa}"),
    )
    op.add_column(
        "sign_in",
        sa.Column("method", sa.Text, nullable=False, server_default="password-and-code"),
    )
    op.create_table(
        "passkey",
        sa.Column("credential", sa.LargeBinary, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("label_sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.PrimaryKeyConstraint("credential", name="pk_passkey"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_passkey_account"),
    )
    op.create_table(
        "used_challenge",
        sa.Column("challenge", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("challenge", name="pk_used_challenge"),
    )
    op.create_table(
        "account_session",
        sa.Column("secret_mac", sa.LargeBinary, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("secret_mac", name="pk_account_session"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_account_session_account"),
    )
    for table, column in (
        ("passkey", "account"),
        ("used_challenge", "expires_at"),
        ("account_session", "account"),
        ("account_session", "expires_at"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table in ("account_session", "used_challenge", "passkey"):
        op.drop_table(table)
    op.drop_column("sign_in", "method")
    op.drop_column("token_family", "amr")
