"""How fast the platform verifies codes, each figure beside the one it is compared with in the same run.

One server has one core, unless its name says otherwise; generator and database server have another.

``make bench ARGS="platform --cards 10000000"`` repeats what ``docs/performance.md`` keeps.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rich.console import Console

from tests.benchmarks.platform import servers
from tests.benchmarks.platform.figures import draw, print_table
from tests.benchmarks.platform.load import Bodies, Measured, burst
from tests.benchmarks.platform.openssl import sm2_verifications_per_s
from tests.benchmarks.platform.prepared import Asker, Data, enrol, write_bodies, write_naive_facts
from tests.benchmarks.platform.servers import ALL_CORES, BESIDE, CORES, ONE_CORE, Server, move
from tests.reference_impl.postgres_server import INSTALL, PostgresServer, programs
from xiangka.versions import machine, versions

console = Console()

BARE = "bare typed POST"
JOINED = "bare typed POST, answers in one write"
HN_A = "hn-a, SQLite, few cards"
MANY = "hn-a, SQLite, many cards"
TWO = "hn-a, SQLite, two workers"
POSTGRES = "hn-a, PostgreSQL, few cards"
HN_S = "hn-s, SQLite, few cards"
HN_S_ALL = "hn-s, SQLite, few cards, all cores"
NAIVE = "naive peer, SQLite, few cards"

_SEED = (sys.executable, "-m", "xiangka", "platform", "seed")
_OK = '"code":"000"'


@dataclass
class Results:
    """What was measured: a name to its bursts, and a name to a single figure."""

    bursts: dict[str, list[Measured]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    def ratios(self) -> dict[str, float]:
        """Return every comparison that both sides of were measured for."""
        found: dict[str, float] = {}
        for name, one, other in (
            ("hn-a verify ÷ bare server", HN_A, BARE),
            ("hn-a verify ÷ bare server that writes an answer at once", HN_A, JOINED),
            ("PostgreSQL ÷ SQLite", POSTGRES, HN_A),
            ("many cards ÷ few cards", MANY, HN_A),
            ("two workers ÷ one", TWO, HN_A),
            ("ours ÷ naive peer", HN_A, NAIVE),
        ):
            if one in self.bursts and other in self.bursts:
                found[name] = self.rate(one) / self.rate(other)
                found[f"{name}, for a CPU second of the server"] = self.per_cpu_s(one) / self.per_cpu_s(other)
        if TWO in self.bursts and HN_A in self.bursts:
            generator = median(one.generator_cores for one in self.bursts[TWO])
            left = len(CORES) / (len(CORES) - generator)
            found["two workers ÷ one, on the cores the generator left"] = self.rate(TWO) / self.rate(HN_A) * left
        for name, hardened in (("one core", HN_S), ("all cores", HN_S_ALL)):
            if hardened in self.bursts and "openssl SM2 verify/s" in self.figures:
                found[f"hn-s verify on {name} ÷ openssl SM2 verify on one"] = (
                    self.rate(hardened) / self.figures["openssl SM2 verify/s"]
                )
        return found

    def rate(self, name: str) -> float:
        """Median of accepted answers a second."""
        return median(one.rate for one in self.bursts[name])

    def per_cpu_s(self, name: str) -> float:
        """Accepted answers for a second of the server's CPU, median."""
        return 1e6 / median(one.cpu_us for one in self.bursts[name])


@dataclass(frozen=True)
class Contestant:
    """A server under load: how to start it, and how to prepare what it is asked."""

    name: str
    start: Callable[[], AbstractContextManager[Server]]
    bodies: Callable[[], Bodies]
    again: bool = False


def contest(results: Results, contestants: list[Contestant], seconds: int, rounds: int) -> None:
    """Load the contestants in turn, so that what else the machine does meets all of them alike."""
    for number in range(rounds):
        for one in contestants:
            console.print(f"round {number + 1} of {rounds}: {one.name}", highlight=False)
            bodies = one.bodies()
            with one.start() as server:
                server.settle()
                results.bursts.setdefault(one.name, []).append(burst(server, bodies, seconds, again=one.again))
                results.figures[f"{one.name}: resident after load, MB"] = server.resident_mb()
                results.figures[f"{one.name}: start to ready, s"] = server.ready_s


def seeded(folder: Path, cards: int, database_url: str | None = None) -> Data:
    """Return a platform with so many cards, filled now unless it was before."""
    data = Data(folder, database_url)
    subprocess.run(
        [*_SEED, "--data", str(folder), "--cards", str(cards), *data.options],
        check=True,
    )
    return data


