"""The platform assembled: data opened or made, keys unsealed, the first institution enrolled, the gateway ready."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from reference_impl.access.first_institution import first_credentials
from reference_impl.clock import Clock, now_ms, system_clock
from reference_impl.door.gateway import Gateway
from reference_impl.door.methods import Service
from reference_impl.entropy import RandomBytes, system_entropy
from reference_impl.errors import PlatformError
from reference_impl.keys.key_file import create_key_file, read_key_file
from reference_impl.keys.keyring import PURPOSES, Keyring, add_version, open_keyring
from reference_impl.storage.group_commit import GroupCommit
from reference_impl.storage.schema import KEYS, SCHEMA, open_engine, sqlite_url
from reference_impl.wire.dialects import HN_A, Dialect
from reference_impl.wire.envelope import Credentials

DEFAULT_TTL_S = 60
"""How long a phone shows a dynamic code before it fetches the next."""

MAX_TTL_S = 300
"""The longest a dynamic code may be accepted; this project's choice, no limit is published."""

DATABASE_FILE = "platform.sqlite"
KEY_FILE = "key-encryption.key"


@dataclass(frozen=True)
class Platform:
    """An open platform; ``credentials`` are those of the first application and terminal."""

    gateway: Gateway
    commits: GroupCommit
    engine: Engine
    dialect: Dialect
    credentials: Credentials

    def close(self) -> None:
        """Finish the requests that are queued and let go of the database."""
        self.commits.close()
        self.engine.dispose()


def open_platform(
    data_dir: Path,
    *,
    database_url: str | None = None,
    token_ttl_s: float = DEFAULT_TTL_S,
    clock: Clock = system_clock,
    random: RandomBytes = system_entropy,
) -> Platform:
    """Open the platform whose data stand in ``data_dir``, making them if there are none.

    Args:
        data_dir: folder of the key file and, unless ``database_url`` names another place, of the database.
        database_url: an SQLAlchemy URL of a SQLite database.
        token_ttl_s: greatest accepted age of a dynamic code in seconds, more than 0 and at most ``MAX_TTL_S``.
        clock: the platform's only clock.
        random: the platform's only source of randomness.

    Raises:
        PlatformError: the folder, the key file, the database or the life of a code cannot be used.
    """
    if not 0 < token_ttl_s <= MAX_TTL_S:
        raise PlatformError(
            f"a dynamic code cannot live {token_ttl_s} s",
            where="token_ttl_s",
            remedy=f"choose more than 0 and at most {MAX_TTL_S} seconds",
        )
    database = data_dir / DATABASE_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if database_url is None:
            # SQLite gives its side files the mode of the main file, so this one mode keeps all three private.
            database.touch(mode=0o600)
    except OSError as error:
        raise PlatformError(
            f"the data folder cannot be used ({error.strerror})",
            where=str(data_dir),
            remedy="name a folder that this user may write",
        ) from error
    try:
        engine = open_engine(database_url or sqlite_url(database))
        keyring, credentials = _open_data(engine, data_dir / KEY_FILE, random, now_ms(clock))
    except (SQLAlchemyError, ImportError) as error:
        raise PlatformError(
            f"the database cannot be opened ({type(error).__name__})",
            where="database_url" if database_url else str(database),
            remedy="name a SQLite file that this user may write, or start with an empty data folder",
        ) from error
    service = Service(keyring, round(token_ttl_s * 1000), random)
    return Platform(
        gateway=Gateway(HN_A, keyring, service, clock),
        commits=GroupCommit(engine),
        engine=engine,
        dialect=HN_A,
        credentials=credentials,
    )


def _open_data(engine: Engine, key_file: Path, random: RandomBytes, created_ms: int) -> tuple[Keyring, Credentials]:
    # One transaction for all of it: a platform killed at its first start leaves nothing half made.
    with engine.begin() as connection:
        SCHEMA.create_all(connection)
        fresh = not connection.scalar(select(func.count()).select_from(KEYS))
        if fresh:
            create_key_file(key_file, random)
        kek = read_key_file(key_file)
        if fresh:
            for purpose in PURPOSES:
                add_version(connection, kek, purpose, random, created_ms)
        keyring = open_keyring(connection, kek)
        return keyring, first_credentials(connection, keyring, random)
