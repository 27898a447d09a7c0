"""What alembic runs: the steps, on the connection and in the transaction it is given."""

from __future__ import annotations

from alembic import context

from register.schema import SCHEMA

_GIVEN = context.config.attributes

context.configure(connection=_GIVEN["connection"], target_metadata=SCHEMA, version_table=_GIVEN["version_table"])
context.run_migrations()
