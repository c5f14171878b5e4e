"""Alembic's entry: runs on the connection it is handed, and on no other."""

from __future__ import annotations

from alembic import context

from tasuki.auth.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table="auth_version",
)
with context.begin_transaction():
    context.run_migrations()
