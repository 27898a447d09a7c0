"""How long verifying, redacting and bundling a run takes, and whether any harm done to one goes unnoticed.

Run by ``make bench ARGS=evidence``: a run of 160 000 journal records is made, as many as a full plan leaves, and a
small one that harm is done to. ``--run DIR --centre F`` takes a signed run of one's own for both.
``docs/performance.md`` keeps the results.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.table import Table

from evidence.verification import verify
from tests.evidence.harm import LAST_DAY, WITHIN, Files, first_finding, first_in_zip, flips, harmed
from tests.evidence.remembered import remembered
from tests.evidence.sealed_runs import add_report, make_run, make_signers, read_all, seal, sign_run
from xiangka.publishing import bundle, redact
from xiangka.versions import machine, versions

FULL_RECORDS = 160_000
MASKS = (0x01, 0x20, 0x80, 0xFF)


@dataclass(frozen=True)
class Took:
    """Seconds by the clock and of the processor: on a machine with other work only the second travels."""

    wall_s: float
    cpu_s: float


def timed(work: Callable[[], Any]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(len(data) for data in read_all(path).values())


def speeds(run: Path, centre: bytes, place: Path) -> dict[str, tuple[Took, float]]:
    """What each form of a run takes, and its megabytes."""
    forms = {"run": run, "bundle": place / "run.zip", "twin": place / "twin", "bundle of the twin": place / "twin.zip"}
    made = {
        "bundle": timed(lambda: bundle(run, forms["bundle"])),
        "twin": timed(lambda: redact(run, forms["twin"])),
        "bundle of the twin": timed(lambda: bundle(forms["twin"], forms["bundle of the twin"])),
    }
    rows = {f"make the {name}": (took, size_of(forms[name]) / 1e6) for name, took in made.items()}
    for name, path in forms.items():

        def holds(path: Path = path) -> None:
            assert verify(path, centre, LAST_DAY).holds

        rows[f"verify the {name}"] = (timed(holds), size_of(path) / 1e6)
    return rows


def flipped(files: Files, centre: bytes, masks: tuple[int, ...]) -> tuple[int, list[str]]:
    """Every byte of every file changed by itself: how many times, and what went unnoticed."""
    tried, unnoticed = 0, []
    with remembered(files):
        for name, data in files.items():
            for place, mask, changed in flips(data, masks):
                tried += 1
                if first_finding({**files, name: changed}, centre) is None:
                    unnoticed.append(f"{name} byte {place} mask {mask:02x}")
    return tried, unnoticed


def flipped_zip(archive: bytes, centre: bytes, masks: tuple[int, ...]) -> tuple[int, list[str]]:
    """Every byte of a bundle changed by itself."""
    unnoticed = [
        f"byte {place} mask {mask:02x}"
        for place, mask, changed in flips(archive, masks)
        if first_in_zip(changed, centre) is None
    ]
    return len(archive) * len(masks), unnoticed


def at_random(files: Files, others: Files, centre: bytes, times: int) -> tuple[int, list[str]]:
    """Edits, deletions, reorderings and truncations of a run's files."""
    chance, unnoticed = Random(times), []
    with remembered(files):
        for _ in range(times):
            done, changed = harmed(chance, files, others)
            if first_finding(changed, centre) is None:
                unnoticed.append(done)
    return times, unnoticed


def at_random_zip(archive: bytes, centre: bytes, times: int) -> tuple[int, list[str]]:
    """Edits, deletions, reorderings and truncations of a bundle."""
    chance, tried, unnoticed = Random(times), 0, []
    while tried < times:
        harm = chance.choice(WITHIN)
        changed = harm(chance, archive)
        if changed != archive:
            tried += 1
            if first_in_zip(changed, centre) is None:
                unnoticed.append(harm.__name__)
    return tried, unnoticed


def harms(
    run: Path, other: Path, centre: bytes, place: Path, masks: tuple[int, ...], times: int
) -> dict[str, tuple[int, list[str]]]:
    """Harm done to a small run in each form: how often, and what of it went unnoticed."""
    rows = {}
    for form, folder, theirs in (("run", run, other), ("twin", redact(run, place / "t"), redact(other, place / "o"))):
        files, others = read_all(folder), read_all(theirs)
        archive = bundle(folder, place / f"{form}-harmed.zip").read_bytes()
        rows[f"{form}, every byte flipped"] = flipped(files, centre, masks)
        rows[f"{form}, harmed at random"] = at_random(files, others, centre, times)
        rows[f"bundle of the {form}, every byte flipped"] = flipped_zip(archive, centre, masks)
        rows[f"bundle of the {form}, harmed at random"] = at_random_zip(archive, centre, times)
    return rows


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks evidence", description=__doc__)
    parser.add_argument("--run", type=Path, help="a signed run of one's own")
    parser.add_argument("--centre", type=Path, help="the centre's public certificates")
    parser.add_argument("--masks", type=int, default=len(MASKS), help="masks each byte is changed with")
    parser.add_argument("--times", type=int, default=1000, help="harms done at random to each form")
    parser.add_argument("--only", choices=("speed", "harm"), help="the half that is wanted")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        signers = make_signers(place / "keys")
        centre = signers.centre if options.centre is None else options.centre.read_bytes()
        name = "20260303-080000-specimen"
        other = sign_run(seal(make_run(place / "other", records=7, name=name), name), *signers.both, name=name)
        add_report(other, *signers.both, run=name)
        speed, harm = {}, {}
        if options.only != "harm":
            full = options.run or sign_run(seal(make_run(place / "full", FULL_RECORDS)), *signers.both)
            speed = speeds(full, centre, place)
        if options.only != "speed":
            small = options.run or sign_run(seal(make_run(place / "small")), *signers.both)
            if options.run is None:
                add_report(small, *signers.both)
            harm = harms(small, other, centre, place, MASKS[: options.masks], options.times)
    tell(speed, harm)
    if options.json is not None:
        told = {name: {**asdict(took), "megabytes": megabytes} for name, (took, megabytes) in speed.items()}
        figures = {"speed": told, "harm": harm, "machine": machine(), "versions": versions()}
        options.json.write_text(json.dumps(figures, indent=1))


def tell(speed: dict[str, tuple[Took, float]], harm: dict[str, tuple[int, list[str]]]) -> None:
    console = Console()
    if speed:
        table = Table("what", "wall s", "cpu s", "MB", title="Verifying and handing on", title_justify="left")
        for name, (took, megabytes) in speed.items():
            table.add_row(name, f"{took.wall_s:.2f}", f"{took.cpu_s:.2f}", f"{megabytes:.2f}")
        console.print(table)
    if harm:
        table = Table("what", "times", "unnoticed", title="Harm done", title_justify="left")
        for name, (times, unnoticed) in harm.items():
            table.add_row(name, str(times), str(len(unnoticed)))
        console.print(table)
        for name, (_, unnoticed) in harm.items():
            for one in unnoticed[:10]:
                console.print(f"unnoticed: {name}: {one}", highlight=False)
    console.print(f"{machine()['cpu']}, {machine()['cores']} cores, commit {versions()['commit']}", highlight=False)
