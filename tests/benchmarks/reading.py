"""How fast the emulated bench reads, against rendering and decoding alone in one process.

Run by ``make bench ARGS=reading``. Both figures come from the same run on the same machine, so their ratio can be
compared with other machines; the figures themselves cannot. ``docs/performance.md`` keeps the results.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import deque
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from fixtures.card_codes import static_code
from rigs.bench import Bench
from rigs.bench_file import BenchFile, load_bench
from rigs.bench_tables.scanner import EmulatedScannerTable
from rigs.emulators.behaviour import Behaviour
from rigs.journal import Journal
from rigs.opening.opening import EmulationOptions
from rigs.optics.frames import make_frame
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.readings import ReadingStation
from xiangka.asked import DEFAULT_BENCH
from xiangka.versions import machine, versions

AHEAD = 6


def stimuli(count: int, seed: int) -> list[Stimulus]:
    chance = Random(seed)
    return [Stimulus((Symbol(static_code(chance).encode(), mask=chance.randrange(8)),)) for _ in range(count)]


def alone(count: int) -> float:
    """Reads per second of rendering and decoding in one process, nothing between them."""
    device = Behaviour()
    material = stimuli(count, 1)
    start = time.perf_counter()
    for stimulus in material:
        found = device.decode(device.sense(make_frame(stimulus).image()))
        assert found[0].content == stimulus.symbols[0].content
    return count / (time.perf_counter() - start)


def on_bench(file: BenchFile, count: int) -> tuple[float, float]:
    """Reads per second and median latency (ms) over the frame port, the serial line and the journal."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl")
        with journal, Bench(file, journal, EmulationOptions(Path(folder))) as bench:
            station = ReadingStation(bench.presenter, bench.scanner, 2.0)
            material = stimuli(count + AHEAD, 2)
            waiting = deque(bench.presenter.prepare(stimulus) for stimulus in material[:AHEAD])
            waiting[-1].result()
            latencies = []
            start = time.perf_counter()
            for following in material[AHEAD:]:
                frame = waiting.popleft().result()
                waiting.append(bench.presenter.prepare(following))
                reading = station.read(frame, (frame.stimulus.symbols[0].content,))
                assert reading.outcome == "exact"
                latencies.append(reading.latency_ms)
            return count / (time.perf_counter() - start), sorted(latencies)[count // 2]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks reading", description=__doc__)
    parser.add_argument("--reads", type=int, default=1500)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    file = load_bench(DEFAULT_BENCH)
    lines = {
        "bench, virtual serial port (usb)": "usb",
        "bench, 115 200 bit/s (uart)": "uart",
    }
    alone(100)
    before = alone(options.reads)
    rows = {"render + decode, one process": (before, 0.0)}
    for name, pace in lines.items():
        scanner = replace_emulated(file, pace)
        rows[name] = on_bench(scanner, options.reads)
    after = alone(options.reads)
    reference = (before + after) / 2
    rows["render + decode, one process"] = (reference, 0.0)
    table = Table(title="Reads per second", title_justify="left")
    for heading in ("what", "reads/s", "÷ alone", "median latency ms"):
        table.add_column(heading)
    for name, (rate, latency) in rows.items():
        table.add_row(name, f"{rate:.0f}", f"{rate / reference:.2f}", f"{latency:.1f}" if latency else "—")
    console = Console()
    console.print(table)
    console.print(f"alone before and after: {before:.0f} and {after:.0f} reads/s", highlight=False)
    console.print(f"{machine()['cpu']}, {machine()['cores']} cores, commit {versions()['commit']}", highlight=False)
    if options.json is not None:
        options.json.write_text(json.dumps({"rows": rows, "machine": machine(), "versions": versions()}, indent=1))


def replace_emulated(file: BenchFile, pace: str) -> BenchFile:
    emulated = EmulatedScannerTable(pace=pace, time_scale=1.0)
    return file.model_copy(update={"scanner": file.scanner.model_copy(update={"emulated": emulated})})
