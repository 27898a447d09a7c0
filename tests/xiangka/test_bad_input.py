"""Mistakes and faults before a run: one line that says what, where and what to do, and nothing is left behind."""

from __future__ import annotations

import gc
import json
import os
import pty
import signal
import socket
import tty
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial
from shell import MARK, RunFolder, bench, emulated_port, marked, one_line, until

from xiangka.cli import main
from xiangka.scenarios import ROOT

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # a command ends its process, a test does not

SUBJECT = (ROOT / "fixtures" / "subjects" / "emulated-gm65.toml").read_text(encoding="utf-8")
WRONG_INPUT, RIG_ERROR = 4, 3


class Prompt:
    """The command line within this process: what it answers, and whether it left anything behind."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder / "desk"
        self.temporary = folder / "temporary"
        self.mark = f"{folder.name}-{os.getpid()}"
        self._capfd = capfd
        self.folder.mkdir()
        self.temporary.mkdir()

    def refuses(self, *arguments: str | Path) -> tuple[int, str]:
        """Run a command that must be refused; returns its exit code and the line it said."""
        before = self._files()
        code = main([str(argument) for argument in arguments])
        told = self._capfd.readouterr()
        line = one_line(told.err)
        assert told.out == ""
        assert self._files() == before
        assert list(self.temporary.iterdir()) == []
        until(lambda: not self._processes(), what=f"left behind: {self._processes()}")
        return code, line

    def certify(self, *arguments: str | Path) -> tuple[int, str]:
        """As ``refuses``, for ``xiangka certify`` into a run folder that is not there."""
        return self.refuses("certify", "--only", "EHC-TRM-001", "--out", self.folder / "run", *arguments)

    def _processes(self) -> list[str]:
        return [line for line in marked(self.mark).values() if "resource_tracker" not in line]  # Python's own

    def _files(self) -> dict[str, bytes | None]:
        return {str(found): found.read_bytes() if found.is_file() else None for found in self.folder.rglob("*")}


@pytest.fixture
def prompt(tmp_path, capfd, monkeypatch):
    opened = Prompt(tmp_path, capfd)
    monkeypatch.setenv(MARK, opened.mark)
    monkeypatch.setattr("tempfile.tempdir", str(opened.temporary))
    monkeypatch.chdir(opened.folder)
    on_sigterm = signal.getsignal(signal.SIGTERM)
    yield opened
    signal.signal(signal.SIGTERM, on_sigterm)


@pytest.fixture(scope="module", autouse=True)
def swept():
    """What a command leaves to the end of its process is collected here, and not in a test of another file."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    """Port of an emulated terminal that is treated like hardware."""
    with emulated_port(tmp_path_factory.mktemp("terminal")) as port:
        yield f"url = '{port}'"


@pytest.fixture
def silent_port():
    """A serial port with nobody behind it."""
    near, far = pty.openpty()
    tty.setraw(far)
    yield os.ttyname(far)
    os.close(near)
    os.close(far)


@contextmanager
def listening():
    """A loopback port that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


