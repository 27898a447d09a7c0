"""Many new persons and cards written at the speed of the disk: indexes away, rows appended, indexes made anew.

All of it is one transaction, so no one ever meets a table without its indexes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, Index, func, select

from reference_impl.storage.schema import CARDS, PERSONS
from reference_impl.storage.schema_records import ISSUANCES
from reference_impl.storage.seeded_rows import SeededRow

_INDEXES: tuple[Index, ...] = tuple(
    sorted((index for table in (PERSONS, CARDS) for index in table.indexes), key=lambda index: str(index.name))
)
_COLUMNS = {
    PERSONS: ("person_no", "person_key", "mindex_id", "sealed_identity", "registered_ms"),
    CARDS: ("card_no", "card_id", "person_no", "state", "active_since_ms", "channel", "changed_ms"),
    ISSUANCES: ("card_no", "issued_ms", "channel", "org_code"),
}
_SERIALS = ((PERSONS, "person_no"), (CARDS, "card_no"))
_MEMORY_MB = 512
"""What PostgreSQL may sort an index in; SQLite sorts faster in the little it takes by itself."""


class BulkLoad:
    """One load; rows are appended between ``begin`` and ``end``.

    Args:
        connection: inside the transaction that the load is.
        state: state of the cards.
        now_ms: when everything was registered, Unix ms.
        org_code: institution that issues.
    """

    def __init__(self, connection: Connection, state: str, now_ms: int, org_code: str) -> None:
        self._connection = connection
        self._state = state
        self._now_ms = now_ms
        self._org_code = org_code
        self._on_sqlite = connection.dialect.name == "sqlite"
        self._person_no = _last(connection, PERSONS.c.person_no)
        self._card_no = _last(connection, CARDS.c.card_no)

    def begin(self) -> None:
        """Take the indexes away."""
        if not self._on_sqlite:
            self._connection.exec_driver_sql(f"SET LOCAL maintenance_work_mem = '{_MEMORY_MB}MB'")
        for index in _INDEXES:
            index.drop(self._connection)

    def append(self, rows: Sequence[SeededRow]) -> None:
        """Write people who have no card yet, and their cards."""
        now, first_person, first_card = self._now_ms, self._person_no + 1, self._card_no + 1
        self._person_no += len(rows)
        self._card_no += len(rows)
        self._write(
            PERSONS,
            [(n, r.person_key, r.mindex_id, r.sealed_identity, now) for n, r in enumerate(rows, first_person)],
        )
        self._write(
            CARDS,
            [
                (first_card + n, r.card_id, first_person + n, self._state, now, r.channel, now)
                for n, r in enumerate(rows)
            ],
        )
        self._write(ISSUANCES, [(n, now, r.channel, self._org_code) for n, r in enumerate(rows, first_card)])

    def end(self) -> None:
        """Make the indexes anew.

        Raises:
            IntegrityError: somebody had a card already.
        """
        for index in _INDEXES:
            index.create(self._connection)
        if not self._on_sqlite:
            for table, column in _SERIALS:
                sequence = func.pg_get_serial_sequence(table.name, column)
                self._connection.execute(select(func.setval(sequence, _last(self._connection, table.c[column]))))

    def _write(self, table: Any, rows: Sequence[tuple[object, ...]]) -> None:
        names = ", ".join(_COLUMNS[table])
        if self._on_sqlite:
            marks = ", ".join("?" * len(_COLUMNS[table]))
            self._connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608
            return
        raw = cast("psycopg.Connection[Any]", self._connection.connection.driver_connection)
        with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _last(connection: Connection, column: Any) -> int:
    return connection.scalar(select(func.max(column))) or 0
