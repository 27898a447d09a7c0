"""A load over several hosts, tried on one machine: platform, master and two workers, each with a network of its own.

Needs root and ``ip`` of iproute2; skips by name otherwise. The four networks are joined at the platform's end and lead
nowhere else; nothing of this machine's own network is touched. The same commands stand in docs/load-over-hosts.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from loadtests.plan import LoadPlan, Stage
from loadtests.record import LoadRecord, read_record

PLATFORM, MASTER, WORKERS = "platform", "master", ("one", "two")
ADDRESSES = {PLATFORM: "198.18.0.1", MASTER: "198.18.0.2", "one": "198.18.0.3", "two": "198.18.0.4"}
"""Of 198.18.0.0/15, set aside for test benches (RFC 2544)."""
PORT = 5557
URL = f"http://{ADDRESSES[PLATFORM]}:8640"
START_S, END_S = 60, 120


def _lacking() -> str | None:
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "`ip` is missing: apt-get install iproute2"
    probe = f"xk{secrets.token_hex(3)}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "del", probe], capture_output=True, check=False)
    return None if made.returncode == 0 else f"this machine makes no network namespaces: {made.stderr.strip()}"


@dataclass(frozen=True)
class Hosts:
    """Four hosts by their names; a name with the mark is the network namespace of one."""

    mark: str

    def named(self, host: str) -> str:
        return f"xk{self.mark}-{host}"

    def ip(self, *words: str) -> None:
        done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"

    def start(self, host: str, command: Sequence[str | Path]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["ip", "netns", "exec", self.named(host), sys.executable, "-m", *map(str, command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    if (lacking := _lacking()) is not None:
        pytest.skip(lacking)
    made = Hosts(secrets.token_hex(2))
    switch = made.named(PLATFORM)
    try:
        for host in ADDRESSES:
            made.ip("netns", "add", made.named(host))
            made.ip("-n", made.named(host), "link", "set", "lo", "up")
        made.ip("-n", switch, "link", "add", "switch", "type", "bridge")
        made.ip("-n", switch, "address", "add", f"{ADDRESSES[PLATFORM]}/24", "dev", "switch")
        made.ip("-n", switch, "link", "set", "switch", "up")
        for host in (MASTER, *WORKERS):
            space = made.named(host)
            made.ip("-n", space, "link", "add", "line", "type", "veth", "peer", "name", host, "netns", switch)
            made.ip("-n", switch, "link", "set", "dev", host, "master", "switch", "up")
            made.ip("-n", space, "address", "add", f"{ADDRESSES[host]}/24", "dev", "line")
            made.ip("-n", space, "link", "set", "line", "up")
        yield made
    finally:
        for host in ADDRESSES:
            subprocess.run(["ip", "netns", "del", made.named(host)], capture_output=True, check=False)


@pytest.fixture(scope="module")
def credentials(hosts: Hosts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of the application alone: a worker's host is given no token of an administrator."""
    folder = tmp_path_factory.mktemp("platform")
    unlimited = [word for name in ("terminal", "app", "address") for word in ("--quota", f"{name}=0")]
    listening = ["--host", ADDRESSES[PLATFORM], "--port", "8640", "--allow-non-loopback", "--tethered"]
    serving = hosts.start(PLATFORM, ["xiangka", "platform", "serve", "--data", folder / "data", *listening, *unlimited])
    try:
        assert serving.stdout is not None
        ready = json.loads(serving.stdout.readline())
        whole = json.loads(Path(ready["credentials"]).read_text(encoding="utf-8"))
        own = {key: whole[key] for key in ("dialect", "app_id", "app_secret", "term_id", "terminals")}
        file = folder / "application.json"
        file.write_text(json.dumps(own), encoding="utf-8")
        yield file
    finally:
        serving.communicate(timeout=START_S)


class Load:
    """A master and two workers at it; ends what it began."""

    def __init__(self, hosts: Hosts, plan: LoadPlan, folder: Path) -> None:
        folder.mkdir()
        file = folder / "plan.json"
        file.write_text(plan.to_json(), encoding="utf-8")
        self.folder = folder
        self.master = hosts.start(MASTER, ["loadtests", "run", "--plan", file, "--out", folder])
        joined = ["--master", f"{ADDRESSES[MASTER]}:{PORT}", "--credentials", plan.credentials]
        self.workers = {host: hosts.start(host, ["loadtests", "worker", *joined]) for host in WORKERS}

    def seconds(self) -> Iterator[dict[str, object]]:
        """What the master tells once a second."""
        assert self.master.stdout is not None
        return (json.loads(line) for line in self.master.stdout)

    def end(self) -> LoadRecord:
        assert self.master.wait(END_S) == 0
        for worker in self.workers.values():
            worker.communicate(timeout=END_S)
        return read_record(self.folder)

    def close(self) -> None:
        for process in (self.master, *self.workers.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            with contextlib.suppress(ValueError):
                process.communicate()


@pytest.fixture
def plan(credentials: Path) -> LoadPlan:
    return LoadPlan(
        "hosts",
        URL,
        credentials,
        (Stage("hold", 30, 30, 5),),
        workers=0,
        expect_workers=len(WORKERS),
        bind=ADDRESSES[MASTER],
        registered=20,
    )


@pytest.fixture
def load(hosts: Hosts, plan: LoadPlan, tmp_path: Path) -> Iterator[Load]:
    running = Load(hosts, plan, tmp_path / "load")
    yield running
    running.close()


def test_workers_of_other_hosts_share_one_schedule_and_one_record(load: Load, plan: LoadPlan) -> None:
    told = list(load.seconds())
    record = load.end()
    [stage] = record.stages
    shares = [worker.sent for worker in record.totals.workers]
    assert len(shares) == len(WORKERS)
    assert abs(shares[0] - shares[1]) <= 2, "the schedule was not dealt out in turns"
    assert sum(shares) == record.totals.sent == stage.offered
    assert stage.ok + sum(stage.refused.values()) + sum(stage.errors.values()) == stage.sent
    assert stage.ok > 0.9 * stage.sent
    tags = [one.tag for one in record.acknowledged()]
    assert len(tags) == len(set(tags)), "two hosts gave two requests one name"
    assert sum(int(second["sent"]) for second in told) == record.totals.sent
    assert record.totals.wrong_persons.count == 0


def test_a_worker_whose_host_is_cut_off_makes_the_load_invalid(hosts: Hosts, load: Load) -> None:
    for second in load.seconds():
        if second["t"] >= 1:
            hosts.ip("-n", hosts.named("two"), "link", "set", "line", "down")
            break
    try:
        for _ in load.seconds():
            pass
        assert load.master.wait(END_S) == 0
        record = read_record(load.folder)
    finally:
        hosts.ip("-n", hosts.named("two"), "link", "set", "line", "up")
    assert any("w" in reason.en and "lost" in reason.en for reason in record.invalid), record.invalid
