"""A user's shell: starts ``xiangka`` as a person would, and knows every process and every file that stems from it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from certification.people import PEOPLE, together
from xiangka.judging_again import judged_again

HANG_S = 120.0
"""Guard against a hang; nothing here is expected to take as long."""
GONE_S = 15.0
"""How long processes may take to end by themselves once nobody needs them."""
MARK = "XIANGKA_TEST_MARK"
_NOT_INHERITED = ("PYTEST", "FORCE_COLOR", "NO_COLOR", "CLICOLOR", "TTY_", "COLUMNS", "LINES", "DISPLAY", MARK)


def until(true, seconds: float = HANG_S, what: str = "it did not happen"):
    """Wait for something to become true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > deadline:
            pytest.fail(what)
        time.sleep(0.02)
    return found


def marked(mark: str) -> dict[int, str]:
    """Command lines of all living processes that inherited a mark in their environment, by process id."""
    found = {}
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def one_line(said: str) -> str:
    """The one line a mistake or a fault is told in: what, where and what to do, and nothing else."""
    lines = said.splitlines()
    assert len(lines) == 1, said
    assert lines[0].startswith("xiangka: "), said
    assert "Traceback" not in said
    assert "; " in lines[0], "no remedy in: " + said
    return lines[0]


@dataclass(frozen=True)
class Ended:
    """A command that is over."""

    exit_code: int
    out: str
    said: str


class Running:
    """A command that was started; its output goes to files, so that no pipe ever fills."""

    def __init__(
        self, arguments: list[str], folder: Path, words: Path, environment: dict[str, str], terminal: int | None
    ) -> None:
        self.mark = uuid4().hex
        self._out, self._said = words / f"{self.mark}.out", words / f"{self.mark}.err"
        with self._out.open("wb") as out, self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "xiangka", *arguments],
                cwd=folder,
                env={**environment, MARK: self.mark},
                stdin=subprocess.DEVNULL if terminal is None else terminal,
                stdout=out if terminal is None else terminal,
                stderr=said if terminal is None else terminal,
                start_new_session=True,
                preexec_fn=partial(_as_a_shell_does, terminal),  # noqa: PLW1509 - two system calls
            )

    @property
    def said(self) -> str:
        """What it said on standard error so far."""
        return self._said.read_text(encoding="utf-8")

    @property
    def out(self) -> str:
        """What it said on standard output so far."""
        return self._out.read_text(encoding="utf-8")

    def line(self, number: int = 0) -> str:
        """A line of its standard output, once it is complete."""

        def complete() -> list[str]:
            assert self.process.poll() is None, self.said
            lines = self.out.split("\n")[:-1]
            return lines[number : number + 1]

        return until(complete, what="it never said that it is ready")[0]

    def processes(self) -> dict[int, str]:
        """Living processes that stem from it, itself included."""
        return marked(self.mark)

    def stop(self, number: int = signal.SIGTERM) -> Ended:
        """Send a signal and wait."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> Ended:
        """Wait for its end, and for the end of every process that stems from it."""
        code = self.process.wait(HANG_S)
        until(lambda: not self.processes(), GONE_S, f"left behind: {self.processes()}")
        return Ended(code, self.out, self.said)

    def kill(self) -> None:
        """End whatever of it is alive."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(HANG_S)


