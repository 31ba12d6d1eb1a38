"""Alembic's entry. The connection comes from `db.schema.bring_to_head`; there is no alembic.ini."""

from __future__ import annotations

from alembic import context

from db.schema import compare_options

connection = context.config.attributes["connection"]
context.configure(connection=connection, **compare_options(connection.dialect.name))
# The caller owns the transaction: all pending migrations, or none.
context.run_migrations()
