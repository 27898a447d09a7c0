"""The PC/SC link of a card reader: commands of every case, and cards that are taken away while they work."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from pytest_bdd import when

from fixtures.card_deck import CardDeck
from fixtures.cards import LINK_AID, LINK_PIN, LINK_RECORD, T0_ATR, T1_ATR, CardInHand
from fixtures.run import Run
from rigs.drivers.card_reading import UNREADABLE, read_card
from rigs.errors import RigError
from rigs.protocols import iso7816, social_card
from rigs.protocols.atr import AtrError, parse
from rigs.protocols.ber_tlv import encode
from rigs.protocols.iso7816 import Command
from rigs.roles.cards import CardChannel, CardError, CardSilentError, CardUnclearError, Medium
from steps.sampling import Sampler

REMOVALS = 50
EXCHANGES = 19
INSERT_S = 6.0
"""How long a reader may take to tell of a card; the daemon looks about twice a second."""
EMPTY_S = 10.0
UNCERTAINTY_S = 0.01
"""Of the host's two clock readings around a call, on a busy machine."""
_WORK = iso7816.read_record(social_card.CARD_ID, social_card.CARD_SFI).encode()
"""What a card is kept at work with."""


@dataclass(frozen=True)
class Asked:
    """One exchange with the link's test card: what was asked, what should and what did come back."""

    name: str
    expected: str
    received: str
    journal: tuple[int, int] | None = None


@when("cards of both protocols answer commands of every case")
@when("两种协议的卡应答各种情形的命令")
def exchanges(sampler: Sampler, card_deck: CardDeck) -> None:
    """ATR, protocol, the four cases, status words and their follow-up commands, under T=0 and T=1."""
    bench = sampler.run.bench
    for protocol in (0, 1):
        bench.hand.put(card_deck.link(protocol))
        channel = _connected(sampler.run, "contact")
        for asked in _asked(channel, (T0_ATR, T1_ATR)[protocol], protocol):
            value = "exact" if asked.expected == asked.received else "wrong"
            detail: dict[str, str | float] = {
                "name": f"T={protocol}: {asked.name}",
                "expected": asked.expected,
                "received": asked.received,
            }
            sampler.observe("exchange", value, journal=asked.journal, detail=detail)
        if channel is not None:
            channel.close()
        _take_away(sampler.run)
        sampler.step(EXCHANGES + REMOVALS, 10 - protocol)


@when("a card is taken away fifty times while it works, and another put in")
@when("五十次在卡片工作时将其移走，再放入另一张卡")
def removals(sampler: Sampler, card_deck: CardDeck, chance: Random) -> None:
    """Each card is read when it is put in, then kept at work until it is taken away."""
    for number in range(REMOVALS + 1):
        place = ("contact", "contactless")[number % 2]
        held, right = _put_and_read(sampler.run, card_deck.draw(Medium.SOCIAL_CARD, place, chance), place)
        if number:
            sampler.observe("next_card", "read" if right else "not_read", cell={"place": place})
        if held is not None and number < REMOVALS:
            _take_away_at_work(sampler, held, chance, place)
        _take_away(sampler.run)
        if number:
            sampler.step(EXCHANGES + REMOVALS)
        if sampler.failed():
            return


def _asked(channel: CardChannel | None, atr: bytes, protocol: int) -> Iterator[Asked]:
    if channel is None:
        yield Asked("a card is told of", "card", "none")
        return
    yield Asked("ATR", _shown_atr(atr), _shown_atr(channel.atr))
    yield Asked("protocol", f"T={protocol}", channel.protocol)
    wrong_pin = LINK_PIN[::-1]
    script = [
        ("case 1: nothing to nothing", Command(0, 0x44), b"", iso7816.OK),
        ("case 4: selection with an answer", iso7816.select(LINK_AID), _offer(), iso7816.OK),
        ("case 2: a record of 240 bytes", iso7816.read_record(1, 1), LINK_RECORD, iso7816.OK),
        ("case 3: a record is written", Command(0, 0xDC, 2, 1 << 3 | 4, b"XIANGKA"), b"", iso7816.OK),
        ("6A82", iso7816.select(LINK_AID[::-1]), b"", iso7816.FILE_NOT_FOUND),
        ("6A83", iso7816.read_record(9, 1), b"", iso7816.RECORD_NOT_FOUND),
        ("63C2", Command(0, iso7816.VERIFY, 0, 3, wrong_pin), b"", 0x63C2),
    ]
    if protocol == 0:
        script.append(("6CF0 and the right length", iso7816.read_record(1, 1, le=5), LINK_RECORD, iso7816.OK))
    for name, command, data, status in script:
        first = channel.journal[1] + 1
        asked = _exchange(channel, name, command, data, status)
        yield replace(asked, journal=(first, channel.journal[1]))