OPTIONS = {
    "no command": ([], "COMMAND"),
    "unknown command": (["certfy"], "certfy"),
    "unknown option": (["certify", "--benches", "x"], "--benches"),
    "unknown plan": (["certify", "--plan", "fast"], "choose one of full, quick"),
    "seed not a number": (["certify", "--seed", "one"], "--seed"),
    "no requirement named": (["certify", "--only"], "--only"),
    "requirement with a slip": (["certify", "--only", "EHC-TMR-017"], "did you mean EHC-TRM-017?"),
    "requirement in small letters": (["certify", "--only", "ehc-trm-017"], "did you mean EHC-TRM-017?"),
    "requirement of another kind": (["certify", "--only", "EHC-KSK-001"], "kiosk"),
    "unknown protocol": (["emulate", "scanner", "--protocol", "gm66", "--camera", "http://127.0.0.1:1/frame"], "gm65"),
    "unknown defect of an emulator": (
        ["emulate", "scanner", "--protocol", "gm65", "--camera", "http://127.0.0.1:1/frame", "--defect", "sleepy"],
        "xiangka defects list",
    ),
    "load of nothing": (["load"], "ACTION"),
    "load without credentials": (["load", "run", "--target", "http://127.0.0.1:1"], "--credentials"),
    "load with credentials of nobody": (["load", "run", "--credentials", "c.json"], "--target"),
    "load with credentials that are not there": (
        ["load", "run", "--target", "http://127.0.0.1:1", "--credentials", "no.json"],
        "no.json",
    ),
    "load nobody knows": (["load", "run", "--profile", "provinse"], "reference, province, soak"),
    "load that is part of another": (["load", "run", "--profile", "capacity"], "choose one of"),
    "load by nobody": (["load", "run", "--workers", "0"], "--workers"),
    "load by a word": (["load", "run", "--workers", "x"], "'x' is not a positive number"),
    "load by more than are expected": (["load", "run", "--workers", "4", "--expect-workers", "2"], "4 workers"),
    "load from a seed that draws nothing": (["load", "run", "--seed", "-1"], "--seed"),
    "load at a rate that is a word": (["load", "run", "--rate", "much"], "'much' is no number above 0"),
    "load for no time": (["load", "run", "--seconds", "-1"], "--seconds"),
    "load for too short a time": (["load", "run", "--seconds", "0.2"], "load.seconds"),
    "load of no rate": (["load", "run", "--rate", "nan"], "--rate"),
    "load of cards that are nowhere": (["load", "run", "--population", "no-cards.json"], "no-cards.json"),
    "load in no dialect": (["load", "run", "--dialect", "hn-x"], "there is no dialect 'hn-x'"),
    "load with a fault of the generator nobody knows": (["load", "run", "--generator-defect", "sleeps"], "stalls"),
    "load of a terminal": (
        ["load", "run", "--bench", str(ROOT / "rigs" / "benches" / "emulated-gm65.toml")],
        "this bench tests a terminal",
    ),
    "load with a defect of a terminal": (["load", "run", "--defect", "hides-firmware"], "is a defect of a terminal"),
}


@pytest.mark.parametrize(("arguments", "named"), OPTIONS.values(), ids=OPTIONS)
def test_a_wrong_option_is_told_in_one_line(arguments, named, prompt):
    code, line = prompt.refuses(*arguments)
    assert named in line
    assert code == WRONG_INPUT


def test_a_terminator_the_protocol_does_not_have_is_told_in_one_line(shell):
    camera = ("--camera", "http://127.0.0.1:1/frame", "--terminator", "lf")
    ended = shell.run("emulate", "scanner", "--protocol", "gm65", "--tethered", *camera)
    assert "--terminator" in one_line(ended.said)
    assert ended.exit_code == WRONG_INPUT


@pytest.mark.parametrize("address", ["http://127.0.0.1:port/frame", "nowhere"])
def test_a_camera_that_is_no_address_is_told_in_one_line(address, shell):
    ended = shell.run("emulate", "scanner", "--protocol", "gm65", "--tethered", "--camera", address)
    assert "--camera" in one_line(ended.said)
    assert ended.exit_code == WRONG_INPUT