def _as_a_shell_does(terminal: int | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests themselves run in the background
    if terminal is not None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Shell:
    """A shell in a folder of its own, with an own place for temporary files.

    Attributes:
        folder: where its commands run.
        temporary: where they keep temporary files; empty again when nothing runs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "desk"
        self.temporary = folder / "temporary"
        self._words = folder / "words"
        for place in (self.folder, self.temporary, self._words):
            place.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        self._environment = {**kept, "TMPDIR": str(self.temporary), "TERM": "xterm-256color"}
        self._started: list[Running] = []

    def start(self, *arguments: str | Path, terminal: int | None = None) -> Running:
        """Start a command; with ``terminal`` (a descriptor) on that terminal."""
        words = [str(argument) for argument in arguments]
        running = Running(words, self.folder, self._words, self._environment, terminal)
        self._started.append(running)
        return running

    def run(self, *arguments: str | Path, terminal: int | None = None) -> Ended:
        """Run a command to its end."""
        return self.start(*arguments, terminal=terminal).wait()

    def close(self) -> None:
        """End whatever still runs."""
        for running in self._started:
            running.kill()


@dataclass(frozen=True)
class RunFolder:
    """What a run left behind."""

    folder: Path

    @property
    def run(self) -> dict:
        """Its record, with what stands apart from it of people."""
        apart = self.folder / PEOPLE
        people = json.loads(apart.read_text(encoding="utf-8")) if apart.is_file() else None
        return together(json.loads((self.folder / "run.json").read_text(encoding="utf-8")), people)

    @property
    def document(self) -> dict:
        return json.loads((self.folder / "verdicts.json").read_text(encoding="utf-8"))

    @property
    def follows_from_its_evidence(self) -> bool:
        """Whether its verdicts can be derived anew, byte for byte, and every observation has its journal records."""
        return judged_again(self.folder).sound

    @property
    def verdicts(self) -> dict[str, str]:
        return {row["requirement"]: row["verdict"] for row in self.document["verdicts"]}

    @property
    def journal(self) -> list[dict]:
        return [json.loads(line) for line in (self.folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]

    @property
    def shown(self) -> list[str]:
        """Text of every code that was shown, in order."""
        frames = [record for record in self.journal if record.get("what") == "frame shown"]
        return [text for frame in frames for text in frame["shows"]]


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


EMULATED = "[scanner.emulated]\npace = 'usb'\ntime_scale = 20"
REFERENCE = "[platform.reference]"


def bench(
    folder: Path,
    *,
    name: str = "bench.toml",
    presenter: str = "driver = 'frame-port'",
    scanner: str = EMULATED,
    platform: str = REFERENCE,
) -> Path:
    """Write a bench file without supply and keyboard; the texts complete its tables."""
    file = folder / name
    file.write_text(
        f"name = 'desk'\n[presenter]\ngap_ms = 0\n{presenter}\n"
        f"[platform]\ndriver = 'hn-a'\n{platform}\n"
        f"[scanner]\ndriver = 'gm65'\nbaud = 115200\nread_timeout_s = 2.0\nsilence_s = 0.06\n{scanner}\n",
        encoding="utf-8",
    )
    return file


class Screen:
    """A terminal a command runs on: everything it shows, and a key to press."""

    def __init__(self) -> None:
        self._near, self.terminal = os.openpty()
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self._seen = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def shown(self) -> str:
        """Everything that was shown so far, control sequences included."""
        return self._seen.decode("utf-8", "replace")

    def press(self, key: bytes) -> None:
        """Type."""
        os.write(self._near, key)

    def close(self) -> None:
        """Take the terminal away."""
        os.close(self.terminal)
        self._reader.join(HANG_S)
        os.close(self._near)

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # how Linux tells that the other end was closed
            while data := os.read(self._near, 4096):
                self._seen += data


@dataclass(frozen=True)
class Platform:
    """A running card platform: where it is, the file with its credentials, and the secret in it."""

    url: str
    credentials: Path
    running: Running

    @property
    def app_secret(self) -> str:
        return json.loads(self.credentials.read_text(encoding="utf-8"))["app_secret"]

    @property
    def table(self) -> str:
        """The keys that name it in a bench file."""
        return f"url = '{self.url}'\ncredentials = '{self.credentials}'"


def serve_platform(shell: Shell) -> Platform:
    """Start a card platform of one's own."""
    running = shell.start("platform", "serve", "--port", "0", "--data", shell.folder / "platform")
    ready = json.loads(running.line())
    return Platform(ready["url"], Path(ready["credentials"]), running)


@contextlib.contextmanager
def emulated_port(folder: Path, camera_port: int = 1):
    """An emulated terminal that was started by hand and looks at a frame port; gives the path of its serial port."""
    shell = Shell(folder)
    try:
        yield emulated_terminal(shell, camera_port).line()
    finally:
        shell.close()


def emulated_terminal(shell: Shell, camera_port: int) -> Running:
    """Start an emulated terminal that looks at a frame port; its first line is the path of its serial port."""
    camera = f"http://127.0.0.1:{camera_port}/frame"
    arguments = ("--protocol", "gm65", "--camera", camera, "--baud", "115200", "--pace", "usb", "--time-scale", "20")
    return shell.start("emulate", "scanner", *arguments)
