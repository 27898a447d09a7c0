"""Fresh tables of either database to write in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert
from writing import AUDIT_KEY, Room

from reference_impl.records import audit
from reference_impl.storage import epoch
from reference_impl.storage.engine import open_engine, sqlite_url
from reference_impl.storage.migrations import upgrade
from reference_impl.storage.schema import KEYS


@pytest.fixture
def room(database_url: str | None, tmp_path: Path) -> Iterator[Room]:
    engine = open_engine(database_url or sqlite_url(tmp_path / "room.sqlite"))
    with engine.begin() as connection:
        upgrade(connection)
        epoch.begin(connection)
        audit.begin(connection, AUDIT_KEY)
        # The audit takes a database without keys for a new one.
        key = {"purpose": "x", "owner": "", "version": 1, "sealed_key": b"", "state": "active", "created_ms": 0}
        connection.execute(insert(KEYS), key)
    opened = Room(engine)
    yield opened
    engine.dispose()
