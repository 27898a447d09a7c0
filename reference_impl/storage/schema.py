"""The tables of the platform and the engine that keeps them, SQLAlchemy Core throughout.

SQLite in write-ahead mode with synchronous=FULL: what is committed has reached the disk. Times are Unix milliseconds,
codes and identifiers are text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
)
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.exc import ArgumentError

SCHEMA = MetaData()

KEYS = Table(
    "keys",
    SCHEMA,
    Column("purpose", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

PERSONS = Table(
    "persons",
    SCHEMA,
    Column("person_key", String, primary_key=True),
    Column("sealed_identity", LargeBinary, nullable=False),
    Column("registered_ms", BigInteger, nullable=False),
)

# person_key is unique here: one person has one card, which closes and opens again but never doubles.
CARDS = Table(
    "cards",
    SCHEMA,
    Column("card_id", String, primary_key=True),
    Column("person_key", ForeignKey(PERSONS.c.person_key), nullable=False, unique=True),
    Column("mindex_id", String, nullable=False, unique=True),
    Column("state", String, nullable=False),
    Column("active_since_ms", BigInteger, nullable=False),
)

INSTITUTIONS = Table(
    "institutions",
    SCHEMA,
    Column("org_code", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("valid", Boolean, nullable=False),
)

APPS = Table(
    "apps",
    SCHEMA,
    Column("app_id", String, primary_key=True),
    Column("org_code", ForeignKey(INSTITUTIONS.c.org_code), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("valid", Boolean, nullable=False),
)

TERMINALS = Table(
    "terminals",
    SCHEMA,
    Column("app_id", ForeignKey(APPS.c.app_id), primary_key=True),
    Column("term_id", String, primary_key=True),
    Column("terminal_type", String, nullable=False),
    Column("valid", Boolean, nullable=False),
)

# A static code has no token; SQL lets any number of absent values stand under a unique constraint.
USES = Table(
    "uses",
    SCHEMA,
    Column("use_id", Integer, primary_key=True),
    Column("token", String, unique=True),
    Column("card_id", ForeignKey(CARDS.c.card_id), nullable=False),
    Column("app_id", String, nullable=False),
    Column("term_id", String, nullable=False),
    Column("medstepcode", String, nullable=False),
    Column("channelcode", String, nullable=False),
    Column("terminalcode", String, nullable=False),
    Column("used_ms", BigInteger, nullable=False),
)

SEEN_DIGESTS = Table(
    "seen_digests",
    SCHEMA,
    Column("digest", String, primary_key=True),
    Column("expires_ms", BigInteger, nullable=False),
)
Index("seen_digests_expiry", SEEN_DIGESTS.c.expires_ms)


def sqlite_url(path: Path) -> str:
    """Return the database URL of a SQLite file."""
    return f"sqlite:///{path}"


def open_engine(url: str) -> Engine:
    """Return an engine on a SQLite URL; its errors never show the values of a statement.

    Raises:
        ArgumentError: the URL is not one of SQLAlchemy's, or names another database than SQLite.
    """
    engine = create_engine(url, hide_parameters=True)
    if engine.dialect.name != "sqlite":
        raise ArgumentError("the tables rely on SQLite's durability settings and conflict clause")
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def unless_held(table: Table) -> Insert:
    """Return the statement that inserts a row unless a unique constraint already holds its place.

    Executed, its ``rowcount`` is 1 if the row was inserted and 0 if the place was held.
    """
    return insert(table).on_conflict_do_nothing()


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin transactions late and commit them on its own; the engine's "begin" event does it instead.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    # A transaction that reads first and writes later could not wait for another writer: SQLite refuses the upgrade.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
