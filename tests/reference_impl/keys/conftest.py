"""A database of its own with keys in it, and a root file."""

import random as pseudo
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from softhsm import write_pin_file
from sqlalchemy import Connection, Engine

from reference_impl.keys.keyring import Keyring, open_keyring
from reference_impl.keys.province import create_keys
from reference_impl.keys.root import FileRoot
from reference_impl.storage import epoch
from reference_impl.storage.engine import open_engine, sqlite_url
from reference_impl.storage.schema import SCHEMA

NOW_MS = 1_800_000_000_000


@pytest.fixture
def random() -> Callable[[int], bytes]:
    return pseudo.Random(1).randbytes


@pytest.fixture
def now_ms() -> int:
    return NOW_MS


@pytest.fixture
def root(tmp_path: Path, random) -> FileRoot:
    return FileRoot.create(tmp_path / "root.key", random)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(sqlite_url(tmp_path / "keys.sqlite"))
    with engine.begin() as connection:
        SCHEMA.create_all(connection)
        epoch.begin(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine, root: FileRoot, random) -> Iterator[Connection]:
    """One open transaction on a database whose keys were just made under ``root``."""
    with engine.connect() as connection, connection.begin():
        create_keys(connection, root, random, NOW_MS)
        yield connection


@pytest.fixture
def keyring(connection: Connection, root: FileRoot) -> Callable[..., Keyring]:
    """Open the keys as they stand now, or at another time."""
    return lambda now_ms=NOW_MS: open_keyring(connection, root, now_ms)


@pytest.fixture
def pin_file(tmp_path: Path) -> Callable[[str], Path]:
    return lambda pin: write_pin_file(tmp_path, pin)