@contextmanager
def postgres(folder: Path):
    """Yield the URL of a fresh PostgreSQL database on the same disk, None where there is no server."""
    found = programs()
    if found is None:
        console.print(f"without PostgreSQL; to install it: {INSTALL}")
        yield None
        return
    folder.mkdir()
    # The server runs as another user, who must find the way to its folder.
    folder.parent.chmod(0o711)
    server = PostgresServer(found, folder)
    try:
        server.do("CREATE DATABASE platform")
        move(int((folder / "data" / "postmaster.pid").read_text().split()[0]), BESIDE)
        yield server.url("platform")
    finally:
        server.stop("fast")


def contestants(few: Data, many: Data | None, elsewhere: Data | None, room: Path, bodies: int) -> list[Contestant]:
    """Return everyone who takes part."""

    def serving(
        name: str, data: Data, asker: Asker, *options: str, count: int = bodies, cores: frozenset[int] = ONE_CORE
    ) -> Contestant:
        file = room / "bodies"
        return Contestant(
            name,
            lambda: servers.platform(data.folder, *data.options, *options, cores=cores),
            lambda: write_bodies(data, asker, count, file),
        )

    window = enrol(few, "hn-a", _OK)
    hardened = enrol(few, "hn-s", _OK)
    naive_facts = room / "naive.json"
    write_naive_facts(few, window, naive_facts)
    # The floor answers whatever it is sent, so it may be sent the same again.
    found = [
        Contestant(
            BARE,
            lambda: servers.script("bare_server.py"),
            lambda: write_bodies(few, window, 10_000, room / "bodies"),
            again=True,
        ),
        Contestant(
            JOINED,
            lambda: servers.script("bare_server.py", "joined"),
            lambda: write_bodies(few, window, 10_000, room / "bodies"),
            again=True,
        ),
        serving(HN_A, few, window),
        serving(TWO, few, window, "--workers", "2", cores=ALL_CORES),
        serving(HN_S, few, hardened, count=bodies // 2),
        serving(HN_S_ALL, few, hardened, count=bodies // 2, cores=ALL_CORES),
        Contestant(
            NAIVE,
            lambda: servers.script("naive_server.py", str(naive_facts)),
            lambda: write_bodies(few, window, 10_000, room / "bodies"),
        ),
    ]
    if many is not None:
        found.append(serving(MANY, many, enrol(many, "hn-a", _OK)))
    if elsewhere is not None:
        found.append(serving(POSTGRES, elsewhere, enrol(elsewhere, "hn-a", _OK)))
    return found


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks platform", description=__doc__)
    parser.add_argument("--many", type=int, default=1_000_000, help="the larger number of cards (default 10**6)")
    parser.add_argument("--few", type=int, default=100_000, help="the smaller number of cards (default 10**5)")
    parser.add_argument("--seconds", type=int, default=4, help="length of one burst (default 4)")
    parser.add_argument("--rounds", type=int, default=5, help="bursts of each contestant (default 5)")
    parser.add_argument("--bodies", type=int, default=90_000, help="requests prepared for a burst (default 90000)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the filled data here, and use them again")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only contestants whose name contains one of these")
    parser.add_argument("--json", type=Path, metavar="F", help="also write the figures here")
    parser.add_argument("--plot", type=Path, metavar="F", help="also draw them here")
    options = parser.parse_args(arguments)
    results = Results()
    with tempfile.TemporaryDirectory(dir=options.keep) as folder, postgres(Path(folder) / "postgres") as database:
        room = Path(folder)
        kept = options.keep or room
        wanted = contestants(
            seeded(kept / "few", options.few),
            seeded(kept / "many", options.many) if options.many else None,
            seeded(room / "elsewhere", options.few, database) if database else None,
            room,
            options.bodies,
        )
        if options.only:
            wanted = [one for one in wanted if any(part in one.name for part in options.only)]
        results.figures["openssl SM2 verify/s"] = sm2_verifications_per_s()
        contest(results, wanted, options.seconds, options.rounds)
    print_table(console, results.bursts, results.figures, results.ratios())
    told = f"{machine()['cpu']}, {machine()['cores']} cores, commit {versions()['commit']}"
    console.print(f"{told}; {options.few} and {options.many} cards", highlight=False)
    if options.json is not None:
        found = {name: [vars(one) for one in measured] for name, measured in results.bursts.items()}
        told_all = {"bursts": found, "figures": results.figures, "ratios": results.ratios()}
        options.json.write_text(json.dumps({**told_all, "machine": machine(), "versions": versions()}, indent=1))
    if options.plot is not None:
        draw(results.bursts, options.plot)
