"""Every call of every driver ends in time, whatever the far end does: nothing, too much, or a byte now and then."""

from __future__ import annotations

import importlib
import pkgutil
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

import rigs.drivers
from rigs.drivers.serial_scanner import SerialScanner
from rigs.errors import RigError
from rigs.journal import Journal
from tests.rigs.dialogues import DEVICE, Dialogue, Peer, Turn, driver

SILENCE_S = 0.8
"""In place of the drivers' own six seconds."""
HUNG_S = 60.0
"""Beyond any deadline a driver has, also where eight things are done at once."""


def silent(peer: Peer) -> None:
    while not peer.leaving.is_set():
        peer.hear()


def deaf(peer: Peer) -> None:
    peer.leaving.wait()


def babbling(peer: Peer, ending: bytes = b"") -> None:
    """Sends as much as the line takes, and no end of a code in it."""
    noise = random.Random(7).randbytes(4096).replace(b"\r", b"") + ending
    while not peer.leaving.is_set():
        peer.say(noise)
        peer.hear(0)


def chattering(peer: Peer) -> None:
    """Sends no more than a line carries, without a pause."""
    noise = random.Random(8).randbytes(64).replace(b"\r", b"")
    while not peer.leaving.is_set():
        peer.say(noise)
        peer.hear(0.005)


def delivering(peer: Peer) -> None:
    babbling(peer, b"\r")


def dribbling(answers: bytes) -> Callable[[Peer], None]:
    """Gives right answers, a byte every tenth of a second, whatever is asked."""

    def dribble(peer: Peer) -> None:
        while not peer.leaving.is_set():
            for byte in answers:
                peer.say(bytes((byte,)))
                peer.hear(0.1)

    return dribble


CALLS: dict[str, Callable[[SerialScanner], object]] = {
    "identify": lambda scanner: scanner.identify(),
    "settings": lambda scanner: scanner.settings(),
    "answers": lambda scanner: scanner.answers(),
    "make_sure_it_answers": lambda scanner: scanner.make_sure_it_answers(),
    "arm": lambda scanner: scanner.arm(),
    "disarm": lambda scanner: scanner.disarm(),
    "delivery": lambda scanner: scanner.delivery(0.2),
    "delivery at once": lambda scanner: scanner.delivery(0),
    "drain": lambda scanner: scanner.drain(0.2),
    "an exchange": lambda scanner: [exchange() for exchange in scanner.exchanges()[:1]],
    "close": lambda scanner: scanner.close(),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in pkgutil.iter_modules(rigs.drivers.__path__):
        found = importlib.import_module(f"rigs.drivers.{module.name}")
        if hasattr(found, "SILENCE_S"):
            monkeypatch.setattr(found, "SILENCE_S", SILENCE_S)


@pytest.mark.parametrize(
    "behaviour",
    [
        "silent",
        pytest.param("deaf", marks=pytest.mark.nightly),
        "babbling",
        pytest.param("chattering", marks=pytest.mark.nightly),
        "delivering",
        "dribbling",
    ],
)
def test_every_call_ends(dialogues: Mapping[str, Dialogue], behaviour: str) -> None:
    cases = [(dialogue, name) for dialogue in dialogues.values() for name in ("set up", *CALLS)]
    with ThreadPoolExecutor(len(cases)) as pool:
        outcomes = list(pool.map(lambda case: _outcome(*case, behaviour), cases))
    hung = [
        f"{dialogue.protocol}: {name}" for (dialogue, name), ended in zip(cases, outcomes, strict=True) if not ended
    ]
    assert hung == []


def _outcome(dialogue: Dialogue, name: str, behaviour: str) -> bool:
    """Whether a call ended; an error other than the rig's is raised."""
    answers = b"".join(turn.data for turn in dialogue.turns if turn.side == DEVICE)
    behaves = dribbling(answers) if behaviour == "dribbling" else globals()[behaviour]
    answered: tuple[Turn, ...] = () if name == "set up" else dialogue.turns[: dialogue.set_up]
    peer = Peer(dialogue.protocol, answered, "pty", behind=behaves)
    line = peer.line(Journal(None))
    errors: list[BaseException] = []

    def call() -> None:
        try:
            with suppress(RigError):
                scanner = driver(dialogue.protocol, line)
                if name in CALLS:
                    CALLS[name](scanner)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(HUNG_S)
    ended = not thread.is_alive()
    peer.close()
    line.close()
    if errors:
        raise errors[0]
    return ended


def test_a_peer_that_babbles_is_told_from_one_that_left(dialogues: Mapping[str, Dialogue]) -> None:
    dialogue = dialogues["gm65"]
    peer = Peer("gm65", dialogue.turns[: dialogue.set_up], "pty", behind=babbling)
    scanner = driver("gm65", peer.line(Journal(None)))
    with pytest.raises(RigError, match="sends without end"):
        _read_slowly(scanner)
    scanner.close()
    peer.close()


def _read_slowly(scanner: SerialScanner) -> None:
    while True:
        time.sleep(0.2)
        scanner.delivery(0)


def test_what_arrived_before_the_deadline_is_delivered_however_many_pieces_it_came_in() -> None:
    peer = Peer("plain-line", [Turn(DEVICE, bytes((byte,))) for byte in b"8A3F" * 20 + b"\r"], "tcp")
    scanner = driver("plain-line", peer.line(Journal(None)))
    while len(peer.said) < 81:
        time.sleep(0.01)
    time.sleep(0.2)
    assert scanner.delivery(0).data == b"8A3F" * 20
    scanner.close()
    peer.close()
