"""A ``pcscd`` of the bench's own for emulated readers, hidden from every other on the machine.

The daemon knows one place for its socket and takes every USB reader it finds; the driver of the virtual reader waits
for cards on every network interface. So both run in namespaces: one of mounts, where that place is a folder of this
process and no driver of a USB reader is to be found, and one of the network, where nobody else is. What plays the cards
is started in the second one, too. Needs ``unshare`` and ``nsenter`` of util-linux, and root or user namespaces.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rigs.errors import RigError

WHERE = "cards"
DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so.0.8")
INSTALL = "sudo apt-get install pcscd vsmartcard-vpcd util-linux"
READY_S = 20.0
_SOCKET = "PCSCLITE_CSOCK_NAME"
FIRST_PORT = 0x8C7B
"""Where the driver waits for the card of the first reader's first slot; the second slot is one further."""
PORTS_APART = 16
_SCRIPT = """
PATH=$PATH:/usr/sbin:/sbin
mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind "$1" /run/pcscd &&
mount --bind "$2" /usr/lib/pcsc/drivers && "$4" -c "$5" || exit 1
pcscd --foreground --error --config "$3" </dev/null &
daemon=$!
cat >/dev/null
kill $daemon
wait $daemon
"""
"""Ends with the process that started it: its standard input closes."""
_LOOPBACK_UP = """
import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh22x", b"lo", 0x41))
"""
"""Sets IFF_UP and IFF_RUNNING (SIOCSIFFLAGS); ``ip`` is not on every machine."""


class PrivatePcscd:
    """The daemon with its readers, up until it is closed. One at a time in a process.

    Args:
        readers: friendly name of each emulated reader. Each has two slots, which ``pcscd`` calls ``<name> 00 00`` and
            ``<name> 00 01``.

    Raises:
        RigError: a program is missing, the process has such a daemon already, or it does not come up.
    """

    _running = False

    def __init__(self, *readers: str) -> None:
        _check_programs()
        if PrivatePcscd._running:
            raise RigError(
                "this process runs a pcscd already, and a process can speak to one only",
                where=WHERE,
                remedy="close the other bench first",
            )
        self._folder = _folder()
        self._run = _fresh(self._folder / "run")
        self._log = (self._folder / "log").open("w+b")
        self._process = subprocess.Popen(
            _command(self._run, _fresh(self._folder / "none"), self._configuration(readers)),
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        PrivatePcscd._running = True
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    @property
    def inside(self) -> list[str]:
        """What a command line begins with to run in the daemon's network, as this user."""
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", f"--target={self._process.pid}", *user, "--net"]

    def close(self) -> None:
        """End the daemon and wait until it has let go of its readers."""
        assert self._process.stdin is not None  # noqa: S101 - Popen was given a pipe
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        PrivatePcscd._running = False

    def _configuration(self, readers: Sequence[str]) -> Path:
        """A folder of reader.conf files. The driver keeps its state per file, so each reader loads a copy of it."""
        folder = _fresh(self._folder / "conf")
        for number, name in enumerate(readers):
            port = port_of(number, 0)
            library = self._folder / f"driver-{number}.so"
            shutil.copy(DRIVER, library)
            (folder / str(number)).write_text(
                f'FRIENDLYNAME "{name}"\nDEVICENAME /dev/null:{port}\nLIBPATH {library}\nCHANNELID {port}\n',
                encoding="utf-8",
            )
        return folder

    def _wait(self) -> None:
        deadline = time.monotonic() + READY_S
        while not (self._run / "pcscd.comm").exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._log.seek(0)
                said = self._log.read().decode("utf-8", "replace").strip().splitlines()
                raise RigError(
                    f"pcscd did not start ({said[-1] if said else 'no word from it'})",
                    where=WHERE,
                    remedy="run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)",
                )
            time.sleep(0.01)


def port_of(reader: int, slot: int) -> int:
    """Loopback port, in the daemon's network, where the driver waits for the card of a slot."""
    return FIRST_PORT + PORTS_APART * reader + slot


def missing_programs() -> list[str]:
    """What of the machine's programs is not there."""
    found = {
        "pcscd": shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"),
        "vsmartcard-vpcd": DRIVER.exists(),
        "util-linux": shutil.which("unshare") and shutil.which("nsenter"),
    }
    return [name for name, there in found.items() if not there]


def _check_programs() -> None:
    if missing := missing_programs():
        raise RigError(
            f"emulated card readers need {', '.join(missing)}", where=WHERE, remedy=f"install them: {INSTALL}"
        )


def _command(run: Path, nothing: Path, configuration: Path) -> list[str]:
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    given = [str(run), str(nothing), str(configuration), sys.executable, _LOOPBACK_UP]
    return ["unshare", *as_root, "--mount", "--net", "sh", "-c", _SCRIPT, "sh", *given]


def _folder() -> Path:
    """This process's folder; libpcsclite reads its socket's place once in the life of a process."""
    place = os.environ.get(_SOCKET)
    if place is None or not place.startswith(os.path.join(tempfile.gettempdir(), _prefix())):  # noqa: PTH118
        folder = Path(tempfile.mkdtemp(prefix=_prefix()))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ[_SOCKET] = str(folder / "run" / "pcscd.comm")
        return folder
    return Path(place).parent.parent


def _prefix() -> str:
    return f"xiangka-pcsc-{os.getpid()}-"


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
