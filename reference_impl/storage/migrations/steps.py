"""The steps from any version of the tables to the newest, taken by alembic without a configuration file of its own."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def configuration(connection: Connection | None = None) -> Config:
    """Return alembic's configuration; ``env`` takes the connection from it."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def known_versions() -> frozenset[str]:
    """Return every version this program knows a step to."""
    return frozenset(step.revision for step in ScriptDirectory.from_config(configuration()).walk_revisions())


def take_steps(connection: Connection) -> None:
    """Take every step that is left, in the connection's transaction."""
    command.upgrade(configuration(connection), "head")
