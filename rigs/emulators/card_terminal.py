"""The card side of an emulated multi-in-one terminal as a process.

It prints where its links are and runs until it is stopped: ``control PATH``, a Unix socket for the hand that puts media
in and takes them away, one JSON object a line in both directions; ``identity PATH`` and ``stripe PATH``, the ports of
the identity-card module and of the magnetic head; ``interlock PATH``, a Unix socket that the terminal's scanner asks,
with a byte, whether it may hand over a code, and that answers 1 or 0; a scanner that asks with ``!`` takes lines of
text instead, which it hands over as if it had read them. The PC/SC slots plug themselves into the driver.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rigs.card_images import from_json
from rigs.emulators.card_behaviour import CardBehaviour
from rigs.emulators.card_firmware import TerminalLog
from rigs.emulators.card_side import CONTACT, CONTACTLESS, IDENTITY, STRIPE, CardSide, Put
from rigs.emulators.defects.table import behaviour_of
from rigs.emulators.interlock import LISTENS
from rigs.emulators.pty_port import PtyPort
from rigs.emulators.sdt_module import SdtModule
from rigs.emulators.virtual_reader import VirtualSlot
from rigs.tether import when_stdin_closes

SDT_BAUD, HEAD_BAUD = 115200, 9600


@dataclass(frozen=True)
class CardTerminalOptions:
    """What an emulated card side is started with.

    Attributes:
        contact_port, contactless_port: where the driver of the virtual reader waits for each slot's card.
        defect: name of a deliberate defect, or None for a sound device.
        log: file for the log of the terminal's own software, or None.
        tethered: end when standard input closes.
    """

    contact_port: int
    contactless_port: int
    defect: str | None = None
    log: Path | None = None
    tethered: bool = False


def run_card_terminal(options: CardTerminalOptions) -> None:
    """Run an emulated card side until SIGTERM, SIGINT, or the end of its tether.

    Raises:
        BenchFileError: there is no such defect.
    """
    behaviour = behaviour_of(options.defect, CardBehaviour)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if options.tethered:
        when_stdin_closes(stopping.set)
    log = TerminalLog(options.log, behaviour.masks_its_log)
    slots = {CONTACT: VirtualSlot(options.contact_port), CONTACTLESS: VirtualSlot(options.contactless_port)}
    with _port(SDT_BAUD) as module_port, _port(HEAD_BAUD) as head_port, _folder() as folder:
        module = SdtModule(module_port.send, lambda: log.note("identity card"))
        side = CardSide(slots, module, head_port.send, behaviour, log)
        with _serving(folder / "control", side, _Control), _serving(folder / "interlock", side, _Interlock):
            print(f"control {folder / 'control'}", flush=True)  # noqa: T201
            print(f"{IDENTITY} {module_port.url}", flush=True)  # noqa: T201
            print(f"{STRIPE} {head_port.url}", flush=True)  # noqa: T201
            print(f"interlock {folder / 'interlock'}", flush=True)  # noqa: T201
            while not stopping.is_set():
                if data := module_port.read(0.05):
                    module.receive(data)
    for slot in slots.values():
        slot.close()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    side: CardSide


class _Control(socketserver.StreamRequestHandler):
    """The hand."""

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Server)  # noqa: S101 - it is the one below
        for line in self.rfile:
            try:
                _obey(server.side, json.loads(line))
                answer: dict[str, Any] = {"ok": True}
            except (ValueError, KeyError, TypeError) as error:
                answer = {"ok": False, "error": str(error)}
            self.wfile.write(json.dumps(answer).encode() + b"\n")


class _Interlock(socketserver.StreamRequestHandler):
    """The scanner."""

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Server)  # noqa: S101 - it is the one below
        while asked := self.rfile.read(1):
            if asked == LISTENS:
                server.side.speak_by(self._say)
            else:
                self.wfile.write(b"1" if server.side.may_deliver_code() else b"0")

    def _say(self, text: bytes) -> None:
        with contextlib.suppress(OSError):  # a scanner that is gone hears nothing
            self.wfile.write(text + b"\n")


def _obey(side: CardSide, order: dict[str, Any]) -> None:
    match order["do"]:
        case "put":
            side.put([Put(one["place"], from_json(one["image"])) for one in order["media"]])
        case "take":
            side.take()
        case other:
            raise ValueError(f"there is no order {other!r}")


@contextlib.contextmanager
def _serving(path: Path, side: CardSide, handler: type[socketserver.StreamRequestHandler]) -> Iterator[None]:
    with _Server(str(path), handler) as server:
        server.side = side
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()


@contextlib.contextmanager
def _port(baud: int) -> Iterator[PtyPort]:
    port = PtyPort(baud, "uart")
    try:
        yield port
    finally:
        port.close()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="xiangka-cards-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
