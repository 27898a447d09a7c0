"""Engines: a SQLite file, or a PostgreSQL database. What is committed has reached the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from certification.errors import PlanError

PATIENCE_S = 60
"""How long an act waits for another to be done; setting a certificate takes seconds on a busy machine."""
READS = "register_reads"
"""Execution option of a transaction that only reads: it waits for no writer, and needs no right to write."""


def open_engine(place: str, *, new: bool = False) -> Engine:
    """Return an engine on the file of a SQLite database, or on the URL of a database.

    Args:
        place: a path, ``sqlite:///…`` or ``postgresql://…``.
        new: whether the database may be made; else a file that is not there is an error.

    Raises:
        PlanError: it names no database of these kinds, or a file that is not there.
    """
    url = _url(place)
    if url.get_backend_name() == "postgresql":
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            connect_args={"client_encoding": "utf8", "options": f"-c lock_timeout={PATIENCE_S}s"},
        )
    file = Path(url.database or "")
    if not new and not file.is_file():
        raise PlanError("there is no register", where=place, remedy="make one with `xiangka register init`")
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def told_plainly(place: str) -> Iterator[None]:
    """Tell what a database refuses in one sentence, without its password.

    Raises:
        PlanError: the database cannot be used.
    """
    try:
        yield
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
        raise PlanError(
            f"the database cannot be used ({said})",
            where=shown_place(place),
            remedy="check that it is there, that this user may write it, and that there is room",
        ) from error


def shown_place(place: str) -> str:
    """A place without user, password and parameters."""
    if "://" not in place:
        return place
    url = _url(place)
    return URL.create(url.get_backend_name(), host=url.host, port=url.port, database=url.database).render_as_string()


def _url(place: str) -> URL:
    if "://" not in place:
        return URL.create("sqlite", database=place)
    try:
        url = make_url(place)
        kind = url.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise _no_place() from error
    if kind not in ("sqlite", "postgresql"):
        raise _no_place()
    return url


def _no_place() -> PlanError:
    return PlanError(
        "this is no SQLite file and no URL of a PostgreSQL database",
        where="--database",
        remedy="write FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME",
    )


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin transactions late and commit them on its own; the engine's "begin" event does it instead.
    connection.isolation_level = None
    for pragma in ("synchronous=FULL", f"busy_timeout={PATIENCE_S * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later could not wait for another writer: SQLite refuses the upgrade.
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(READS) else "BEGIN IMMEDIATE")
