"""A database of its own with keys in it, a root file, and a SoftHSM token."""

import os
import random as pseudo
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from reference_impl.keys.hsm_root import HsmPlace
from reference_impl.keys.keyring import Keyring, open_keyring
from reference_impl.keys.province import create_keys
from reference_impl.keys.root import FileRoot
from reference_impl.storage import epoch
from reference_impl.storage.engine import open_engine, sqlite_url
from reference_impl.storage.schema import SCHEMA

NOW_MS = 1_800_000_000_000
PIN = "739125"
TOKEN = "xiangka-test"
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
FETCH_SOFTHSM = "apt-get update && apt-get install -y softhsm2"


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


@pytest.fixture(scope="session")
def hsm_module() -> Path:
    """SoftHSM's PKCS#11 module; skipped by name where it is missing and cannot be installed."""
    if _module() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["sh", "-c", FETCH_SOFTHSM], capture_output=True, timeout=600, check=False)
    module = _module()
    if module is None:
        pytest.skip(f"SoftHSM is missing: {FETCH_SOFTHSM}")
    return module


@pytest.fixture(scope="session")
def hsm_place(hsm_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HsmPlace]:
    """An initialised token. SoftHSM reads its settings once a process, so there is one token for all tests."""
    pkcs11 = pytest.importorskip("pkcs11")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOFTHSM2_CONF", str(settings))
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", "90210735", "--pin", PIN],
            capture_output=True,
            check=True,
        )
        yield HsmPlace(hsm_module, TOKEN, _pin_file(folder, PIN))
        pkcs11.unload(str(hsm_module))


@pytest.fixture
def pin_file(tmp_path: Path) -> Callable[[str], Path]:
    return lambda pin: _pin_file(tmp_path, pin)


def _pin_file(folder: Path, pin: str) -> Path:
    path = folder / f"pin-{pin}"
    path.write_text(pin + "\n")
    path.chmod(0o600)
    return path


def _module() -> Path | None:
    if shutil.which("softhsm2-util") is None:
        return None
    return next((Path(name) for name in MODULES if Path(name).is_file()), None)
