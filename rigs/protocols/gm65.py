"""The GM65 / GM67 family of scan engines: register reads and writes in CRC-protected frames.

Follows the Hangzhou Grow GM65 user manual, chapter "communication interface". A frame to the engine is
``7E 00 type len addr_hi addr_lo data… crc_hi crc_lo``, a reply ``02 00 00 len data… crc_hi crc_lo``; the CRC is
CRC-16/XMODEM over everything between the two-byte head and itself, and ``AB CD`` instead of it goes unchecked.
The engine answers a bad CRC, a bad format or a frame that stalls for 400 ms with silence.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from enum import IntEnum

HEAD = b"\x7e\x00"
REPLY_HEAD = b"\x02\x00\x00"
UNCHECKED = b"\xab\xcd"
STALL_S = 0.4
REGISTER_COUNT = 0x100


class Kind(IntEnum):
    """Frame types towards the engine."""

    READ = 0x07
    WRITE = 0x08
    SAVE = 0x09


class Register(IntEnum):
    """Addresses used by the harness."""

    MODE = 0x0000
    """Bits 0-1: 0 manual, 1 command trigger, 2 continuous, 3 sensing."""
    TRIGGER = 0x0002
    """Bit 0: 1 starts one reading in command-trigger mode, cleared by the engine; 0 stops it."""
    SETTING_CODES = 0x0003
    """Bit 0: 1 lets printed setting codes change registers."""
    READ_TIMEOUT = 0x0006
    """Duration of one reading, 0.1 s; 0 is unlimited."""
    SAME_CODE_DELAY = 0x0013
    """Bit 7 on, bits 0-6 the delay before the same code is read again, 0.1 s."""
    BAUD = 0x002A
    """Two bytes, low first: 3 000 000 / baud, rounded."""
    HARDWARE_VERSION = 0x00E1
    SOFTWARE_VERSION = 0x00E2
    """Hundredths: 0x7B is V1.23; 0 means not told."""


MODE_COMMAND = 0x01
MODE_SENSING = 0x03
BAUD_RATES = (9600, 19200, 38400, 57600, 115200)


def crc16(data: bytes) -> bytes:
    """CRC-16/XMODEM, high byte first."""
    return binascii.crc_hqx(data, 0).to_bytes(2, "big")


def command(kind: int, address: int, data: bytes, *, checked: bool = True) -> bytes:
    """A frame towards the engine."""
    body = bytes((kind, len(data))) + address.to_bytes(2, "big") + data
    return HEAD + body + (crc16(body) if checked else UNCHECKED)


def read_command(address: int, count: int, *, checked: bool = True) -> bytes:
    """Ask for ``count`` registers from ``address`` on; 256 is written as 0."""
    return command(Kind.READ, address, bytes((count & 0xFF,)), checked=checked)


def write_command(address: int, data: bytes, *, checked: bool = True) -> bytes:
    """Write registers from ``address`` on."""
    return command(Kind.WRITE, address, data, checked=checked)


SAVE_COMMAND = command(Kind.SAVE, 0x0000, b"\x00")
TRIGGER_COMMAND = write_command(Register.TRIGGER, b"\x01", checked=False)
STOP_COMMAND = write_command(Register.TRIGGER, b"\x00", checked=False)


def reply(data: bytes) -> bytes:
    """A reply of the engine."""
    body = bytes((0x00, len(data) & 0xFF)) + data
    return REPLY_HEAD[:2] + body + crc16(body)


ACKNOWLEDGE = reply(b"\x00")
"""``02 00 00 01 00 33 31``: a write or save was carried out."""


def baud_value(rate: int) -> bytes:
    """The two bytes of the baud register for a rate."""
    return int(3_000_000 / rate + 0.5).to_bytes(2, "little")


def baud_from_value(value: bytes) -> int | None:
    """The standard rate a baud register means, or None."""
    return next((rate for rate in BAUD_RATES if baud_value(rate) == value), None)


def reply_length(buffer: bytes) -> int | None:
    """Length of the reply a buffer begins with.

    Returns:
        The number of bytes of a whole, CRC-valid reply; 0 when the buffer may still become one; None when it
        does not begin with a reply.
    """
    if not buffer or not REPLY_HEAD.startswith(buffer[:3]):
        return None
    if len(buffer) < 4:
        return 0
    length = 4 + (buffer[3] or 256) + 2
    if len(buffer) < length:
        return 0
    return length if buffer[length - 2 : length] == crc16(buffer[2 : length - 2]) else None


@dataclass(frozen=True, slots=True)
class Command:
    """A valid frame as the engine understood it."""

    kind: Kind
    address: int
    data: bytes


class CommandReader:
    """Finds commands in the stream an engine receives."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._last_s = 0.0

    def feed(self, data: bytes, now_s: float) -> list[Command]:
        """Take bytes that arrived at ``now_s`` and return the commands they complete.

        A frame that stalled for 400 ms, has a wrong CRC or an unknown type is dropped without a word.
        """
        if self._buffer and now_s - self._last_s > STALL_S:
            self._buffer.clear()
        self._last_s = now_s
        self._buffer += data
        found: list[Command] = []
        while True:
            start = self._buffer.find(HEAD)
            if start < 0:
                keep = 1 if self._buffer.endswith(HEAD[:1]) else 0
                del self._buffer[: len(self._buffer) - keep]
                return found
            del self._buffer[:start]
            if len(self._buffer) < 4:
                return found
            length = 6 + self._buffer[3] + 2
            if self._buffer[2] not in tuple(Kind) or self._buffer[3] == 0:
                del self._buffer[:2]
                continue
            if len(self._buffer) < length:
                return found
            body, check = bytes(self._buffer[2 : length - 2]), bytes(self._buffer[length - 2 : length])
            if check in (UNCHECKED, crc16(body)):
                found.append(Command(Kind(body[0]), int.from_bytes(body[2:4], "big"), body[4:]))
                del self._buffer[:length]
            else:
                del self._buffer[:2]


SETTING_CODES = {
    b"%%SpecCode94": (0x000D, 0x01),
    b"%%SpecCode9A": (0x000E, 0x40),
    b"%%SpecCodeDD": (Register.SAME_CODE_DELAY, 0xFF),
    b"%%SpecCode98": (0x0007, 0x2A),
}
"""Printed setting codes and the register they write (reconstructed: the manual shows the codes as pictures only)."""
