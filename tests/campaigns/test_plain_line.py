"""A scanner without commands under the row of the serial link: what it must deliver, and when it fails."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from certifying import certify

BENCH = Path("rigs/benches/emulated-plain-line.toml")
SUBJECT = "fixtures/subjects/emulated-plain-line.toml"
LINK = "EHC-TRM-017"


@pytest.fixture
def crlf_bench(tmp_path: Path) -> Iterator[Path]:
    """The project's own bench, but with a scanner started by itself at the port named; it ends a code with CR LF."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        camera = free.getsockname()[1]
    command = [sys.executable, "-m", "xiangka", "emulate", "scanner", "--protocol", "plain-line", "--tethered"]
    command += ["--camera", f"http://127.0.0.1:{camera}/frame", "--baud", "115200", "--pace", "usb", "--keyboard"]
    pipe = subprocess.PIPE
    emulator = subprocess.Popen([*command, "--terminator", "crlf"], stdin=pipe, stdout=pipe, text=True)
    try:
        port, keyboard = emulator.stdout.readline().strip(), emulator.stdout.readline().split()[1]
        text = BENCH.read_text(encoding="utf-8")
        text = text.replace('driver = "frame-port"', f'driver = "frame-port"\nframe_port = {camera}')
        text = text.replace('mode = "presentation"', f'mode = "presentation"\nurl = "{port}"')
        text = text.replace('[scanner.emulated]\npace = "usb"\ntime_scale = 20\n', "")
        text = text.replace("[keyboard.emulated]\n", f'url = "socket://{keyboard}"\n')
        file = tmp_path / "bench.toml"
        file.write_text(text, encoding="utf-8")
        yield file
    finally:
        emulator.stdin.close()
        emulator.wait(10)
        emulator.stdout.close()


@pytest.mark.parametrize(
    ("terminator", "verdict"), [pytest.param("crlf", "PASS", marks=pytest.mark.nightly), ("cr", "FAIL")]
)
def test_a_code_that_does_not_end_as_agreed_fails_the_serial_link(terminator, verdict, crlf_bench, tmp_path):
    text = crlf_bench.read_text(encoding="utf-8")
    crlf_bench.write_text(text.replace('terminator = "crlf"', f'terminator = "{terminator}"'), encoding="utf-8")
    ended = certify(tmp_path / "run", "--bench", str(crlf_bench), "--subject", SUBJECT, "--only", LINK)
    assert ended.verdicts[LINK] == verdict, ended.said


def test_what_would_have_to_be_asked_is_left_open(tmp_path):
    ended = certify(tmp_path / "run", "--bench", str(BENCH), "--only", "EHC-TRM-001", "EHC-TRM-026")
    assert (ended.verdicts["EHC-TRM-001"], ended.verdicts["EHC-TRM-026"]) == ("PASS", "NOT_ASSESSED"), ended.said
    assert ended.exit_code == 2
