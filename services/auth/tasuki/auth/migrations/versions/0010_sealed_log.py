"""The sealed log takes the place of the tables of sign-ins and of what institutions did to accounts.

What they hold cannot be sealed after the fact as if it had always been: where one holds anything it
is kept as it is, under another name, for as long as such records are to be kept.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
REPLACED = ("sign_in", "staff_act")


def upgrade() -> None:
    op.create_table(
        "audit_leaf",
        sa.Column("local", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("owner_tag", sa.LargeBinary()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("mark", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("local", name="pk_audit_leaf"),
    )
    op.create_index("audit_leaf_seq", "audit_leaf", ["tenant", "seq"], unique=True)
    op.create_index("audit_leaf_owner", "audit_leaf", ["tenant", "owner_tag"])
    op.create_index(
        "audit_leaf_unstamped", "audit_leaf", ["local"], postgresql_where=sa.text("seq IS NULL")
    )
    op.create_table(
        "audit_tree",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_audit_tree"),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "size", name="pk_audit_checkpoint"),
    )
    op.create_table(
        "audit_node",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "level", "number", name="pk_audit_node"),
    )
    op.create_table(
        "audit_cosignature",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", "size", name="pk_audit_cosignature"),
    )
    for table in REPLACED:
        if _holds(table):
            op.rename_table(table, _before(table))
        else:
            op.drop_table(table)


def downgrade() -> None:
    if _holds("audit_leaf"):
        raise RuntimeError("the sealed log holds records, which must not be lost")
    for table in ("cosignature", "node", "checkpoint", "tree", "leaf"):
        op.drop_table(f"audit_{table}")
    for table, create in zip(REPLACED, (_create_sign_in, _create_staff_act), strict=True):
        if sa.inspect(op.get_bind()).has_table(_before(table)):
            op.rename_table(_before(table), table)
        else:
            create()


def _create_sign_in() -> None:
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("account", sa.Text()),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text()),
        sa.Column("patient", sa.Text()),
        sa.Column("reason_sealed", sa.LargeBinary()),
        sa.Column("method", sa.Text(), nullable=False, server_default="password-and-code"),
        sa.Column("voucher", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in"),
    )
    op.create_index("ix_sign_in_at", "sign_in", ["at"])


def _create_staff_act() -> None:
    op.create_table(
        "staff_act",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_act"),
        sa.ForeignKeyConstraint(["by"], ["account.id"], name="fk_staff_act_by"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_staff_act_account"),
    )
    op.create_index("ix_staff_act_at", "staff_act", ["at"])


def _before(table: str) -> str:
    return f"{table}_before_log"


def _holds(table: str) -> bool:
    one = sa.select(sa.literal(1)).select_from(sa.table(table)).limit(1)
    return op.get_bind().execute(one).scalar() is not None