def _exchange(channel: CardChannel, name: str, command: Command, data: bytes, status: int) -> Asked:
    expected = f"{_shown(data)} {status:04X}"
    try:
        answered, word = iso7816.exchange(channel.transmit, command)
    except (CardError, iso7816.ApduError) as error:
        return Asked(name, expected, str(error))
    return Asked(name, expected, f"{_shown(answered)} {word:04X}")


def _connected(run: Run, place: str) -> CardChannel | None:
    """A channel to the card at a place; a reader that does not answer tells of none."""
    try:
        return run.bench.cards.connect(place, INSERT_S)
    except CardError:
        return None


def _put_and_read(run: Run, card: CardInHand, place: str) -> tuple[CardChannel | None, bool]:
    assert card.placed is not None
    run.bench.hand.put(card.placed)
    channel = _connected(run, place)
    if channel is None:
        return None, False
    try:
        return channel, read_card(channel).parts == card.parts
    except UNREADABLE:
        return channel, False


@dataclass(frozen=True)
class Ended:
    """How the work with a card ended.

    Attributes:
        status: ``defined``, ``undefined`` or ``silent``.
        started_s, ended_s: when the last command was sent, and when its host was told; monotonic, s.
    """

    status: str
    started_s: float
    ended_s: float


def _take_away_at_work(sampler: Sampler, channel: CardChannel, chance: Random, place: str) -> None:
    """Keep a card at work, take it away, and record what its host was told, and when."""
    told: list[Ended | Exception] = []
    enough = threading.Event()
    worker = threading.Thread(target=_keep_at_work, args=(channel, told, enough), daemon=True)
    worker.start()
    time.sleep(chance.uniform(0.03, 0.2))
    taken_s = time.monotonic()
    sampler.run.bench.hand.take()
    worker.join(EMPTY_S)
    enough.set()
    worker.join(EMPTY_S)
    if not told:
        raise RigError("the card was not taken away", where="hand", remedy="take it out as soon as you are asked to")
    ended = told[0]
    if isinstance(ended, Exception):
        raise ended
    early = ended.ended_s < taken_s and ended.status != "silent"
    cell: dict[str, str | float] = {"place": place}
    seconds = round(ended.ended_s - ended.started_s, 4)
    sampler.observe(
        "removal_status",
        "too_early" if early else ended.status,
        cell=cell,
        journal=channel.journal,
        detail={"seconds": seconds},
    )
    sampler.observe(
        "removal_status_time", seconds, unit="s", uncertainty=UNCERTAINTY_S, cell=cell, journal=channel.journal
    )
    channel.close()


def _keep_at_work(channel: CardChannel, told: list[Ended | Exception], enough: threading.Event) -> None:
    """Work in one transaction, and tell how it ended; what is no word of the reader goes to whoever waits."""
    began_s = time.monotonic()
    try:
        with channel.transaction():
            if (ended := _work_until_told(channel, enough)) is not None:
                told.append(ended)
    except CardSilentError:
        told.append(Ended("silent", began_s, time.monotonic()))
    except Exception as error:
        told.append(error)


def _work_until_told(channel: CardChannel, enough: threading.Event) -> Ended | None:
    """Read a record until something else comes back; None when nothing does until it is enough."""
    while not enough.is_set():
        started_s, status = time.monotonic(), "defined"
        try:
            _, word = channel.transmit(_WORK)
            if word == iso7816.OK:
                continue
        except CardSilentError:
            status = "silent"
        except CardUnclearError:
            status = "undefined"
        except CardError:
            pass
        return Ended(status, started_s, time.monotonic())
    return None


def _take_away(run: Run) -> None:
    """Take every card away and wait until both slots were seen empty."""
    run.bench.hand.take()
    for place in ("contact", "contactless"):
        deadline = time.monotonic() + EMPTY_S
        while time.monotonic() < deadline:
            try:
                if run.bench.cards.wait_for_removal(place, 1.0):
                    break
            except CardSilentError:
                continue  # the call that hangs is still in the way


def _shown_atr(atr: bytes) -> str:
    try:
        found = parse(atr)
    except AtrError as error:
        return f"{atr.hex()} ({error})"
    return f"{atr.hex()} T={'/'.join(str(one) for one in found.protocols)}"


def _offer() -> bytes:
    return encode(0x6F, encode(0x84, LINK_AID))


def _shown(data: bytes) -> str:
    return data.hex() if len(data) <= 16 else f"{data[:8].hex()}…{data[-4:].hex()} ({len(data)})"
