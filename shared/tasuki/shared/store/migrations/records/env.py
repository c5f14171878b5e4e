"""Runs the migrations of the records tables on the connection it is given."""

from __future__ import annotations

from alembic import context

from tasuki.shared.store.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    version_table=context.config.attributes["version_table"],
    include_object=lambda _, name, kind, *__: kind != "table" or name in METADATA.tables,
)
with context.begin_transaction():
    context.run_migrations()
