"""What chaining a journal costs: records per second with the chain, and written plainly as JSON lines.

Run by ``make bench ARGS=chaining``. ``docs/performance.md`` keeps the results.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from evidence.chain import follow
from rigs.journal import Journal
from xiangka.versions import machine, versions

RECEIVED = b"https://ehc.example/static?c=" + b"A1b2C3d4" * 12 + b"\r\n"
SHOWN = {"seq": 7, "shows": ["x" * 120], "surface": "screen", "tilt": 12.5}


def plainly(path: Path, records: int) -> None:
    """As a journal without a chain would be written."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(1, records + 1):
            record: dict[str, Any] = {"n": number, "t_ns": time.monotonic_ns(), "channel": "scanner"}
            record |= {"dir": "rx", "hex": RECEIVED.hex()} if number % 4 else {"dir": "event", "what": "shown", **SHOWN}
            file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def chained(path: Path, records: int) -> None:
    """As a run writes it."""
    with Journal(path) as journal:
        for number in range(1, records + 1):
            if number % 4:
                journal.wire("scanner", "rx", RECEIVED)
            else:
                journal.event("presenter", "shown", **SHOWN)


def rates(work: Callable[[Path, int], None], records: int, rounds: int, place: Path) -> Iterator[float]:
    for _ in range(rounds):
        path = place / "journal.jsonl"
        path.unlink(missing_ok=True)
        start = time.process_time()
        work(path, records)
        yield records / (time.process_time() - start)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks chaining", description=__doc__)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    console = Console()
    table = Table("what", "records/s of CPU", "µs each", title="Writing a journal", title_justify="left")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        for name, work in (("JSON lines", plainly), ("chained", chained)):
            rate = statistics.median(rates(work, options.records, options.rounds, path.parent))
            table.add_row(name, f"{rate:,.0f}", f"{1e6 / rate:.1f}")
        start = time.process_time()
        follow(path.name, path.read_bytes().splitlines(), run="")
        rate = options.records / (time.process_time() - start)
        table.add_row("followed again", f"{rate:,.0f}", f"{1e6 / rate:.1f}")
    console.print(table)
    console.print(f"{machine()['cpu']}, {machine()['cores']} cores, commit {versions()['commit']}", highlight=False)
