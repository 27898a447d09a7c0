"""A wire that is cut while both its ends stay: not the device's fault, even where nothing can be asked of it."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from rigs.drivers.plain_line import PlainLineScanner
from rigs.emulators.rfc2217_port import Rfc2217Port
from rigs.errors import RigError, SilentDeviceError
from rigs.journal import Journal
from rigs.optics.frames import Frame
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.protocols.plain_line import Ending
from rigs.readings import Outcome, ReadingStation
from rigs.serial_line import LineSettings, SerialLine
from tests.rigs.emulated import Emulated

CARD = b"8A3F" * 16 + b":1"


class Wire:
    """A TCP connection through two hands that let nothing more pass once the wire is cut."""

    def __init__(self, url: str) -> None:
        self.cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._device = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _carry(self) -> None:
        host, _ = self._listener.accept()
        with suppress(OSError):
            while data := self._device.recv(4096):
                if not self.cut:
                    host.sendall(data)
        host.close()

    def close(self) -> None:
        self._device.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._device.close()
        self._listener.close()


@pytest.fixture
def presenter() -> Iterator[FramePortPresenter]:
    presenter = FramePortPresenter(Journal(None))
    yield presenter
    presenter.close()


def _plain(line: SerialLine) -> PlainLineScanner:
    return PlainLineScanner(line, ending=Ending.CR, gap_s=0.05, read_timeout_s=1.5, mode="presentation")


def test_a_plain_line_that_is_cut_is_told_from_a_device_that_cannot_read(
    presenter: FramePortPresenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rigs.readings._CONTROL_S", 1.5)
    with Emulated("plain-line", presenter.url, "--listen", "tcp") as emulated:
        wire = Wire(emulated.url)
        scanner = _plain(SerialLine(wire.url, 115200, "scanner", Journal(None)))
        station = ReadingStation(presenter, scanner, 0.3)
        card = presenter.prepare(Stimulus((Symbol(CARD),))).result()
        nothing = presenter.prepare(Stimulus(())).result()
        assert station.read(card, (CARD,), 5.0).outcome is Outcome.EXACT

        unread = [station.read(nothing, (CARD,)).outcome for _ in range(12)]
        assert unread == [Outcome.NO_READ] * 12, "the control codes in between were read"

        wire.cut = True
        with pytest.raises(
            SilentDeviceError, match="5 codes in a row were not delivered, and then a plain code was not"
        ):
            _read_six_times(station, card)
        scanner.close()
        wire.close()


def _read_six_times(station: ReadingStation, card: Frame) -> None:
    for _ in range(6):
        station.read(card, (CARD,))


def test_a_device_that_lowers_its_presence_line_is_absent() -> None:
    port = Rfc2217Port(9600, "uart")
    serving = threading.Event()

    def serve() -> None:
        while not serving.is_set():
            port.read(0.02)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        line = SerialLine(port.url, LineSettings(9600, presence="dsr"), "scanner", Journal(None))
        scanner = _plain(line)
        scanner.make_sure_it_answers()
        port.power(False)
        while line._port.dsr:
            time.sleep(0.01)
        with pytest.raises(RigError, match="does not hold up DSR"):
            scanner.make_sure_it_answers()
        line.close()
    finally:
        serving.set()
        thread.join()
        port.close()


def test_a_port_that_does_not_tell_its_lines_is_named() -> None:
    master, slave = os.openpty()
    line = SerialLine(os.ttyname(slave), LineSettings(9600, presence="cts"), "scanner", Journal(None))
    with pytest.raises(RigError, match="does not tell CTS"):
        line.make_sure_it_is_there()
    line.close()
    os.close(master)
    os.close(slave)