BENCH = "name = 'd'\n[presenter]\ndriver = 'frame-port'\n[scanner]\ndriver = 'gm65'\n[scanner.emulated]\n" + (
    "[platform]\ndriver = 'hn-a'\n[platform.reference]\n"
)
BENCHES = {
    "empty": ("", "key 'name' is missing"),
    "not TOML": ("name = desk 3", "is not TOML"),
    "not text": ("\udcff\udcfe", "is not TOML"),
    "missing key": (BENCH.replace("driver = 'gm65'\n", ""), "key 'scanner.driver' is missing"),
    "missing presenter": (BENCH.replace("driver = 'frame-port'\n", ""), "key 'presenter.driver' is missing"),
    "missing table": (BENCH.replace("[platform]\ndriver = 'hn-a'\n[platform.reference]\n", ""), "key 'platform'"),
    "misspelt key": (BENCH.replace("[scanner]", "[scanner]\nbawd = 9600"), "did you mean 'baud'?"),
    "misspelt table": (BENCH.replace("[scanner.emulated]", "[scanner.emulate]"), "did you mean 'emulated'?"),
    "key of an empty table": (BENCH + "speed = 3\n", "unknown key 'platform.reference.speed'"),
    "unknown driver": (
        BENCH.replace("'gm65'", "'gm66'"),
        "choose one of 'datalogic', 'gm65', 'hid-pos', 'honeywell', 'keyboard-wedge'",
    ),
    "unknown presenter": (BENCH.replace("'frame-port'", "'billboard'"), "choose one of 'frame-port', 'screen'"),
    "plain line that is triggered": (BENCH.replace("'gm65'", "'plain-line'"), 'set mode = "presentation"'),
    "terminator of another driver": (BENCH.replace("'gm65'", "'gm65'\nterminator = 'lf'"), "`terminator` is for"),
    "pause longer than silence": (
        BENCH.replace("'gm65'", "'plain-line'\nmode = 'presentation'\nterminator = 'none'\nsilence_s = 0.05"),
        "`character_gap_ms` must be shorter",
    ),
    "parity on a pty": (BENCH.replace("[scanner]", "[scanner]\nparity = 'even'"), 'set listen = "rfc2217"'),
    "presence without modem lines": (BENCH.replace("[scanner]", "[scanner]\npresence = 'dsr'"), "`presence` needs"),
    "unknown line": (BENCH.replace("[scanner.emulated]", "[scanner.emulated]\nlisten = 'udp'"), "emulated.listen"),
    "wrong rate": (BENCH.replace("[scanner]", "[scanner]\nbaud = 9601"), "'scanner.baud'"),
    "text for a number": (BENCH.replace("[scanner]", "[scanner]\nread_timeout_s = 'long'"), "scanner.read_timeout_s"),
    "no scanner at all": (BENCH.replace("[scanner.emulated]\n", ""), "either `url`"),
    "two scanners": (BENCH.replace("[scanner]", "[scanner]\nurl = '/dev/ttyS0'"), "not both"),
    "two platforms": (BENCH.replace("'hn-a'", "'hn-a'\nurl = 'http://127.0.0.1:1'"), "not both"),
    "platform without credentials": (
        BENCH.replace("'hn-a'\n[platform.reference]", "'hn-a'\nurl = 'http://127.0.0.1:1'"),
        "needs `credentials`",
    ),
    "keyboard without twin": (
        BENCH.replace("[scanner.emulated]", "url = '/dev/ttyS0'") + "[keyboard]\ndriver = 'hid-stream'\n"
        "[keyboard.emulated]\n",
        "needs a table [scanner.emulated]",
    ),
}


@pytest.mark.parametrize("command", ["certify", "bench check"])
@pytest.mark.parametrize(("text", "named"), BENCHES.values(), ids=BENCHES)
def test_a_wrong_bench_file_is_told_in_one_line(text, named, command, prompt):
    file = prompt.folder / "bench.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    code, line = prompt.certify("--bench", file) if command == "certify" else prompt.refuses("bench", "check", file)
    assert named in line
    assert str(file) in line
    assert code == WRONG_INPUT


@pytest.mark.parametrize("option", ["--bench", "--subject"])
@pytest.mark.parametrize("name", ["not-there.toml", "."])
def test_a_file_that_cannot_be_read_is_told_in_one_line(name, option, prompt):
    code, line = prompt.certify(option, prompt.folder / name)
    assert "cannot be read" in line
    assert code == WRONG_INPUT


SUBJECTS = {
    "unanswered": (SUBJECT.replace('bank_card = "no"', 'bank_card = "unanswered"'), "unanswered: bank_card"),
    "missing answer": (SUBJECT.replace('bank_card = "no"', ""), "bank_card"),
    "misspelt": (SUBJECT.replace("serial =", "serail ="), "did you mean 'serial'?"),
    "not TOML": (SUBJECT.replace('vendor = "Xiangka"', "vendor = Xiangka"), "is not TOML"),
    "a kiosk": (SUBJECT.replace('kind = "terminal"', 'kind = "kiosk"'), "kiosk"),
}


