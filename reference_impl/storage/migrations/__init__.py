"""The tables brought to the version this program works with, whatever version they have; there is no way back.

A step down would have to throw away what only the newer tables hold: whoever must go back restores a copy.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, String, column, inspect, select, table, text

from reference_impl.errors import PlatformError
from reference_impl.storage.postgres_session import check_server
from reference_impl.storage.schema import SCHEMA

_FOLDER = Path(__file__).parent

HEAD = max(path.stem.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))
"""The version of the tables in ``storage.schema``."""

_VERSION = table("alembic_version", column("version_num", String))


def upgrade(connection: Connection) -> None:
    """Make the tables, or bring them up to ``HEAD``, inside the caller's transaction; one process at a time.

    Raises:
        PlatformError: the tables are older than versions, or newer than this program; the server cannot keep them.
    """
    if connection.dialect.name == "postgresql":
        check_server(connection)
        # SQLite's transactions exclude each other from their beginning.
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('xiangka migrations'))"))
    found = _version(connection)
    if found == HEAD:
        return
    # Most starts find the tables as they should be, and need nothing of what this one loads.
    from reference_impl.storage.migrations.steps import known_versions, take_steps  # noqa: PLC0415

    if found is not None and found not in known_versions():
        raise PlatformError(
            f"the tables of this database have version {found}, which is newer than this program's {HEAD}",
            where="database",
            remedy="start the program they were last used with, or a newer one",
        )
    take_steps(connection)


def _version(connection: Connection) -> str | None:
    present = set(inspect(connection).get_table_names())
    if _VERSION.name in present:
        version: str | None = connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()
        return version
    if present & set(SCHEMA.tables):
        raise PlatformError(
            "the tables of this database were made before tables had versions",
            where="database",
            remedy="start with an empty data folder or an empty database; cards of the old one must be registered anew",
        )
    return None
