"""Touching what the first verifications look up, so that they do not wait for the disk.

A SQLite file is read from front to back, as fast as the disk gives it, into the memory that the system keeps of it;
PostgreSQL is asked for the index of card ids, the cards and their holders. It goes on in a thread of its own, a piece
at a time, and ends when it is told to; nobody has to wait for it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, Executable, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from reference_impl.storage.schema import CARDS, PERSONS

LOG = logging.getLogger("reference_impl")

_INDEX_PIECES = 256
_LOOK_EVERY_S = 0.05
_ROWS_A_PIECE = 20_000
_BYTES_A_PIECE = 1 << 20
_REST = 4
"""After each piece that a database looks up it rests so many times as long as the piece took, for the requests that
come meanwhile go first. Reading a file takes nothing from them but the disk."""


@dataclass
class Touched:
    """What has been touched so far: bytes of a file, or entries of the index of card ids, rows of cards and persons."""

    file_bytes: int = 0
    card_ids: int = 0
    cards: int = 0
    persons: int = 0


class Warming:
    """Touches the tables behind ``readers`` from ``start`` on; ``touched`` counts."""

    def __init__(self, readers: Engine) -> None:
        self.touched = Touched()
        self._readers = readers
        self._told_to_end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warming", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait until everything is touched, at most so long; tell whether it is."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self) -> None:
        """End after the piece under way."""
        self._told_to_end.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            if self._readers.dialect.name == "sqlite":
                self._read_file(Path(str(self._readers.url.database)))
            else:
                self._look_everything_up()
        except (OSError, SQLAlchemyError):
            # A cold start is no trouble by itself, and whoever asks for a card will tell of what is.
            LOG.warning("the tables could not be warmed")

    def _read_file(self, path: Path) -> None:
        buffer = bytearray(_BYTES_A_PIECE)
        with path.open("rb", buffering=0) as file:
            while (read := file.readinto(buffer)) and not self._told_to_end.is_set():
                self.touched.file_bytes += read

    def _look_everything_up(self) -> None:
        with self._readers.connect() as connection:
            _prewarm(connection)
            for what, piece in _pieces(connection):
                begun = time.monotonic()
                setattr(self.touched, what, getattr(self.touched, what) + connection.execute(piece).one()[0])
                if self._told_to_end.wait(_REST * (time.monotonic() - begun)):
                    return


async def warm_up(readers: Engine) -> None:
    """Touch everything beside whatever else the event loop does; ends early when cancelled."""
    warming = Warming(readers)
    warming.start()
    try:
        while not warming.wait(0):
            await asyncio.sleep(_LOOK_EVERY_S)
    finally:
        warming.stop()


def _prewarm(connection: Connection) -> None:
    """Let PostgreSQL read whole relations, where an administrator has installed what does so."""
    if connection.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'pg_prewarm'")):
        for relation in ("ix_cards_card_id", "cards_pkey", "cards", "persons_pkey", "persons"):
            connection.execute(text("SELECT pg_prewarm(CAST(:relation AS regclass), 'read')"), {"relation": relation})


def _pieces(connection: Connection) -> Iterator[tuple[str, Executable]]:
    """Yield statements that count what they touch, small enough to stop between them."""
    for first in range(_INDEX_PIECES):
        piece = select(func.count(), func.max(func.length(CARDS.c.card_id))).where(CARDS.c.card_id >= bytes((first,)))
        yield "card_ids", piece if first == 255 else piece.where(CARDS.c.card_id < bytes((first + 1,)))
    for what, number, touched in (
        ("cards", CARDS.c.card_no, func.max(CARDS.c.state)),
        ("persons", PERSONS.c.person_no, func.max(func.length(PERSONS.c.sealed_identity))),
    ):
        last = connection.scalar(select(func.max(number))) or 0
        for first in range(1, last + 1, _ROWS_A_PIECE):
            yield what, select(func.count(), touched).where(number >= first, number < first + _ROWS_A_PIECE)
