"""The generator: wrk with 64 connections, each body sent once, every answer looked at."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.platform.servers import BESIDE, Server, on

CONNECTIONS = 64
_SCRIPT = Path(__file__).with_name("check.lua")


@dataclass(frozen=True)
class Bodies:
    """Requests prepared beforehand: a file with a body a line, and what an accepted answer contains."""

    file: Path
    path: str
    mark: str
    content_type: str = "application/json"


@dataclass(frozen=True)
class Measured:
    """What one burst of load showed.

    Attributes:
        rate: accepted answers a second.
        cpu_us: CPU time of the server for one of them, microseconds.
        generator_cores: how much of one core the generator took.
        p50_ms, p95_ms, p99_ms: latency of an answer under this load.
    """

    rate: float
    cpu_us: float
    generator_cores: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


def burst(server: Server, bodies: Bodies, seconds: int, *, again: bool = False) -> Measured:
    """Load a server for some seconds, or until every body was sent; ``again`` starts over at the last body.

    Raises:
        SystemExit: an answer was not the accepted one, or wrk is missing.
    """
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install -y wrk")
    settings = {
        "BENCH_PATH": bodies.path,
        "BENCH_TYPE": bodies.content_type,
        "BENCH_MARK": bodies.mark,
        "BENCH_BODIES": str(bodies.file),
        "BENCH_CYCLE": "1" if again else "0",
    }
    before, generator_before = server.cpu_s(), _children_cpu_s()
    ended = subprocess.run(
        [*on(BESIDE), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(_SCRIPT), server.url],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    cpu_s, generator_s = server.cpu_s() - before, _children_cpu_s() - generator_before
    told = next(line for line in ended.stdout.splitlines() if line.startswith("RESULT"))
    answered, refused, duration_us, p50, p95, p99 = map(int, told.split()[1:])
    if refused:
        raise SystemExit(f"{refused} of {answered} answers of {server.url}{bodies.path} were wrong: {ended.stderr}")
    return Measured(
        answered / duration_us * 1e6,
        cpu_s / answered * 1e6,
        generator_s / duration_us * 1e6,
        p50 / 1000,
        p95 / 1000,
        p99 / 1000,
    )


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
