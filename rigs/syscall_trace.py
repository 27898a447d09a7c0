"""What a platform asks of its kernel, as ``strace`` writes it down; and the kernel saying no on demand."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rigs.errors import RigError

READS = ("read", "recvfrom", "recvmsg")
WRITES = ("write", "writev", "sendto", "sendmsg")
STORES = ("pwrite64", "pwritev")
SYNCS = ("fsync", "fdatasync")
LOG_SUFFIXES = ("-wal", "-journal")
"""Files that hold what was decided before the database itself does."""
INJECTED = "(INJECTED)"
PATIENCE_S = 1.0

_CALL = re.compile(r"^\d+\s+(?P<call>\w+)\((?P<fd>\d+)<(?P<what>[^>]*(?:->[^>]*)?)>(?P<rest>.*)$")
_RESUMED = re.compile(r"^(?P<pid>\d+)\s+<\.\.\. (?P<call>\w+) resumed>(?P<rest>.*)$")


@dataclass(frozen=True)
class Fault:
    """A call of the kernel that fails every so often.

    Attributes:
        calls: system calls that fail.
        error: name of the error they return.
        first: the first that fails, counted from the start of the process.
        step: how many come after it before the next fails.
    """

    calls: tuple[str, ...]
    error: str
    first: int
    step: int

    def option(self) -> str:
        """As strace takes it."""
        return f"inject={','.join(self.calls)}:error={self.error}:when={self.first}+{self.step}"


def strace(trace: Path, fault: Fault | None = None) -> list[str]:
    """The command another is started under, so that its reads, writes and syncs are written to a file.

    Raises:
        RigError: this machine has no strace.
    """
    program = shutil.which("strace")
    if program is None:
        raise RigError("strace is not installed", where="platform_host", remedy="install it: apt-get install strace")
    calls = ",".join((*READS, *WRITES, *STORES, *SYNCS))
    options = ["-f", "-yy", "-s", "24", "-e", "signal=none", "-e", f"trace={calls}", "-o", str(trace)]
    return [program, *options, *([] if fault is None else ["-e", fault.option()]), "--"]


def acknowledgements(lines: Iterable[str]) -> Iterator[bool]:
    """Whether each answer of the gateway left after all that was logged before it had reached the disk.

    A record of the request must have been synced between the reading of the request and the writing of the answer,
    and nothing written to the log may be left unsynced at that moment.
    """
    asked: dict[str, int] = {}
    synced, unsynced = -1, False
    for place, call, fd, rest in _calls(lines):
        if call in READS and '"POST /gateway' in rest:
            asked[fd] = place
        elif call in STORES:
            unsynced = unsynced or fd.endswith(LOG_SUFFIXES)
        elif call in SYNCS and rest.rstrip().endswith("= 0"):
            synced, unsynced = place, False
        elif call in WRITES and '"HTTP/1.1 200' in rest and fd in asked:
            yield synced > asked.pop(fd) and not unsynced


def _calls(lines: Iterable[str]) -> Iterator[tuple[int, str, str, str]]:
    """Calls on files and sockets in the order in which they took effect, as far as the trace shows it."""
    waiting: dict[tuple[str, str], tuple[str, str]] = {}
    for place, line in enumerate(lines):
        if (again := _RESUMED.match(line)) is not None:
            fd, begun = waiting.pop((again["pid"], again["call"]), ("", ""))
            if again["call"] not in WRITES:
                yield place, again["call"], fd, begun + again["rest"]
            continue
        if (found := _CALL.match(line)) is None:
            continue
        fd = f"{found['fd']}<{found['what']}" if "TCP" in found["what"] else found["what"]
        if found["rest"].endswith("<unfinished ...>"):
            waiting[line.split(" ", 1)[0], found["call"]] = fd, found["rest"]
            # What is being written may have left; what is being read or synced has not come to its end.
            if found["call"] not in WRITES + STORES:
                continue
        yield place, found["call"], fd, found["rest"]


class Watched:
    """A trace that is still growing."""

    def __init__(self, trace: Path) -> None:
        self._file = trace.open(encoding="utf-8", errors="replace")

    def news(self) -> list[str]:
        """The lines since the last time."""
        return self._file.readlines()

    def answered(self) -> list[str]:
        """The lines since the last time, with the answer that has been received; at most ``PATIENCE_S`` later."""
        lines, until = self.news(), time.monotonic() + PATIENCE_S
        # The call that sent an answer is written down when it has ended, which may be after the answer came.
        while not any(True for _ in acknowledgements(lines)) and time.monotonic() < until:
            time.sleep(0.001)
            lines += self.news()
        return lines

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def hit(lines: Iterable[str]) -> bool:
    """Whether a call failed on demand."""
    return any(INJECTED in line for line in lines)
