"""A database with writers on it, items that only say what they were told, and jobs that write one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, func, insert, select

from reference_impl.records import audit
from reference_impl.records.audit import Entry
from reference_impl.storage.batch import CardRow, Writer
from reference_impl.storage.schema import AUDIT, INSTITUTIONS
from reference_impl.storage.writers import open_writer

AUDIT_KEY = b"a" * 32


@dataclass
class Epochs:
    """Keeps the epochs a writer told."""

    told: list[int] = field(default_factory=list)

    def refresh(self, epoch: int) -> None:
        self.told.append(epoch)


@dataclass
class Asked:
    """An item; accepted unless ``refused``, which it decides as the fast path would."""

    request_key: bytes
    wanted_token: bytes | None = None
    card_id: bytes | None = None
    refused: bool = False
    token_key: bytes | None = None
    card: CardRow | None = None
    result: str = "waiting"

    def decide(self, card: CardRow | None) -> None:
        self.card = card
        self.token_key = None if self.refused else self.wanted_token

    def settle(self, *, replayed: bool, reused: bool) -> Entry:
        self.result = "replayed" if replayed else "reused" if reused else "refused" if self.refused else "ok"
        return Entry(1, "ask", outcome=self.result)


@dataclass
class Room:
    """A database with the platform's tables, and the writers opened on it."""

    engine: Engine
    caches: Epochs = field(default_factory=Epochs)
    writers: list[Writer] = field(default_factory=list)

    def writer(self, lane: str = "w0") -> Writer:
        self.writers.append(open_writer(self.engine, self.caches, lane, AUDIT_KEY))
        return self.writers[-1]

    def count(self, table: Any) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(table))

    def column(self, column: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.scalars(select(column).order_by(column)))

    def outcomes(self, lane: str = "w0") -> list[str]:
        with self.engine.connect() as connection:
            return list(connection.scalars(select(AUDIT.c.outcome).where(AUDIT.c.lane == lane).order_by(AUDIT.c.seq)))

    def check(self) -> audit.Check:
        with self.engine.connect() as connection:
            return audit.check(connection, AUDIT_KEY)


def enrol(code: str, told: str = "000") -> Callable[[Any], str]:
    """Return a job that writes one row and one record."""

    def job(connection: Any) -> str:
        row = {"org_code": code, "name": "x", "level": "3", "kind": "hospital", "prefecture": "439900", "state": "x"}
        connection.execute(insert(INSTITUTIONS), row)
        audit.append(connection, Entry(1, "enrol", org_code=code, outcome=told))
        return code

    return job
