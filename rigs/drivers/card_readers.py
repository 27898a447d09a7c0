"""The card side of a multi-in-one terminal: every link listened to at once, whatever medium comes."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from rigs.drivers.card_reading import UNREADABLE, Read, read_card, read_person, read_track, shortened
from rigs.drivers.overheard import Overheard
from rigs.drivers.pcsc import PcscChannel, PcscReader
from rigs.drivers.sdt import SdtReader
from rigs.drivers.stripe import StripeHead
from rigs.errors import RigError
from rigs.protocols.sdt import SdtError
from rigs.protocols.track2 import StripeError
from rigs.roles import Scanner
from rigs.roles.cards import CardError, CardReaders, CardRecord, CardSession, CardTrouble, Medium

_TURN_S = 0.25
"""How long one link is waited on before its listener looks whether it is still wanted."""
_LOOK_S = 0.05
"""The same for the scanner, which a presentation waits for."""
_POLL_S = 0.1
"""Pause between two questions to the identity-card module."""


@dataclass(frozen=True)
class CardLinks:
    """The links of a terminal; what it lacks is None.

    Attributes:
        slots: PC/SC slots by place.
        identity: the identity-card module.
        stripe: the magnetic head.
        scanner: its code scanner.
        read_timeout_s: how long the scanner looks after one trigger, s.
        overheard: what every link tells of its bytes, and the scanner of its deliveries.
    """

    slots: Mapping[str, PcscReader]
    identity: SdtReader | None
    stripe: StripeHead | None
    scanner: Scanner
    read_timeout_s: float
    overheard: Overheard


class MultiInOneReaders(CardReaders):
    """The card side of a terminal.

    Args:
        links: its links, open.
    """

    def __init__(self, links: CardLinks) -> None:
        self._links = links

    def names(self) -> Mapping[str, str]:
        """Reader or port of each link, by place."""
        slots = {place: slot.name for place, slot in self._links.slots.items()}
        lines = {"identity": self._links.identity, "stripe": self._links.stripe}
        return slots | {place: link.url for place, link in lines.items() if link is not None}

    @contextlib.contextmanager
    def session(self) -> Iterator[CardSession]:
        """Listen to every link until the context ends."""
        session = _Session(self._links)
        try:
            yield session
        finally:
            session.end()

    def connect(self, place: str, timeout_s: float) -> PcscChannel | None:
        """A channel to the card at a place; None when none comes in time."""
        return self._slot(place).connect(timeout_s)

    def wait_for_removal(self, place: str, timeout_s: float) -> bool:
        """Whether that place became empty in time."""
        return self._slot(place).wait_for_removal(timeout_s)

    def overhear(self) -> contextlib.AbstractContextManager[list[tuple[str, bytes]]]:
        """Collect what each link hands to the host, unmasked and in memory alone."""
        return self._links.overheard.listening()

    def _slot(self, place: str) -> PcscReader:
        if place not in self._links.slots:
            raise RigError(f"the bench binds no {place} slot", where="cards", remedy=f"add `{place}` to table [cards]")
        return self._links.slots[place]


@dataclass
class _Session(CardSession):
    links: CardLinks
    _found: queue.SimpleQueue[CardRecord | CardTrouble | Exception] = field(default_factory=queue.SimpleQueue)
    _empty: dict[str, threading.Event] = field(default_factory=dict)
    _wanted: threading.Event = field(default_factory=threading.Event)
    _looking: threading.Lock = field(default_factory=threading.Lock)
    _ended: bool = False
    _listeners: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._start("scanner", lambda: self._follow_scanner(self.links.scanner))
        for place, slot in self.links.slots.items():
            self._empty[place] = empty = threading.Event()
            empty.set()
            self._start(place, self._follower(slot, empty))
        if (identity := self.links.identity) is not None:
            self._start("identity", lambda: self._follow_identity(identity))
        if (stripe := self.links.stripe) is not None:
            self._start("stripe", lambda: self._follow_stripe(stripe))

    def ready(self) -> None:
        """Let the scanner, too, hand over one code."""
        self._wanted.set()

    def rest(self) -> None:
        """Let the scanner look no longer; returns once it does not."""
        self._wanted.clear()
        with self._looking:
            pass

    def next(self, timeout_s: float) -> CardRecord | CardTrouble | None:
        """What the terminal hands over next, or None when nothing comes in time."""
        try:
            found = self._found.get(timeout=max(timeout_s, 0.001))
        except queue.Empty:
            return None
        if isinstance(found, Exception):
            raise found
        return found

    def emptied(self, timeout_s: float) -> bool:
        """Whether every slot was seen empty in time."""
        deadline = time.monotonic() + timeout_s
        return all(empty.wait(max(0.0, deadline - time.monotonic())) for empty in self._empty.values())

    def end(self) -> None:
        """Stop listening."""
        self._ended = True
        for listener in self._listeners:
            listener.join(10)

    def _start(self, name: str, follow: Callable[[], None]) -> None:
        def listen() -> None:
            try:
                follow()
            except Exception as error:  # told to whoever waits: a listener that died reads nothing
                self._found.put(error)

        listener = threading.Thread(target=listen, name=f"cards-{name}", daemon=True)
        self._listeners.append(listener)
        listener.start()

    def _follower(self, slot: PcscReader, empty: threading.Event) -> Callable[[], None]:
        def follow() -> None:
            while not self._ended:
                with _patience():
                    channel = slot.connect(_TURN_S)
                    if channel is None:
                        continue
                    empty.clear()
                    self._found.put(_from_card(slot.channel, channel))
                    channel.close()
                    while not self._ended and not slot.wait_for_removal(_TURN_S):
                        pass
                    empty.set()

        return follow

    def _follow_identity(self, reader: SdtReader) -> None:
        while not self._ended:
            with _patience():
                first = reader.journal + 1
                if reader.find():
                    self._found.put(_from_person(reader, first))
            time.sleep(_POLL_S)

    def _follow_stripe(self, head: StripeHead) -> None:
        while not self._ended:
            try:
                text = head.track(_TURN_S)
                if text is None:
                    continue
                found = _record(read_track(text), head.channel, (head.journal, head.journal))
            except (StripeError, *UNREADABLE) as error:
                self._found.put(CardTrouble(head.channel, str(error), (head.journal, head.journal)))
            else:
                self._found.put(found)

    def _follow_scanner(self, scanner: Scanner) -> None:
        while not self._ended:
            if not self._wanted.wait(_LOOK_S):
                continue
            with self._looking:
                record = self._one_code(scanner) if self._wanted.is_set() else None
                scanner.disarm()
                # Before the record is told: the host may ask for the next code at once, and this one is still in view
                self._wanted.clear()
                if record is not None:
                    self._found.put(record)
        self._hear_out(scanner)

    def _one_code(self, scanner: Scanner) -> CardRecord | None:
        self._hear_out(scanner)  # a code delivered twice is another row's matter, and is not the next one
        scanner.arm()
        armed_s = time.monotonic()
        while self._wanted.is_set() and not self._ended:
            delivery = scanner.delivery(_LOOK_S)
            if delivery is None and time.monotonic() - armed_s > self.links.read_timeout_s:
                scanner.disarm()  # a second trigger beside the first could make two deliveries of one code
                delivery = scanner.delivery(0)
                if delivery is None:
                    scanner.arm()
                    armed_s = time.monotonic()
            if delivery is not None:
                self.links.overheard("scanner", delivery.data)
                text = delivery.data.decode("utf-8", "replace")
                return CardRecord(
                    Medium.HEALTH_CODE, "scanner", {"number": text}, shortened(text[:20]), delivery.journal
                )
        return None

    def _hear_out(self, scanner: Scanner) -> None:
        """Take what the scanner has handed over without being asked: it is no record, but the host has it."""
        while (delivery := scanner.delivery(0)) is not None:
            self.links.overheard("scanner", delivery.data)


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """A reader that hangs for a moment is asked again; what it held up shows as a record that never came."""
    try:
        yield
    except CardError:
        time.sleep(_POLL_S)


def _from_card(name: str, channel: PcscChannel) -> CardRecord | CardTrouble:
    try:
        return _record(read_card(channel), name, channel.journal)
    except UNREADABLE as error:
        return CardTrouble(name, str(error), channel.journal)


def _from_person(reader: SdtReader, first: int) -> CardRecord | CardTrouble:
    try:
        return _record(read_person(reader.read()), reader.channel, (first, reader.journal))
    except (CardError, SdtError) as error:
        return CardTrouble(reader.channel, str(error), (first, reader.journal))


def _record(read: Read, channel: str, journal: tuple[int, int]) -> CardRecord:
    return CardRecord(read.medium, channel, read.parts, read.masked, journal, read.leading, read.trailing)
