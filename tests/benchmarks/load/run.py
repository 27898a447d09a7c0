"""A platform under open load: what it bears, how fast, and what it does with too much; and what the generator can do.

``make bench ARGS="load --many 10000000 --keep DIR"`` repeats what ``docs/performance.md`` keeps. Ten million cards are
made in a few minutes the first time and stay in DIR.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.load.drawing import draw
from tests.benchmarks.load.part import Part
from tests.benchmarks.load.parts import PARTS
from tests.benchmarks.load.room import Room, console
from tests.benchmarks.platform.run import postgres
from xiangka.versions import machine, versions


def main(arguments: list[str]) -> None:
    options = _parser().parse_args(arguments)
    wanted = [key for key in PARTS if key in options.only]
    parts: list[Part] = []
    loads_before = os.getloadavg()
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.keep) as folder, postgres(Path(folder) / "postgres") as database:
        room = Room(
            folder=Path(folder),
            kept=options.keep or Path(folder),
            few=options.few,
            many=options.many,
            database=database,
            seconds=options.seconds,
            rounds=options.rounds,
            workers=options.workers,
            seed=options.seed,
        )
        for key in wanted:
            console.print(str(PARTS[key].__doc__), highlight=False, markup=False)
            room.notes = []
            parts.append(PARTS[key](room))
            parts[-1].notes = room.notes
            parts[-1].print(console)
            if options.json is not None:
                options.json.write_text(json.dumps(_told(parts, loads_before), indent=1))
    told = f"{machine()['cpu']}, {machine()['cores']} cores, commit {versions()['commit']}"
    told += f"; load average {loads_before[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
    console.print(told, highlight=False)
    if options.plot is not None:
        draw(parts, options.plot)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks load", description=__doc__)
    parser.add_argument(
        "--only", type=_keys, default=list(PARTS), metavar="A,B", help=f"only these parts of {','.join(PARTS)}"
    )
    parser.add_argument("--few", type=int, default=100_000, help="cards of the smaller base (default 10**5)")
    parser.add_argument("--many", type=int, default=1_000_000, help="cards of the larger base (default 10**6)")
    parser.add_argument("--seconds", type=float, metavar="S", help="no main stage longer than this: for trying out")
    parser.add_argument("--rounds", type=int, default=3, help="bursts of wrk of each contestant (default 3)")
    parser.add_argument("--workers", type=int, default=1, help="processes of the generator (default 1)")
    parser.add_argument("--seed", type=int, default=1, help="of every schedule (default 1)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the filled platforms here, and use them again")
    parser.add_argument("--json", type=Path, metavar="F", help="also write the figures here, after each part")
    parser.add_argument("--plot", type=Path, metavar="F", help="also draw them here")
    return parser


def _keys(text: str) -> list[str]:
    keys = text.split(",")
    if unknown := set(keys) - set(PARTS):
        raise argparse.ArgumentTypeError(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return keys


def _told(parts: Sequence[Part], loads_before: tuple[float, float, float]) -> dict[str, object]:
    return {
        "parts": {part.key: vars(part) for part in parts},
        "machine": machine(),
        "versions": versions(),
        "load_average": {"before": loads_before, "now": os.getloadavg()},
    }
