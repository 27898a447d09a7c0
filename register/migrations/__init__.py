"""The tables brought to the version this program works with; there is no way back but a copy."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, String, column, inspect, select, table, text

from certification.errors import PlanError

_FOLDER = Path(__file__).parent
_VERSIONS = "register_version"
"""Where a database says which version its tables have; a register may share it with other tables."""

HEAD = max(path.stem.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))
"""The version of the tables in ``register.schema``."""


def upgrade(connection: Connection) -> None:
    """Make the tables, or bring them up to ``HEAD``, inside the caller's transaction; one process at a time.

    Raises:
        PlanError: the tables are newer than this program.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('xiangka register migrations'))"))
    found = version(connection)
    if found == HEAD:
        return
    config = configuration(connection)
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise PlanError(
            f"its tables have version {found}, which is newer than this program's {HEAD}",
            where="register",
            remedy="use the program they were last used with, or a newer one",
        )
    command.upgrade(config, "head")


def version(connection: Connection) -> str | None:
    """The version of the tables; None where there is no register."""
    if _VERSIONS not in inspect(connection).get_table_names():
        return None
    number = column("version_num", String)
    found: str | None = connection.execute(select(number).select_from(table(_VERSIONS, number))).scalar_one_or_none()
    return found


def configuration(connection: Connection) -> Config:
    """Alembic's configuration; ``env`` takes the connection and the place of the version from it."""
    config = Config(attributes={"connection": connection, "version_table": _VERSIONS})
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config
