"""A line that is cut after every so many bytes of a dialogue: always a fault of the rig, and nothing said is lost.

The dialogues are those of the drivers with the emulated scanners, recorded and played again, so that the cut can fall
anywhere.
"""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rigs.errors import RigError
from rigs.journal import Journal
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.stimulus import Stimulus, Symbol
from tests.rigs.dialogues import CARD, DEVICE, HOST, PROTOCOLS, Dialogue, Peer, Turn, driver, opened, talk, wire_records
from tests.rigs.emulated import Emulated

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""pyserial lets go of a socket that it could not shut down, without closing it."""
every = pytest.mark.parametrize("protocol", PROTOCOLS)
AT_ONCE = 8
STRIDE = 13
"""Coprime to the lengths of frames, so that the cuts fall everywhere in them."""


@pytest.fixture(scope="module")
def presenter() -> Iterator[FramePortPresenter]:
    presenter = FramePortPresenter(Journal(None))
    yield presenter
    presenter.close()


@every
def test_the_recorded_dialogue_is_played_to_its_end(
    dialogues: Mapping[str, Dialogue], tmp_path: Path, protocol: str
) -> None:
    dialogue = dialogues[protocol]
    peer = Peer(protocol, dialogue.turns, "pty")
    line = peer.line(Journal(None))
    scanner = driver(protocol, line)
    scanner.identify()
    scanner.arm()
    assert scanner.delivery(5.0).data == CARD
    line.close()
    peer.close()


@every
def test_a_line_cut_after_any_byte_ends_in_a_fault_of_the_rig(
    dialogues: Mapping[str, Dialogue], tmp_path: Path, protocol: str
) -> None:
    dialogue = dialogues[protocol]
    _cut_everywhere(dialogue, list(range(dialogue.length + 1)), "pty", tmp_path)


@every
def test_a_connection_cut_anywhere_ends_in_a_fault_of_the_rig(
    dialogues: Mapping[str, Dialogue], tmp_path: Path, protocol: str
) -> None:
    dialogue = dialogues[protocol]
    _cut_everywhere(dialogue, sorted({*range(2, dialogue.length, STRIDE), *dialogue.ends}), "tcp", tmp_path)


@pytest.mark.nightly
@every
def test_a_connection_cut_after_any_byte_ends_in_a_fault_of_the_rig(
    dialogues: Mapping[str, Dialogue], tmp_path: Path, protocol: str
) -> None:
    dialogue = dialogues[protocol]
    _cut_everywhere(dialogue, list(range(dialogue.length + 1)), "tcp", tmp_path)


def _cut_everywhere(dialogue: Dialogue, cuts: list[int], transport: str, folder: Path) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for problem in pool.map(lambda cut: _problem(dialogue, transport, cut, folder / f"{cut}.jsonl"), cuts):
            assert problem == ""


def _problem(dialogue: Dialogue, transport: str, cut: int, path: Path) -> str:
    """What is wrong with how a driver took a cut after so many bytes; empty when nothing is."""
    peer = Peer(dialogue.protocol, dialogue.turns, transport, cut)
    try:
        with Journal(path) as journal:
            line = peer.line(journal)
            scanners = []

            def scanner_of():
                scanners.append(driver(dialogue.protocol, line))
                return scanners[0]

            error = talk(scanner_of)
            # The bench closes a driver, and the line of one that never came to be
            (scanners[0] if scanners else line).close()
    finally:
        peer.close()
    where = f"{dialogue.protocol} over {transport}, cut after {cut} bytes: "
    if error is None:
        return where + "no error"
    records = wire_records(path)
    sent = b"".join(data for _, side, data in records if side == HOST)
    received = b"".join(data for _, side, data in records if side == DEVICE)
    if not sent.startswith(peer.heard):
        return where + f"sent {peer.heard.hex()}, journaled {sent.hex()}"
    if not peer.said.startswith(received) or (transport == "tcp" and received != peer.said):
        return where + f"received {peer.said.hex()}, journaled {received.hex()}"
    if "port lost" not in path.read_text(encoding="utf-8"):
        return where + f"not told that the port was lost, but {error}"
    return ""


class Executioner(Journal):
    """A journal that kills a process as soon as it holds so many records."""

    def __init__(self, path: Path, pid: int, last: int) -> None:
        super().__init__(path)
        self._pid = pid
        self._last = last

    def wire(self, channel: str, direction: str, data: bytes, t_ns: int | None = None) -> int:
        number = super().wire(channel, direction, data, t_ns)
        if number == self._last:
            os.kill(self._pid, signal.SIGKILL)
        return number


@pytest.mark.nightly
@pytest.mark.parametrize("protocol", sorted({*PROTOCOLS, "web-plugin"}))
def test_a_device_killed_after_any_frame_ends_in_a_fault_of_the_rig(
    presenter: FramePortPresenter, tmp_path: Path, protocol: str
) -> None:
    presenter.show(presenter.prepare(Stimulus((Symbol(CARD),))).result())
    listen = "websocket" if protocol == "web-plugin" else "tcp"
    killed = 0
    for last in itertools.count(2):
        with (
            Emulated(protocol, presenter.url, "--listen", listen) as emulated,
            Executioner(tmp_path / f"{last}.jsonl", emulated.process.pid, last) as journal,
        ):
            line = opened(protocol, emulated.url, journal)
            error = talk(lambda: driver(protocol, line))  # noqa: B023 - called in this pass
            line.close()
            if journal.count < last:
                break
            assert isinstance(error, RigError), last
            killed += 1
    presenter.clear()
    assert killed > 0


def test_what_nobody_has_read_is_journaled_when_the_line_closes(tmp_path: Path) -> None:
    peer = Peer("gm65", [Turn(DEVICE, CARD), Turn(HOST, b"?")], "tcp")
    with Journal(tmp_path / "journal.jsonl") as journal:
        line = peer.line(journal)
        while peer.said != CARD or not line._arrived:
            time.sleep(0.01)
        line.close()
    peer.close()
    assert b"".join(data for _, _, data in wire_records(tmp_path / "journal.jsonl")) == CARD
