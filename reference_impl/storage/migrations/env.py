"""What alembic runs: the steps, on the connection and in the transaction it is given."""

from __future__ import annotations

from alembic import context

from reference_impl.storage.schema import SCHEMA

context.configure(connection=context.config.attributes["connection"], target_metadata=SCHEMA)
context.run_migrations()
