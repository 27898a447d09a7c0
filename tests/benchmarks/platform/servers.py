"""Servers of one run, each in processes of its own, with the CPU time and the memory they took."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
_SERVE = (sys.executable, "-m", "xiangka", "platform", "serve", "--port", "0", "--code-life", "300")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_IDLE_SHARE = 0.1
_LONGEST_S = 180

CORES = sorted(os.sched_getaffinity(0))
ONE_CORE = frozenset(CORES[:1])
"""Where a server runs that is measured on one core."""
ALL_CORES = frozenset(CORES)
BESIDE = frozenset(CORES[-1:])
"""Where the generator and a database server run; the server's own core where there is only one."""


@dataclass(frozen=True)
class Server:
    """A running server: where it listens, its processes, and how long it took from start to ready (s)."""

    url: str
    processes: tuple[int, ...]
    ready_s: float

    def cpu_s(self) -> float:
        """CPU seconds of all its processes so far."""
        return sum(_cpu_s(process) for process in self.processes)

    def settle(self) -> None:
        """Wait until it has nothing more to do by itself."""
        for _ in range(_LONGEST_S):
            before = self.cpu_s()
            time.sleep(1)
            if self.cpu_s() - before < _IDLE_SHARE:
                return

    def resident_mb(self) -> float:
        """Memory of its own that its processes hold, MB; pages of mapped files belong to the system."""
        return sum(_status_kb(process, "RssAnon") for process in self.processes) / 1024


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def _status_kb(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _with_children(process: int) -> tuple[int, ...]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return (process, *(found for child in children for found in _with_children(int(child))))


@contextmanager
def platform(data: Path, *options: str, cores: frozenset[int] = ONE_CORE) -> Iterator[Server]:
    """``xiangka platform serve`` on a data folder and some cores, nothing limited."""
    unlimited = [part for name in ("app", "terminal", "address") for part in ("--quota", f"{name}=0")]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*on(cores), *_SERVE, "--data", str(data), *unlimited, *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        ready = json.loads(process.stdout.readline())
        yield Server(ready["url"], _with_children(process.pid), time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def script(name: str, *arguments: str) -> Iterator[Server]:
    """One of this folder's servers on a free port and one core."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen([*on(ONE_CORE), sys.executable, str(HERE / name), str(port), *arguments])
    try:
        _await_port(port)
        yield Server(f"http://127.0.0.1:{port}", (process.pid,), time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait(60)


def on(cores: frozenset[int]) -> list[str]:
    """Return what a command begins with that shall run on these cores only."""
    return ["taskset", "--cpu-list", ",".join(map(str, sorted(cores)))]


def move(process: int, cores: frozenset[int]) -> None:
    """Let a process and its children run on these cores only."""
    for one in _with_children(process):
        os.sched_setaffinity(one, cores)


def _await_port(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"nothing listens on port {port}")
