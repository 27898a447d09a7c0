"""The card side of a multi-in-one terminal: places for media, and the rule that one medium at a time is handed over."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rigs.card_images import CpuImage, IdentityImage, Image, StorageImage, StripeImage
from rigs.emulators.card_behaviour import CardBehaviour
from rigs.emulators.card_firmware import ConfusedCards, FilteredCard, TerminalLog
from rigs.emulators.cpu_card import CpuCard
from rigs.emulators.sdt_module import SdtModule
from rigs.emulators.storage_card import StorageCard
from rigs.emulators.virtual_reader import VirtualCard, VirtualSlot
from rigs.protocols import track2
from rigs.protocols.card_masking import masked_number
from rigs.protocols.track2 import StripeError

TOGETHER_S = 0.5
"""A card that arrives within so long after a code or a stripe came together with it."""
CONTACT, CONTACTLESS, IDENTITY, STRIPE = "contact", "contactless", "identity", "stripe"


@dataclass(frozen=True)
class Put:
    """A medium at a place."""

    place: str
    image: Image


class CardSide:
    """Media come and go; the host hears of one at a time.

    Args:
        slots: the PC/SC slots by place.
        module: the identity-card module.
        send_track: hands a line to the host of the magnetic head.
        behaviour: sound or faulty.
        log: the terminal's own log.
    """

    def __init__(
        self,
        slots: Mapping[str, VirtualSlot],
        module: SdtModule,
        send_track: Callable[[bytes], None],
        behaviour: CardBehaviour,
        log: TerminalLog,
    ) -> None:
        self._slots = slots
        self._module = module
        self._send_track = send_track
        self._behaviour = behaviour
        self._log = log
        self._lock = threading.Lock()
        self._present: list[Put] = []
        self._at_once_s = 0.0
        self._stuck: set[str] = set()
        self._deaf = False
        self._say: Callable[[bytes], None] | None = None

    def put(self, media: Sequence[Put]) -> None:
        """Put media at their places, together; a stripe is swiped and gone."""
        with self._lock:
            for position, medium in enumerate(media):
                if medium.place == STRIPE:
                    self._swipe(medium.image)
                    continue
                alone = not self._present and time.monotonic() - self._at_once_s > TOGETHER_S
                self._present.append(medium)
                if self._deaf:
                    continue
                self._collide(alone=alone)
                if alone or not self._behaviour.one_medium_at_a_time:
                    self._hand_over(medium, media[position + 1 :])

    def take(self) -> None:
        """Take everything away."""
        with self._lock:
            for place, slot in self._slots.items():
                busy = slot.working
                slot.remove(self._behaviour.silence_after_removal_s)
                if busy and not self._behaviour.slot_survives_removal:
                    self._stuck.add(place)
            self._module.take_off()
            self._present.clear()

    def speak_by(self, say: Callable[[bytes], None]) -> None:
        """Have a way to the host over the scanner's line, which a sound terminal makes no use of."""
        self._say = say

    def may_deliver_code(self) -> bool:
        """Whether the scanner may hand over a code it has just read."""
        with self._lock:
            self._collide(alone=not self._present)
            if self._deaf or (self._present and self._behaviour.one_medium_at_a_time):
                return False
            self._at_once_s = time.monotonic()
            return True

    def _collide(self, *, alone: bool) -> None:
        """Take note that a medium came to others; a faulty terminal takes no more notice of any until it restarts."""
        if not alone and not self._behaviour.recovers_from_collision:
            self._deaf = True

    def _hand_over(self, medium: Put, others: Sequence[Put]) -> None:
        image = self._behaviour.presented(medium.image)
        if isinstance(image, IdentityImage):
            if medium.place == IDENTITY:
                self._module.lay_on(image)
            return
        slot = self._slots.get(medium.place)
        card = _card(image)
        if slot is None or card is None or slot.card is not None:
            return
        if medium.place in self._stuck:
            self._stuck.remove(medium.place)
            return
        if not self._behaviour.one_card_per_answer:
            twins = [twin for other in others if type(other.image) is type(image) and (twin := _card(other.image))]
            card = ConfusedCards(card, twins[0]) if twins else card
        slot.insert(FilteredCard(card, self._behaviour, self._bank_card))

    def _bank_card(self, number: str) -> None:
        self._log.bank_card(number)
        if self._behaviour.says_numbers_by_its_scanner and self._say is not None:
            self._say(number.encode("ascii"))

    def _swipe(self, image: Image) -> None:
        if not isinstance(image, StripeImage) or (self._present and self._behaviour.one_medium_at_a_time):
            return
        try:
            text = track2.decode(image.bits)
        except StripeError:
            self._log.note("a stripe that cannot be read")
            return
        self._at_once_s = time.monotonic()
        number, separator, _ = text.partition("=")
        if separator and re.fullmatch(r"\d{13,19}", number):
            if not self._behaviour.reads_bank_stripes:
                return
            self._bank_card(number)
            text = f"{masked_number(number)}=" if self._behaviour.masks_bank_data else text
        self._send_track(track2.line(text))


def _card(image: Image) -> VirtualCard | None:
    match image:
        case CpuImage():
            return CpuCard(image)
        case StorageImage():
            return StorageCard(image)
        case _:
            return None
