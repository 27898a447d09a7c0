"""The relay of reports: the drivers over it, against a device that keeps its reports apart as hidraw does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from rigs.drivers.hid_pos import HidPosLine
from rigs.drivers.hid_stream import HidStreamKeyboard
from rigs.errors import RigError
from rigs.hidraw_relay import FORMS, HidrawRelay
from rigs.journal import Journal
from rigs.protocols import hid_pos
from rigs.protocols.hid_keyboard import REPORT_BYTES, Led, type_text
from rigs.protocols.keyboard_host import HostState

QUIET_S = 0.2


class Device:
    """The far end of a hidraw: one report at a time, each way."""

    def __init__(self, form: str) -> None:
        self.end, near = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.end.settimeout(10)
        self.relay = HidrawRelay(near.detach(), "/dev/hidraw9", FORMS[form])
        self.complaint: list[RigError] = []
        self._serving = threading.Thread(target=self._serve, daemon=True)
        self._serving.start()

    def sends(self, reports: bytes, size: int) -> None:
        for start in range(0, len(reports), size):
            self.end.send(reports[start : start + size])

    def hears(self) -> bytes:
        return self.end.recv(4096)

    def ended(self) -> RigError:
        self._serving.join(10)
        (complaint,) = self.complaint
        return complaint

    def has_hosts(self, number: int) -> None:
        deadline = time.monotonic() + 10
        while len(self.relay._waiting) != number:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def _serve(self) -> None:
        try:
            self.relay.serve()
        except RigError as error:
            self.complaint.append(error)
        finally:
            self.relay.close()


@contextmanager
def device(form: str) -> Iterator[Device]:
    device = Device(form)
    with closing(device.end):
        yield device


def test_a_keyboard_types_through_it_and_hears_the_lock_keys_behind_a_report_number() -> None:
    with device("keyboard") as wedge, closing(HidStreamKeyboard(wedge.relay.url, Journal(None))) as keyboard:
        wedge.has_hosts(1)
        wedge.sends(type_text(b"8A3F:1"), REPORT_BYTES)
        assert keyboard.line("\r", QUIET_S).text == "8A3F:1\r"
        keyboard.become(HostState("en-US", caps_lock=True))
        told = [wedge.hears()]
        while not told[-1][-1] & Led.CAPS_LOCK:
            told.append(wedge.hears())
        assert all(len(report) == 2 and report[0] == 0 for report in told)


def test_a_hid_pos_scanner_is_spoken_to_in_whole_reports() -> None:
    with device("hid-pos") as scanner, closing(HidPosLine(scanner.relay.url, 9600, "scanner", Journal(None))) as line:
        scanner.has_hosts(1)
        command = b"\x16M\r" + b"CBRENA?;" * 10 + b"REVINF."
        line.write(command)
        reports = hid_pos.command_reports(command)
        heard = [scanner.hears(), scanner.hears()]
        assert (b"".join(heard), {len(report) for report in heard}) == (reports, {hid_pos.REPORT_BYTES})
        scanner.sends(hid_pos.scanned_data(hid_pos.QR, b"8A3F" * 40), hid_pos.REPORT_BYTES)
        chunk = line.read(5)
        assert chunk is not None
        assert chunk.data == b"8A3F" * 40 + b"\r"


def test_every_host_gets_every_report_and_a_slow_one_keeps_nobody_waiting() -> None:
    reports = type_text(b"8A3F" * 64)
    with device("keyboard") as wedge:
        port = int(wedge.relay.url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as slow,
            socket.create_connection(("127.0.0.1", port)) as quick,
        ):
            wedge.has_hosts(2)
            wedge.sends(reports * 8, REPORT_BYTES)
            for host in (quick, slow):
                host.settimeout(10)
                got = b""
                while len(got) < 8 * len(reports):
                    got += host.recv(65536)
                assert got == reports * 8


def test_a_host_that_leaves_may_come_back() -> None:
    with device("keyboard") as wedge:
        port = int(wedge.relay.url.rpartition(":")[2])
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", port)) as host:
                wedge.has_hosts(1)
                wedge.sends(type_text(b"1", None), REPORT_BYTES)
                assert host.recv(64)
            wedge.has_hosts(0)


def test_reports_of_another_length_and_a_device_that_goes_away_are_told() -> None:
    with device("keyboard") as wedge:
        wedge.end.send(b"\x01" + bytes(REPORT_BYTES))
        assert "a report of 9 bytes, where 8 are carried" in str(wedge.ended())
    with device("keyboard") as wedge:
        wedge.end.close()
        assert "went away" in str(wedge.ended())


def relay(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "xiangka", "relay", "hidraw", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_device_that_is_not_there_is_told_in_one_line(tmp_path) -> None:
    ended = relay(str(tmp_path / "hidraw9"), "--as", "keyboard")
    assert ended.returncode == 3
    assert "cannot be opened (No such file or directory)" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_the_command_prints_what_a_bench_file_names() -> None:
    near, far = os.openpty()
    command = [sys.executable, "-m", "xiangka", "relay", "hidraw", os.ttyname(far), "--as", "keyboard"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            host, _, port = process.stdout.readline().strip().removeprefix("socket://").partition(":")
            with socket.create_connection((host, int(port)), 10) as keyboard:
                keyboard.sendall(b"\x02")
                assert os.read(near, 64) == b"\x00\x02"
        finally:
            process.terminate()
            os.close(near)
            os.close(far)


@pytest.mark.parametrize("arguments", [("--as", "mouse"), (), ("--as", "keyboard", "--port", "70000")])
def test_wrong_options_are_told(arguments: tuple[str, ...], capsys) -> None:
    from xiangka.cli import main

    assert main(["relay", "hidraw", "/dev/hidraw9", *arguments]) == 4
    assert len(capsys.readouterr().err.splitlines()) == 1