@pytest.mark.parametrize(("text", "named"), SUBJECTS.values(), ids=SUBJECTS)
def test_a_wrong_subject_file_is_told_in_one_line(text, named, prompt):
    file = prompt.folder / "subject.toml"
    file.write_text(text, encoding="utf-8")
    code, line = prompt.refuses("certify", "--subject", file, "--out", prompt.folder / "run")
    assert named in line
    assert code == WRONG_INPUT


@pytest.mark.parametrize("held", ["run", "run/earlier.json"])
def test_a_run_folder_that_holds_something_is_left_untouched(held, prompt):
    file = prompt.folder / held
    file.parent.mkdir(exist_ok=True)
    file.write_text("an earlier run")
    code, line = prompt.certify()
    assert "already holds something" in line
    assert code == WRONG_INPUT


def test_a_run_folder_that_cannot_be_made_is_told_in_one_line(prompt):
    (prompt.folder / "file").write_text("")
    code, line = prompt.refuses("certify", "--out", prompt.folder / "file" / "run")
    assert str(prompt.folder / "file") in line
    assert code == WRONG_INPUT


def test_an_unknown_defect_is_told_in_one_line(prompt):
    code, line = prompt.certify("--defect", "sleepy")
    assert "xiangka defects list" in line
    assert code == WRONG_INPUT


def test_a_defect_is_refused_for_a_real_port(terminal, prompt):
    code, line = prompt.certify("--bench", bench(prompt.folder, scanner=terminal), "--defect", "hides-firmware")
    assert "--defect" in line
    assert code == WRONG_INPUT


PORTS = {
    "absent": ("url = '/dev/ttyNOWHERE'", "/dev/ttyNOWHERE does not exist"),
    "not a port": ("url = '/dev/null'", "/dev/null cannot be opened"),
    "nobody there": ("url = 'socket://127.0.0.1:1'", "socket://127.0.0.1:1 cannot be opened"),
    "no such scheme": ("url = 'pigeon://roof'", "pigeon://roof cannot be opened"),
    "no name": ("url = ''", "url"),
}


@pytest.mark.parametrize(("scanner", "named"), PORTS.values(), ids=PORTS)
def test_a_port_that_cannot_be_opened_is_told_in_one_line(scanner, named, prompt):
    code, line = prompt.certify("--bench", bench(prompt.folder, scanner=scanner))
    assert named in line
    assert code in (RIG_ERROR, WRONG_INPUT)


@pytest.mark.parametrize("driver", ["gm65", "honeywell", "newland", "ssi"])
def test_a_port_nobody_answers_on_is_told_in_one_line(driver, silent_port, prompt):
    file = bench(prompt.folder, scanner=f"url = '{silent_port}'")
    file.write_text(file.read_text().replace("'gm65'", f"'{driver}'"))
    code, line = prompt.certify("--bench", file)
    assert f"{silent_port} does not answer" in line
    assert code == RIG_ERROR


def test_a_busy_port_is_told_in_one_line(silent_port, prompt):
    with serial.Serial(silent_port, exclusive=True):
        code, line = prompt.certify("--bench", bench(prompt.folder, scanner=f"url = '{silent_port}'"))
    assert f"{silent_port} is in use by another process" in line
    assert code == RIG_ERROR


def test_a_busy_frame_port_is_told_in_one_line(prompt):
    with listening() as port:
        presenter = f"driver = 'frame-port'\nframe_port = {port}"
        code, line = prompt.certify("--bench", bench(prompt.folder, presenter=presenter))
    assert f"frame port {port}" in line
    assert code == RIG_ERROR


def test_a_display_that_is_not_there_is_told_in_one_line(silent_port, prompt):
    file = bench(prompt.folder, presenter="driver = 'screen'\ndisplay = ':9999'", scanner=f"url = '{silent_port}'")
    code, line = prompt.certify("--bench", file)
    assert "display :9999" in line
    assert code == RIG_ERROR


