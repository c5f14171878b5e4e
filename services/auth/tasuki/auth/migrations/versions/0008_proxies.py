"""Who may act for whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "proxy",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("patient", sa.Text, nullable=False),
        sa.Column("account", sa.Text),
        sa.Column("given_by", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("organization", sa.Text),
        sa.Column("relationship", sa.Text, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("person_sealed", sa.LargeBinary, nullable=False),
        sa.Column("evidence_sealed", sa.LargeBinary),
        sa.Column("classes", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("writes", sa.Boolean, nullable=False),
        sa.Column("wishes", sa.Boolean, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("code_mac", sa.LargeBinary),
        sa.Column("offered_until", INSTANT),
        sa.Column("accepted_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_proxy"),
        sa.UniqueConstraint("code_mac", name="uq_proxy_code_mac"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_proxy_account"),
        sa.ForeignKeyConstraint(["given_by"], ["account.id"], name="fk_proxy_given_by"),
        sa.ForeignKeyConstraint(["ended_by"], ["account.id"], name="fk_proxy_ended_by"),
    )
    op.create_index("ix_proxy_patient", "proxy", ["patient"])
    op.create_index("ix_proxy_account", "proxy", ["account"])
    op.create_table(
        "proxy_guess",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proxy_guess"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_proxy_guess_account"),
    )
    op.create_index("ix_proxy_guess_account", "proxy_guess", ["account"])
    op.create_index("ix_proxy_guess_expires_at", "proxy_guess", ["expires_at"])
    op.add_column("token_family", sa.Column("proxy", sa.Text))
    op.create_foreign_key("fk_token_family_proxy", "token_family", "proxy", ["proxy"], ["id"])
    op.create_index("ix_token_family_proxy", "token_family", ["proxy"])


def downgrade() -> None:
    op.drop_index("ix_token_family_proxy", "token_family")
    op.drop_constraint("fk_token_family_proxy", "token_family", type_="foreignkey")
    op.drop_column("token_family", "proxy")
    op.drop_table("proxy_guess")
    op.drop_table("proxy")
