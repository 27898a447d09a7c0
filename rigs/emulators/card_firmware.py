"""What a terminal's firmware does between card and host: masks bank data, keeps a log, and in a faulty one worse."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from rigs.emulators.card_behaviour import CardBehaviour
from rigs.emulators.virtual_reader import VirtualCard
from rigs.protocols.ber_tlv import TlvError, find, parse
from rigs.protocols.card_masking import PAN, TRACK2, masked_number, masked_objects

_SWITCHES_AFTER = 3
_GIVEN_UP = bytes.fromhex("6F00")
_SELECTS, _LOADS_KEYS, _AUTHENTICATES = 0xA4, 0x82, 0x86


class TerminalLog:
    """The log a terminal's software keeps on its host: a line for each medium.

    Args:
        file: where it is appended to, or None for a terminal that keeps none.
        masked: whether account numbers are masked in it.
    """

    def __init__(self, file: Path | None, masked: bool) -> None:
        self._file = file
        self._masked = masked
        self._lock = threading.Lock()
        if file is not None:
            file.touch()

    def note(self, what: str) -> None:
        """Append a line."""
        if self._file is not None:
            with self._lock, self._file.open("a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {what}\n")

    def bank_card(self, number: str) -> None:
        """Append a line about a bank card."""
        self.note(f"bank card {masked_number(number) if self._masked else number}")


class FilteredCard:
    """A card behind the firmware.

    Args:
        card: the card.
        behaviour: what the firmware does.
        bank_card: told the account number of a bank card.
    """

    def __init__(self, card: VirtualCard, behaviour: CardBehaviour, bank_card: Callable[[str], None]) -> None:
        self._card = card
        self._behaviour = behaviour
        self._bank_card = bank_card
        self._last, self._times = b"", 0

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._card.atr

    def reset(self) -> None:
        """Reset the card."""
        self._last = b""
        self._card.reset()

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out a command; what the host gets."""
        self._times = self._times + 1 if apdu == self._last else 1
        self._last = apdu
        if self._behaviour.same_command_at_most is not None and self._times > self._behaviour.same_command_at_most:
            return _GIVEN_UP
        response = self._card.transmit(apdu)
        data, status = response[:-2], response[-2:]
        try:
            objects = parse(data)
        except TlvError:
            objects = ()
        for tag in (PAN, *TRACK2):
            if (value := find(objects, tag)) is not None:
                self._bank_card(value.hex().upper().split("D")[0].rstrip("F"))
                data = masked_objects(data) if self._behaviour.masks_bank_data else data
                break
        return data[: self._behaviour.longest_answer] + status


class ConfusedCards:
    """Two cards in reach of a firmware that loses track of which one it speaks to: a fault."""

    def __init__(self, first: VirtualCard, second: VirtualCard) -> None:
        self._first = first
        self._second = second
        self._commands = 0

    @property
    def atr(self) -> bytes:
        """The first card's."""
        return self._first.atr

    def reset(self) -> None:
        """Reset both."""
        self._commands = 0
        self._first.reset()
        self._second.reset()

    def transmit(self, apdu: bytes) -> bytes:
        """The first few commands go to the first card, the others to the second; both are prepared."""
        self._commands += 1
        late = self._commands > _SWITCHES_AFTER
        if not late or apdu[1] in (_SELECTS, _LOADS_KEYS, _AUTHENTICATES):
            answers = self._first.transmit(apdu), self._second.transmit(apdu)
            return answers[late]
        return self._second.transmit(apdu)
