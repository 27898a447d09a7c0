"""Dialogues between drivers and emulated scanners, recorded once and played again by a peer that may misbehave."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import threading
import tty
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rigs.bench_tables.scanner import ScannerTable
from rigs.drivers.hid_pos import HidPosLine
from rigs.drivers.serial_scanner import SerialScanner
from rigs.emulators.scanner import EMULATORS
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.opening import scanner as opening
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.serial_line import SerialLine
from tests.rigs.emulated import Emulated

CARD = b"8A3F" * 16 + b":1"
READ_S = 2.0
HOST, DEVICE = "tx", "rx"
PROTOCOLS = sorted(set(EMULATORS) - {"keyboard-wedge", "web-plugin"})
"""Those that a byte stream carries both ways; a web plug-in speaks over a WebSocket, a keyboard only types."""
CARRIERS: dict[str, type[SerialLine]] = {"hid-pos": HidPosLine}


@dataclass(frozen=True)
class Turn:
    """What one side says before the other does: ``HOST`` or ``DEVICE``, and its bytes."""

    side: str
    data: bytes


@dataclass(frozen=True)
class Dialogue:
    """Setting up, who are you, and one code; ``set_up`` is how many turns the first takes."""

    protocol: str
    turns: tuple[Turn, ...]
    set_up: int

    @property
    def length(self) -> int:
        return sum(len(turn.data) for turn in self.turns)

    @property
    def ends(self) -> list[int]:
        """After how many bytes each turn is over."""
        lengths = [len(turn.data) for turn in self.turns]
        return [sum(lengths[: number + 1]) for number in range(len(lengths))]


def mode_of(protocol: str) -> str:
    return "presentation" if protocol == "plain-line" else "command"


def opened(protocol: str, url: str, journal: Journal) -> SerialLine:
    """The line a bench would open."""
    return CARRIERS.get(protocol, SerialLine)(url, 115200, "scanner", journal)


def driver(protocol: str, line: SerialLine) -> SerialScanner:
    """The driver a bench would take."""
    mode = mode_of(protocol)
    scheme = "ws" if protocol == "web-plugin" else "socket"
    table = ScannerTable(driver=protocol, url=f"{scheme}://127.0.0.1:1", mode=mode)
    return opening._driver(table)(line, read_timeout_s=READ_S, mode=mode)


def record(protocol: str, presenter: FramePortPresenter, folder: Path) -> Dialogue:
    """Let a driver talk to an emulated scanner, and keep what crossed."""
    path = folder / f"{protocol}.jsonl"
    with Emulated(protocol, presenter.url, "--listen", "tcp") as emulated, Journal(path) as journal:
        line = opened(protocol, emulated.url, journal)
        scanner = driver(protocol, line)
        set_up = journal.count
        scanner.identify()
        scanner.arm()
        presenter.show(presenter.prepare(Stimulus((Symbol(CARD),))).result())
        delivery = scanner.delivery(5.0)
        presenter.clear()
        assert delivery is not None
        assert delivery.data == CARD
        journal.flush()
        crossed = wire_records(path)
        line.close()
    turns: list[Turn] = []
    before = 0
    for number, side, data in crossed:
        if turns and turns[-1].side == side:
            turns[-1] = Turn(side, turns[-1].data + data)
        else:
            turns.append(Turn(side, data))
        before = len(turns) if number <= set_up else before
    return Dialogue(protocol, tuple(turns), before)


def wire_records(journal: Path) -> list[tuple[int, str, bytes]]:
    """Number, side and bytes of each frame in a journal."""
    records = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return [(r["n"], r["dir"], bytes.fromhex(r["hex"])) for r in records if "hex" in r and r["channel"] == "scanner"]


def talk(scanner_of: Callable[[], SerialScanner]) -> RigError | None:
    """Set up, who are you, one code, and then codes until the line ends; the error it ended with."""
    try:
        scanner = scanner_of()
        scanner.identify()
        scanner.arm()
        for _ in range(20):
            scanner.delivery(1.0)
    except RigError as error:
        return error
    return None


class Peer:
    """Plays the device's turns of a dialogue at the far end of a real line, and hangs up after so many bytes.

    Args:
        protocol: whose line the host opens.
        dialogue: what was recorded.
        transport: ``pty`` or ``tcp``.
        cut: bytes after which the line is cut, both sides' counted; None never.
        behind: takes the place of the device when all turns are done; called with the peer.
    """

    def __init__(
        self,
        protocol: str,
        dialogue: Sequence[Turn],
        transport: str,
        cut: int | None = None,
        behind: Callable[[Peer], None] | None = None,
    ) -> None:
        self.heard = b""
        self.said = b""
        self._protocol = protocol
        self.leaving = threading.Event()
        self._turns = dialogue
        self._left = cut
        self._behind = behind
        self._end: socket.socket | None = None
        self._fds: list[int] = []
        if transport == "pty":
            master, slave = os.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            self._fds = [master, slave]
            self.url = os.ttyname(slave)
        else:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)

    def line(self, journal: Journal) -> SerialLine:
        """The host's end; the peer says nothing before it is open, because opening drops what has arrived."""
        if not self._fds:
            self._listener.settimeout(10)
            accepting = threading.Thread(target=self._accept)
            accepting.start()
        line = opened(self._protocol, self.url, journal)
        if not self._fds:
            accepting.join()
        self._thread.start()
        return line

    def say(self, data: bytes) -> None:
        """Send bytes as far as the line is not cut."""
        for byte in data if self._left is not None else [data]:
            piece = bytes((byte,)) if isinstance(byte, int) else byte
            self._spend(len(piece))
            while piece:
                _, ready, _ = select.select([], [self._fd], [], 0.1)
                if self.leaving.is_set():
                    raise ConnectionError
                if ready:
                    written = os.write(self._fd, piece)
                    self.said += piece[:written]
                    piece = piece[written:]

    def hear(self, wait_s: float = 0.1) -> bytes:
        """What the host has sent, as far as the line is not cut."""
        if not select.select([self._fd], [], [], wait_s)[0]:
            return b""
        data = os.read(self._fd, 1 if self._left is not None else 4096)
        if not data:
            raise ConnectionError
        self._spend(len(data))
        self.heard += data
        return data

    def close(self) -> None:
        self.leaving.set()
        self._thread.join(5)

    @property
    def _fd(self) -> int:
        return self._end.fileno() if self._end is not None else self._fds[0]

    def _spend(self, number: int) -> None:
        if self._left is not None:
            if self._left < number:
                raise ConnectionError
            self._left -= number

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            for turn in self._turns:
                if turn.side == DEVICE:
                    self.say(turn.data)
                else:
                    self._await(len(turn.data))
            while self._behind is None and self._left is None and not self.leaving.is_set():
                self.hear()
            if self._behind is not None:
                self._behind(self)
        for fd in self._fds:
            os.close(fd)
        if not self._fds:
            self._listener.close()
        if self._end is not None:
            self._end.close()

    def _accept(self) -> None:
        self._end, _ = self._listener.accept()

    def _await(self, number: int) -> None:
        until = len(self.heard) + number
        while len(self.heard) < until:
            if self.leaving.is_set():
                raise ConnectionError
            self.hear()
