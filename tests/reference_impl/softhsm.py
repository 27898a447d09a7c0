"""A SoftHSM token for tests of roots in an HSM."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest

from reference_impl.keys.hsm_root import HsmPlace

PIN = "739125"
TOKEN = "xiangka-test"
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
FETCH_SOFTHSM = "apt-get update && apt-get install -y softhsm2"


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
        yield HsmPlace(hsm_module, TOKEN, write_pin_file(folder, PIN))
        pkcs11.unload(str(hsm_module))


def write_pin_file(folder: Path, pin: str) -> Path:
    path = folder / f"pin-{pin}"
    path.write_text(pin + "\n")
    path.chmod(0o600)
    return path


def _module() -> Path | None:
    if shutil.which("softhsm2-util") is None:
        return None
    return next((Path(name) for name in MODULES if Path(name).is_file()), None)
