"""The visit card (就诊卡) as a Mifare Classic storage card, read with the pseudo-APDUs of PC/SC part 3.

Command and answer forms: PC/SC part 3, 3.2.2 (``FF CA`` get data, ``FF 82`` load keys, ``FF 86`` general authenticate,
``FF B0`` read binary). Where a hospital keeps its number is its own affair: here in one block, as ASCII digits padded
with zeros, *reconstructed*.
"""

from __future__ import annotations

from dataclasses import dataclass

from rigs.protocols.iso7816 import Command, Transmit, demand

ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
"""Mifare Classic 1K: historical bytes of PC/SC part 3, 3.1.3.2.3.2, with card name 00 01."""
_STORAGE_CARD = bytes.fromhex("804F0CA000000306")
GET_DATA, LOAD_KEYS, AUTHENTICATE, READ = 0xCA, 0x82, 0x86, 0xB0
BLOCK_BYTES = 16
NUMBER_BLOCK = 4
FACTORY_KEY = b"\xff" * 6
KEY_A = 0x60


class VisitCardError(ValueError):
    """A block that holds no visit number."""


@dataclass(frozen=True, slots=True)
class VisitCard:
    """A visit card.

    Attributes:
        uid: the chip's number, hex.
        number: the hospital's number of the patient.
    """

    uid: str
    number: str


def is_storage_card(atr: bytes) -> bool:
    """Whether a reader tells of a storage card with the ATR it makes up for one."""
    return _STORAGE_CARD in atr


def read(transmit: Transmit, block: int = NUMBER_BLOCK, key: bytes = FACTORY_KEY) -> VisitCard:
    """Read a visit card.

    Raises:
        RefusedError: the reader or the card refuses a step, for instance a wrong key.
        VisitCardError: the block holds no number.
    """
    uid = demand(transmit, Command(0xFF, GET_DATA, le=256))
    demand(transmit, Command(0xFF, LOAD_KEYS, 0x00, 0x00, key))
    demand(transmit, Command(0xFF, AUTHENTICATE, data=bytes((0x01, 0x00, block, KEY_A, 0x00))))
    return VisitCard(uid.hex().upper(), number_in(demand(transmit, Command(0xFF, READ, 0x00, block, le=BLOCK_BYTES))))


def number_in(block: bytes) -> str:
    """The visit number in a block.

    Raises:
        VisitCardError: it holds none.
    """
    digits = block.rstrip(b"\x00")
    if not digits or not digits.isdigit():
        raise VisitCardError("the block holds no visit number")
    return digits.decode("ascii")


def number_block(number: str) -> bytes:
    """The block that holds a visit number.

    Raises:
        VisitCardError: it has more than 16 digits, or other characters.
    """
    value = number.encode("ascii", "replace")
    if not value.isdigit() or len(value) > BLOCK_BYTES:
        raise VisitCardError("a visit number has 1 to 16 digits")
    return value.ljust(BLOCK_BYTES, b"\x00")
