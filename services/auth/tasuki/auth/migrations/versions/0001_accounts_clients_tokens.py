"""Accounts, clients, token families and the record of sign-ins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TEXTS = sa.ARRAY(sa.Text)


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("username_mac", sa.LargeBinary, nullable=False),
        sa.Column("username_sealed", sa.LargeBinary, nullable=False),
        sa.Column("display_sealed", sa.LargeBinary),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary, nullable=False),
        sa.Column("totp_step", sa.BigInteger),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("practitioner", sa.Text),
        sa.Column("organization", sa.Text),
        sa.Column("region", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", INSTANT),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("username_mac", name="uq_account_username_mac"),
    )
    op.create_table(
        "person_link",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("patient", sa.Text, nullable=False),
        sa.Column("evidence_sealed", sa.LargeBinary, nullable=False),
        sa.Column("bound_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_person_link"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_person_link_account"),
    )
    for column in ("account", "patient"):
        op.create_index(
            f"uq_person_link_{column}",
            "person_link",
            [column],
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        )
    op.create_table(
        "client",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("jwks", postgresql.JSONB),
        sa.Column("redirect_uris", TEXTS, nullable=False),
        sa.Column("grant_types", TEXTS, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("audiences", TEXTS, nullable=False),
        sa.Column("answers_at", TEXTS, nullable=False),
        sa.Column("purpose", sa.Text),
        sa.Column("role", sa.Text),
        sa.Column("region", sa.Text),
        sa.Column("organization", sa.Text),
        sa.Column("public", sa.Boolean, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("client_id", name="pk_client"),
    )
    _create_token_tables()
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("account", sa.Text),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text),
        sa.Column("patient", sa.Text),
        sa.Column("reason_sealed", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in"),
    )
    op.create_index("ix_sign_in_at", "sign_in", ["at"])


def _create_token_tables() -> None:
    op.create_table(
        "token_family",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("audiences", TEXTS, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("patient", sa.Text),
        sa.Column("nonce", sa.Text),
        sa.Column("signed_in_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_token_family"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_token_family_account"),
        sa.ForeignKeyConstraint(
            ["client_id"], ["client.client_id"], name="fk_token_family_client_id"
        ),
    )
    op.create_table(
        "authorization_code",
        sa.Column("code_mac", sa.LargeBinary, nullable=False),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("code_challenge", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("redeemed_at", INSTANT),
        sa.PrimaryKeyConstraint("code_mac", name="pk_authorization_code"),
        sa.ForeignKeyConstraint(
            ["family"],
            ["token_family.id"],
            name="fk_authorization_code_family",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "refresh_token",
        sa.Column("token_mac", sa.LargeBinary, nullable=False),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.PrimaryKeyConstraint("token_mac", name="pk_refresh_token"),
        sa.ForeignKeyConstraint(
            ["family"], ["token_family.id"], name="fk_refresh_token_family", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "used_assertion",
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("jti", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jti", name="pk_used_assertion"),
    )
    op.create_table(
        "revoked_token",
        sa.Column("jti", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("jti", name="pk_revoked_token"),
    )
    for table, column in (
        ("token_family", "expires_at"),
        ("authorization_code", "family"),
        ("refresh_token", "family"),
        ("used_assertion", "expires_at"),
        ("revoked_token", "expires_at"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table in (
        "sign_in",
        "revoked_token",
        "used_assertion",
        "refresh_token",
        "authorization_code",
        "token_family",
        "client",
        "person_link",
        "account",
    ):
        op.drop_table(table)