PARTS = {
    "supply nobody listens at": ("[power]\ndriver = 'scpi'\nresource = 'TCPIP::127.0.0.1::1::SOCKET'", "power"),
    "supply without a name": ("[power]\ndriver = 'scpi'\nresource = 'the grey one'", "the grey one"),
    "keyboard nobody types on": ("[keyboard]\ndriver = 'hid-stream'\nurl = 'socket://127.0.0.1:1'", "keyboard"),
}


@pytest.mark.parametrize(("table", "named"), PARTS.values(), ids=PARTS)
def test_another_part_that_is_absent_is_told_in_one_line(table, named, terminal, prompt):
    file = bench(prompt.folder, scanner=terminal)
    file.write_text(file.read_text() + table)
    code, line = prompt.certify("--bench", file)
    assert named in line
    assert code == RIG_ERROR


PLATFORMS = {
    "down": ("http://127.0.0.1:1", "http://127.0.0.1:1"),
    "no port": ("http://127.0.0.1:gateway", "gateway"),
    "no address": ("the platform", "the platform"),
}


@pytest.mark.parametrize(("url", "named"), PLATFORMS.values(), ids=PLATFORMS)
def test_a_platform_that_is_down_is_told_in_one_line(url, named, terminal, prompt):
    credentials = prompt.folder / "credentials.json"
    credentials.write_text('{"app_id": "a", "app_secret": "00112233445566778899aabbccddeeff", "term_id": "t"}')
    platform = f"url = '{url}'\ncredentials = '{credentials}'"
    code, line = prompt.certify("--bench", bench(prompt.folder, scanner=terminal, platform=platform))
    assert named in line
    assert code in (RIG_ERROR, WRONG_INPUT)


CREDENTIALS = {
    "not there": None,
    "not JSON": "app_id = 1",
    "a list": "[]",
    "a secret is missing": '{"app_id": "a", "term_id": "t"}',
    "numbers": '{"app_id": 1, "app_secret": 2, "term_id": 3}',
}


@pytest.mark.parametrize("text", CREDENTIALS.values(), ids=CREDENTIALS)
def test_unusable_credentials_are_told_in_one_line(text, terminal, prompt):
    credentials = prompt.folder / "credentials.json"
    if text is not None:
        credentials.write_text(text)
    with listening() as port:
        platform = f"url = 'http://127.0.0.1:{port}'\ncredentials = '{credentials}'"
        code, line = prompt.certify("--bench", bench(prompt.folder, scanner=terminal, platform=platform))
    assert str(credentials) in line
    assert code == WRONG_INPUT


@pytest.mark.parametrize("secret", ["0" * 43, "short"], ids=["another", "short"])
def test_credentials_with_a_wrong_secret_are_never_blamed_on_the_device(secret, shell, platform):
    credentials = shell.folder / "credentials.json"
    content = json.loads(platform.credentials.read_text(encoding="utf-8"))
    credentials.write_text(json.dumps({**content, "app_secret": secret}), encoding="utf-8")
    table = f"url = '{platform.url}'\ncredentials = '{credentials}'"
    file = bench(shell.folder, platform=table)
    ended = shell.run("certify", "--bench", file, "--only", "EHC-TRM-004", "--out", shell.folder / "run")
    assert "credentials" in ended.said
    assert "Traceback" not in ended.said
    assert ended.exit_code in (RIG_ERROR, WRONG_INPUT), ended.said


def test_the_rest_of_a_start_that_was_killed_is_no_traceback(prompt):
    (prompt.folder / ".run.opening").mkdir()
    code, line = prompt.certify("--bench", bench(prompt.folder, scanner="url = '/dev/ttyNOWHERE'"))
    assert code in (RIG_ERROR, WRONG_INPUT), line


def test_a_run_may_be_written_into_the_empty_folder_one_stands_in(shell):
    ended = shell.run("certify", "--only", "EHC-TRM-001", "--out", ".")
    assert ended.exit_code == 0, ended.said
    assert RunFolder(shell.folder).run["state"] == "finished"
