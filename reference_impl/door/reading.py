"""The platform's data read beside whoever serves them: for reports on the command line, which change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from reference_impl.clock import now_ms
from reference_impl.door.opening import clock_of, open_root
from reference_impl.door.options import PlatformOptions
from reference_impl.errors import PlatformError
from reference_impl.keys.keyring import Keyring, open_keyring
from reference_impl.platform import DATABASE_FILE
from reference_impl.storage.engine import open_readers, sqlite_url
from reference_impl.storage.opening_faults import database_fault, place_of


@dataclass(frozen=True)
class Reading:
    """A connection that only reads, the keys in clear, and the platform's time, Unix ms."""

    connection: Connection
    keyring: Keyring
    now_ms: int


@contextmanager
def open_for_reading(options: PlatformOptions) -> Iterator[Reading]:
    """Open the data of an existing platform to read them.

    Raises:
        PlatformError: there is no platform, or its data or keys cannot be read.
    """
    database = options.data_dir / DATABASE_FILE
    if options.database_url is None and not database.exists():
        raise PlatformError(
            "there is no platform in this folder",
            where=str(options.data_dir),
            remedy="name the folder of a platform, or make one with `xiangka platform init`",
        )
    try:
        engine = open_readers(options.database_url or sqlite_url(database))
        try:
            with engine.connect() as connection:
                root = open_root(options, fresh=False)
                now = now_ms(clock_of(options))
                yield Reading(connection, open_keyring(connection, root, now), now)
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        url = options.database_url
        raise database_fault("read", place_of(url) if url else str(database), error) from error
