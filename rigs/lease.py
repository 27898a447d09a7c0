"""Who holds which port: one holder at a time, kept by a file lock that the kernel lifts when its process ends."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import filelock

from rigs.errors import RigError

_TRIES_S = 0.25
"""How long a taken port is tried for: a holder that is just letting go removes the file it had locked."""
_FOLDER_TRIES = 100
"""How often the folder is made anew that whoever let go last has just removed."""
_LOOPBACK = ("localhost", "::1", "[::1]")


class Lease:
    """The exclusive use of a port among all processes of this user, and among all users of it within this one.

    Args:
        port: how the bench file names it: a device path, a ``socket://`` or ``rfc2217://`` URL, a VISA resource, the
            URL of a camera, or the name of a PC/SC reader.
        where: bench role, named in errors.

    Raises:
        RigError: somebody else has it, or the folder of leases cannot be used.
    """

    def __init__(self, port: str, where: str) -> None:
        name = hashlib.sha256(port_identity(port).encode()).hexdigest()[:24]
        self._folder = _folder()
        self._path = self._folder / f"{name}.lock"
        self._holder = self._folder / f"{name}.json"
        self._lock = filelock.FileLock(self._path, mode=0o600, thread_local=False)
        try:
            self._acquire()
        except filelock.Timeout:
            raise RigError(
                f"port {port} is in use by {_told(self._holder)}",
                where=where,
                remedy="end that process, or give the bench file another port",
            ) from None
        except OSError as error:
            raise RigError(
                f"who uses which port cannot be noted in {self._folder} ({error.strerror or error})",
                where=where,
                remedy="make the folder your own, or set XDG_RUNTIME_DIR to one that is",
            ) from error
        with contextlib.suppress(OSError):  # who holds it is a courtesy; that it is held is not
            self._holder.write_text(json.dumps({"pid": os.getpid(), "command": _command()}), encoding="utf-8")

    def release(self) -> None:
        """Let others have the port; once is enough, and more does no harm."""
        if not self._lock.is_locked:
            return
        # Removed while it is held, lest a file stay behind for every port there ever was
        for path in (self._holder, self._path):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._folder.rmdir()
        self._lock.release()

    def _acquire(self) -> None:
        for patience in reversed(range(_FOLDER_TRIES)):
            try:
                _make_own(self._folder)
                self._lock.acquire(timeout=_TRIES_S)
                return
            except (FileNotFoundError, FileExistsError):
                if not patience:
                    raise
                time.sleep(0.001)


def port_identity(port: str) -> str:
    """A name that is the same for whatever leads to the same port.

    Links are followed, a serial server is known by host and port whatever is spoken to it, and so is an instrument's
    VISA socket.
    """
    if port.startswith("/"):
        return os.path.realpath(port)
    if "://" in port:
        parts = urlsplit(port)
        end = _end(parts.netloc.rpartition("@")[2])
        return end if parts.scheme in ("socket", "rfc2217") else f"{parts.scheme}://{end}{parts.path}?{parts.query}"
    if "::" in port:
        return _visa_identity(port)
    return port.strip()


def _end(netloc: str) -> str:
    """Host and port, this machine's own names made one."""
    host, _, number = netloc.lower().rpartition(":")
    return f"{'127.0.0.1' if host in _LOOPBACK else host}:{number}"


def _visa_identity(resource: str) -> str:
    """Follows the resource names of VPP-4.3, table 4.3.1; a missing board number is 0."""
    interface, *rest = resource.strip().split("::")
    kind = interface.upper()
    if kind.startswith("ASRL/"):
        return os.path.realpath(interface[len("ASRL") :])
    if rest and rest[-1].upper() == "SOCKET" and len(rest) == 3:
        return _end(f"{rest[0]}:{rest[1]}")
    board = kind if kind[-1:].isdigit() else f"{kind}0"
    return "::".join((board, *(part.upper() for part in rest)))


def _folder() -> Path:
    """The user's own folder of leases: in the run-time directory, or where there is none, among the temporary files."""
    user = os.getuid()
    for base in (os.environ.get("XDG_RUNTIME_DIR"), f"/run/user/{user}"):
        if base and Path(base).is_dir():
            return Path(base) / f"xiangka-{user}"
    return Path(tempfile.gettempdir()) / f"xiangka-{user}"


def _make_own(folder: Path) -> None:
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(errno.EPERM, "it belongs to somebody else")


def _command() -> str:
    """This process as its user would name it: program and sub-command; what follows them may hold a password."""
    program, *rest = sys.argv or [""]
    path = Path(program)
    told = [(path.parent if path.name == "__main__.py" else path).name or "python"]
    for word in rest:
        if not word.isidentifier():
            break
        told.append(word)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    return " ".join(told) + (f", worker {worker}" if worker else "")


def _told(holder: Path) -> str:
    try:
        noted = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {int(noted['pid'])} ({noted['command']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
