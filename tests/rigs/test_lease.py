"""Leases: who holds a port is one process, whatever the port is called, until it lets go or dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rigs.errors import RigError
from rigs.lease import Lease, port_identity

HOLD = """
import sys
from rigs.lease import Lease
lease = Lease(sys.argv[1], "scanner")
print("held", flush=True)
sys.stdin.read()
"""
SCANNER = "/dev/serial/by-id/usb-EXAMPLE_Scanner_0001-if00"
PORTS = [
    SCANNER,
    "socket://192.0.2.7:4001",
    "rfc2217://192.0.2.7:4002",
    "TCPIP::192.0.2.10::inst0::INSTR",
    "EXAMPLE Reader 00 00",
    "http://192.0.2.9/video.mjpg",
]


@pytest.fixture(autouse=True)
def run_time_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / f"xiangka-{os.getuid()}"


class Holder:
    """Another process that holds a port."""

    def __init__(self, port: str) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, "-c", HOLD, port], stdin=pipe, stdout=pipe, text=True)
        assert self.process.stdout.readline() == "held\n"

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def holder() -> Iterator[Holder]:
    holder = Holder(SCANNER)
    yield holder
    holder.end()


@pytest.mark.parametrize("port", PORTS)
def test_a_port_is_held_by_one(port: str) -> None:
    lease = Lease(port, "scanner")
    with pytest.raises(RigError, match=f"in use by process {os.getpid()} "):
        Lease(port, "camera")
    others = [Lease(other, "camera") for other in PORTS if other != port]
    lease.release()
    lease.release()
    Lease(port, "camera").release()
    for other in others:
        other.release()


def test_the_loser_is_told_who_holds_it(holder: Holder) -> None:
    with pytest.raises(RigError) as caught:
        Lease(SCANNER, "scanner")
    assert f"process {holder.process.pid} (" in caught.value.what
    assert SCANNER in caught.value.what
    assert caught.value.where == "scanner"


def test_a_dead_holder_holds_nothing(holder: Holder) -> None:
    holder.end()
    Lease(SCANNER, "scanner").release()


def test_the_command_is_told_without_what_follows_it(run_time_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/xiangka", "certify", "--database", "postgresql://u:secret@h/d"])
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw1")
    lease = Lease(SCANNER, "scanner")
    (noted,) = run_time_directory.glob("*.json")
    assert json.loads(noted.read_text()) == {"pid": os.getpid(), "command": "xiangka certify, worker gw1"}
    lease.release()
    assert not run_time_directory.exists(), "nothing is left of a lease that was let go"


def test_a_note_that_cannot_be_read_does_not_free_a_port(run_time_directory: Path) -> None:
    lease = Lease(SCANNER, "scanner")
    for noted in run_time_directory.glob("*.json"):
        noted.write_text("{")
    with pytest.raises(RigError, match="in use by another process"):
        Lease(SCANNER, "scanner")
    lease.release()


def test_ports_are_taken_and_let_go_by_many_at_once() -> None:
    inside = []

    def use(number: int) -> int:
        port = PORTS[number % 2]
        try:
            lease = Lease(port, "scanner")
        except RigError as error:
            assert "in use by" in error.what  # noqa: PT017 - that it may be refused is the point
            return 0
        inside.append(port)
        alone = inside.count(port) == 1
        inside.remove(port)
        lease.release()
        return 1 if alone else -1000

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(200))) > 2


def test_a_folder_of_somebody_elses_is_refused(run_time_directory: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    run_time_directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RigError, match="XDG_RUNTIME_DIR"):
        Lease(SCANNER, "scanner")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("socket://localhost:4001", "rfc2217://127.0.0.1:4001?logging=debug"),
        ("socket://HOST.example:4001", "TCPIP0::host.example::4001::SOCKET"),
        ("TCPIP::192.0.2.10::INSTR", "tcpip0::192.0.2.10::instr"),
        ("USB0::0x1AB1::0x0E11::DP8A::INSTR", "usb::0x1ab1::0x0e11::dp8a::instr"),
        (" EXAMPLE Reader 00 00", "EXAMPLE Reader 00 00 "),
    ],
)
def test_names_of_one_port_are_one(one: str, other: str) -> None:
    assert port_identity(one) == port_identity(other)


def test_links_lead_to_the_device_itself(tmp_path: Path) -> None:
    (tmp_path / "ttyACM0").touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyACM0")
    device = port_identity(str(tmp_path / "ttyACM0"))
    assert port_identity(str(tmp_path / "by-id")) == device
    assert port_identity(f"ASRL{tmp_path}/by-id::INSTR") == device
    assert port_identity(str(tmp_path / "ttyACM1")) != device


@pytest.mark.parametrize(
    "name", ["", "::", "ASRL", "://", "socket://:99999", "http://[::1]:8600/frame", "TCPIP::::SOCKET"]
)
def test_a_name_that_means_nothing_is_still_a_name(name: str) -> None:
    Lease(name, "scanner").release()
