"""A register in its database: read whole and followed, added to in one transaction, never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, insert, select, text

from certification.certificates import Entry
from certification.errors import PlanError
from evidence.chain import Chain, sm3
from evidence.keys.signer import Signer
from register.authorisers import demand_authoriser_of
from register.engine import READS, open_engine, shown_place, told_plainly
from register.errors import BrokenRegisterError
from register.history import CHAIN, History, Line, follow, require_signed, signed_line
from register.lines import Opening, entry_record, opening_record
from register.migrations import HEAD, upgrade, version
from register.schema import ACTS, DOCUMENTS, WARNINGS

PAUSE_DAYS = 400
"""An act later than this after the one before it is more likely a wrong clock than a register nobody needed."""


@dataclass(frozen=True)
class Change:
    """One transaction that adds to a register; it holds off every other until it ends.

    Attributes:
        history: the register as it stands before.
        connection: what it is written through.
    """

    history: History
    connection: Connection

    def demand(self, signer: Signer, now: datetime, *, after_pause: bool) -> None:
        """Demand that somebody may act now, before anything is made for it.

        Args:
            after_pause: that nothing was done for long is no mistake of the clock.

        Raises:
            PlanError: the clock is behind the last act, or further ahead of it than it may be unasked.
            SignatureError: the signer is no authoriser of the register's centre with a valid certificate.
        """
        self._demand_clock(now)
        demand_authoriser_of(self.history.opening, signer, now)
        if now - self.history.last > timedelta(days=PAUSE_DAYS) and not after_pause:
            raise PlanError(
                f"the clock says {now.isoformat()}, more than {PAUSE_DAYS} days after {self._last_act}",
                where="clock",
                remedy="set the clock of this machine right; if nothing was done for so long, add --after-pause",
            )

    def _demand_clock(self, now: datetime) -> None:
        if now < self.history.last:
            raise PlanError(
                f"the clock says {now.isoformat()}, before {self._last_act}",
                where="clock",
                remedy=(
                    "set the clock of this machine right; if it is right, that act was dated by a wrong one: wait until"
                    " then, or go on with a copy of the register from before it"
                ),
            )

    @property
    def _last_act(self) -> str:
        last = self.history.entries[-1] if self.history.entries else None
        what = f"{last.act} {last.number} by {last.who}" if last else f"opening by {self.history.opening.who}"
        return f"act {self.history.records} ({what}) of {self.history.last.isoformat()}"

    def add(self, entry: Entry, signer: Signer, documents: Mapping[str, bytes]) -> None:
        """Add an act, signed, and the documents it names.

        Raises:
            PlanError: it would be dated before the last one.
            SignatureError: the signer is no authoriser of the register's centre, or may not sign now.
        """
        self._demand_clock(entry.at)
        demand_authoriser_of(self.history.opening, signer, entry.at)
        for name, body in documents.items():
            if entry.documents[name] != sm3(body).hex():
                raise ValueError(f"{name} is not what the act names")
            self.connection.execute(insert(DOCUMENTS).values(certificate=entry.number, name=name, body=body))
        chain = Chain(CHAIN, self.history.head, self.history.records, run="")
        n = self.history.records + 1
        line = signed_line(chain.line(entry_record(n, entry)).rstrip("\n"), n, signer, entry.at)
        require_signed(line, n, entry, self.history.opening.centre)
        _write(self.connection, n, entry.number, line)


class Book:
    """An open register.

    Args:
        place: SQLite file or URL of a PostgreSQL database.

    Raises:
        PlanError: there is no register there, or the database cannot be used.
    """

    def __init__(self, place: str) -> None:
        self.place = shown_place(place)
        self._given = place
        self._engine = open_engine(place)
        try:
            self._bring_up()
        except BaseException:
            self._engine.dispose()
            raise

    def _bring_up(self) -> None:
        with self._reading() as connection:
            found = version(connection)
            if found is None:
                raise PlanError(
                    "there is no register in this database",
                    where=self.place,
                    remedy="make one with `xiangka register init`",
                )
        if found != HEAD:
            with told_plainly(self._given), self._engine.begin() as connection:
                upgrade(connection)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        reader = self._engine.execution_options(**{READS: True})
        with told_plainly(self._given), reader.begin() as connection:
            yield connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    def read(self) -> History:
        """The register as it stands.

        Raises:
            BrokenRegisterError: its history does not hold.
        """
        return self.read_lines()[0]

    def read_lines(self) -> tuple[History, list[Line]]:
        """The register as it stands, and every act as it is kept, oldest first.

        Raises:
            BrokenRegisterError: its history does not hold.
        """
        with self._reading() as connection:
            lines = _lines(connection)
        return follow(lines, self.place), lines

    def document(self, certificate: str, name: str, digest: str) -> bytes:
        """A document of a certificate.

        Raises:
            BrokenRegisterError: it is missing, or not the one the act names by this SM3, hex.
        """
        query = select(DOCUMENTS.c.body).where(DOCUMENTS.c.certificate == certificate, DOCUMENTS.c.name == name)
        with self._reading() as connection:
            body: bytes | None = connection.execute(query).scalar_one_or_none()
        if body is None or sm3(body).hex() != digest:
            raise BrokenRegisterError(
                "is missing" if body is None else "is not the document its act names",
                where=f"{self.place}, {certificate}, {name}",
                remedy="restore a copy of the register",
            )
        return body

    @contextmanager
    def change(self) -> Iterator[Change]:
        """A transaction; what was added in it is there once the block has ended without an error.

        Raises:
            BrokenRegisterError: the history does not hold; nothing is added to it then.
        """
        with told_plainly(self._given), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE register_acts IN EXCLUSIVE MODE"))
            yield Change(follow(_lines(connection), self.place), connection)

    def warned(self) -> dict[tuple[str, date], set[int]]:
        """Days ahead for which warnings were told already, by certificate and last day of validity."""
        told: dict[tuple[str, date], set[int]] = {}
        with self._reading() as connection:
            for row in connection.execute(select(WARNINGS)):
                told.setdefault((row.certificate, row.expires), set()).add(row.days_ahead)
        return told

    def note_warning(self, certificate: str, expires: date, days_ahead: int, day: date) -> None:
        """Remember that a warning was told."""
        values = {"certificate": certificate, "expires": expires, "days_ahead": days_ahead, "told": day}
        with told_plainly(self._given), self._engine.begin() as connection:
            connection.execute(insert(WARNINGS).values(values))


def make_book(place: str, opening: Opening, signer: Signer) -> None:
    """Make a register, its opening signed.

    Raises:
        PlanError: there is one already, or the database cannot be used.
        SignatureError: the signer may not sign now.
    """
    line = signed_line(Chain(CHAIN, run="").line(opening_record(opening)).rstrip("\n"), 1, signer, opening.at)
    follow([line], shown_place(place))
    engine = open_engine(place, new=True)
    try:
        with told_plainly(place), engine.begin() as connection:
            if version(connection) is not None:
                raise PlanError(
                    "there is a register already", where=shown_place(place), remedy="name another file or database"
                )
            upgrade(connection)
            _write(connection, 1, "", line)
    finally:
        engine.dispose()


def _lines(connection: Connection) -> list[Line]:
    rows = connection.execute(select(ACTS.c.line, ACTS.c.signature).order_by(ACTS.c.n))
    return [Line(row.line, bytes(row.signature)) for row in rows]


def _write(connection: Connection, n: int, certificate: str, line: Line) -> None:
    values = {"n": n, "certificate": certificate, "line": line.text, "signature": line.signature}
    connection.execute(insert(ACTS).values(values))
