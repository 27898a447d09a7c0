"""Which writer goes with which database."""

from __future__ import annotations

from sqlalchemy import Engine

from reference_impl.records.audit import AuditKey
from reference_impl.storage.batch import Caches, Writer
from reference_impl.storage.postgres_writer import PostgresWriter
from reference_impl.storage.sqlite_writer import SqliteWriter


def open_writer(engine: Engine, caches: Caches, lane: str, audit_key: AuditKey) -> Writer:
    """Return the writer of the engine's database; arguments as ``SqliteWriter`` and ``PostgresWriter``.

    Raises:
        PlatformError: another process writes the lane.
    """
    kind = SqliteWriter if engine.dialect.name == "sqlite" else PostgresWriter
    return kind(engine, caches, lane, audit_key)
