"""Engines: SQLite in write-ahead mode with synchronous=FULL, or PostgreSQL. What is committed has reached the disk."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from sqlite3 import SQLITE_BUSY
from sqlite3 import OperationalError as DriverError
from typing import Any, cast

from sqlalchemy import URL, Column, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError

from reference_impl.storage.postgres_session import SETTINGS

BUSY_TIMEOUT_MS = 5000
_MAPPED_BYTES = 16 << 30
"""How much of a SQLite file may be read through the page cache of the system instead of one of its own."""


def sqlite_url(path: Path) -> str:
    """Return the database URL of a SQLite file."""
    return f"sqlite:///{path}"


def open_engine(url: str, *, shared: bool = False) -> Engine:
    """Return an engine on a SQLite or PostgreSQL URL; its errors never show the values of a statement.

    Args:
        url: as SQLAlchemy writes them.
        shared: whether several processes write: a file that is mapped is unmapped with each commit of another.

    Raises:
        ArgumentError: the URL is not one of SQLAlchemy's, or names another database.
    """
    parsed = _parsed(url)
    match parsed.get_backend_name():
        case "sqlite":
            engine = create_engine(parsed, hide_parameters=True)
            event.listen(engine, "connect", _set_up_shared_sqlite if shared else _set_up_sqlite)
            event.listen(engine, "begin", _begin_immediate)
        case "postgresql":
            engine = create_engine(
                with_psycopg(parsed),
                hide_parameters=True,
                isolation_level="READ COMMITTED",
                pool_pre_ping=True,
                connect_args={"client_encoding": "utf8"},
            )
            event.listen(engine, "connect", _set_up_postgres)
        case other:
            raise ArgumentError(f"the tables are kept in SQLite or PostgreSQL, not in {other}")
    return engine


def open_readers(url: str) -> Engine:
    """Return an engine whose transactions only read, beside the one that writes.

    Raises:
        ArgumentError: as ``open_engine``.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return open_engine(url).execution_options(postgresql_readonly=True)
    engine = create_engine(parsed, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite_reader)
    return engine


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ValueError as error:
        raise ArgumentError("the port of the URL is no number") from error


def with_psycopg(url: URL) -> URL:
    """Return a PostgreSQL URL that names the driver the platform uses."""
    return url.set(drivername="postgresql+psycopg")


def unless_held(
    connection: Connection, table: Table, returning: Column[Any] | None = None
) -> sqlite.Insert | postgresql.Insert:
    """Return the statement that inserts a row unless a unique constraint already holds its place.

    Executed, its ``rowcount`` is 1 if the row was inserted and 0 if the place was held; with ``returning`` it gives
    that column of the inserted row instead, and no row if the place was held.
    """
    return _unless_held(connection.dialect.name, table, returning)


@lru_cache
def _unless_held(dialect: str, table: Table, returning: Column[Any] | None) -> sqlite.Insert | postgresql.Insert:
    # Kept, for SQLAlchemy needs as long to recognise a statement made anew as PostgreSQL to do it.
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(table).on_conflict_do_nothing()
    if returning is not None:
        return cast("sqlite.Insert | postgresql.Insert", statement.returning(returning))
    # On PostgreSQL a statement that returns a generated key would else say -1.
    return statement.execution_options(preserve_rowcount=True)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin transactions late and commit them on its own; the engine's "begin" event does it instead.
    connection.isolation_level = None
    _write_ahead(connection)
    for pragma in (
        "synchronous=FULL",
        "foreign_keys=ON",
        # What is deleted or replaced is overwritten: a key that was destroyed must not stay behind in a free page.
        "secure_delete=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        f"mmap_size={_MAPPED_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: Any) -> None:
    # Of connections that turn a new file to write-ahead logging at once SQLite refuses one without letting it wait.
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except DriverError as error:
            if error.sqlite_errorcode & 0xFF != SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _set_up_shared_sqlite(connection: Any, record: object) -> None:
    _set_up_sqlite(connection, record)
    connection.execute("PRAGMA mmap_size=0")


def _set_up_sqlite_reader(connection: Any, record: object) -> None:
    _set_up_sqlite(connection, record)
    connection.execute("PRAGMA query_only=ON")


def _set_up_postgres(connection: Any, _record: object) -> None:
    for setting in SETTINGS:
        connection.execute(setting)
    connection.commit()


def _begin_immediate(connection: Connection) -> None:
    # A transaction that reads first and writes later could not wait for another writer: SQLite refuses the upgrade.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
