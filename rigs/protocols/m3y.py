"""The M3Y family of scan engines: text commands in frames with a block check character.

Follows the M3Y manual as three public hosts of it show (their byte traces agree). A frame is ``5A``, 00 towards the
engine or 01 from it, two bytes of length (high first), the body, the XOR of everything between ``5A`` and itself, and
``A5``. A command's body is text. The engine answers ``90 00``, ``6A 89`` to what it does not know or take, or what was
asked for; a frame whose check is wrong gets silence. What it reads comes as bare text, ended as it is set up.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce

HEAD = b"\x5a"
TAIL = b"\xa5"
TO_ENGINE, FROM_ENGINE = b"\x00", b"\x01"
OVERHEAD = 6
"""Bytes of a frame beside its body."""
LONGEST_BODY = 512
"""Bytes of a body beyond which a head is taken for noise (the hosts show none longer than 20)."""
STALL_S = 0.5
"""Silence after which half a frame is forgotten, s (reconstructed)."""

DONE = b"\x90\x00"
REFUSED = b"\x6a\x89"

BAUD_RATES = (9600, 19200, 38400, 57600, 115200)
"""Rates an engine can be told; hosts report that some do not work at 115 200."""


class Body(StrEnum):
    """Commands used by the harness; those that end with a letter take a number."""

    VERSION = "T_OUT_CVER"
    """Answered by a version and CR LF, such as ``V2.3.0.7``."""
    COMMAND_MODE = "S_CMD_020D"
    CONTINUOUS_MODE = "S_CMD_020E"
    START = "SR030301"
    STOP = "SR030300"
    ENDING_CR = "S_CMD_059D"
    ENDING_CRLF = "S_CMD_059A"
    CODES_REFUSED = "S_CMD_0000"
    """Printed setting codes are not obeyed."""
    CODES_OBEYED = "S_CMD_0001"
    FACTORY = "S_CMD_FFFF"
    LIGHT_OFF = "S_CMD_03L0"
    LIGHT_ON = "S_CMD_03L1"
    LIGHT_AUTO = "S_CMD_03L2"
    AIMER_OFF = "S_CMD_03A0"
    AIMER_AUTO = "S_CMD_03A2"
    BEEPER_OFF = "S_CMD_04F0"
    BEEPER_ON = "S_CMD_04F1"
    BAUD = "S_CMD_H3BR"
    """Line rate, bit/s; in force after the answer."""
    READ_TIMEOUT = "S_CMD_MTRS"
    """Duration of one triggered reading, ms, four digits or more; 0000 is unlimited."""
    SAME_CODE_DELAY = "S_CMD_MARI"
    """Delay before the same code is read again in continuous mode, ms, four digits or more."""


NUMBERED = (Body.BAUD, Body.READ_TIMEOUT, Body.SAME_CODE_DELAY)
SETTING_CODES = (Body.BEEPER_OFF.encode(), Body.LIGHT_ON.encode(), Body.AIMER_OFF.encode(), b"S_CMD_MARI9999")
"""Contents of printed setting codes (reconstructed: they are taken to hold the command they carry out)."""
_NUMBERED = re.compile(rb"(%s)(\d{1,7})" % "|".join(NUMBERED).encode())


def block_check(data: bytes) -> bytes:
    """XOR of all bytes."""
    return bytes((reduce(operator.xor, data, 0),))


def frame(direction: bytes, body: bytes) -> bytes:
    """A whole frame."""
    inner = direction + len(body).to_bytes(2, "big") + body
    return HEAD + inner + block_check(inner) + TAIL


def command(body: str, number: int | None = None) -> bytes:
    """A command towards the engine; ``number`` for those that take one, four digits at least but for a line rate."""
    if number is None:
        return frame(TO_ENGINE, body.encode("ascii"))
    digits = str(number) if body == Body.BAUD else f"{number:04d}"
    return frame(TO_ENGINE, f"{body}{digits}".encode("ascii"))


def reply(body: bytes) -> bytes:
    """A reply of the engine."""
    return frame(FROM_ENGINE, body)


ACKNOWLEDGE = reply(DONE)
"""``5A 01 00 02 90 00 93 A5``."""
REFUSAL = reply(REFUSED)


def reply_length(buffer: bytes) -> int | None:
    """Length of the reply a buffer begins with.

    Returns:
        The number of bytes of a whole, well-checked reply; 0 when the buffer may still become one; None when it does
        not begin with a reply.
    """
    return _length(buffer, FROM_ENGINE)


def body_of(whole: bytes) -> bytes:
    """The body of a whole frame."""
    return whole[4:-2]


def numbered(body: bytes) -> tuple[Body, int] | None:
    """The command and its number, for those that take one."""
    found = _NUMBERED.fullmatch(body)
    return None if found is None else (Body(found[1].decode()), int(found[2]))


def _length(buffer: bytes, direction: bytes) -> int | None:
    head = HEAD + direction
    if not buffer or not head.startswith(buffer[:2]):
        return None
    if len(buffer) < 4:
        return 0
    body = int.from_bytes(buffer[2:4], "big")
    length = body + OVERHEAD
    if body > LONGEST_BODY:
        return None
    if len(buffer) < length:
        return 0
    whole = buffer[1 : length - 2]
    return length if buffer[length - 2 : length] == block_check(whole) + TAIL else None


@dataclass
class CommandReader:
    """Finds the bodies of commands in the stream an engine receives."""

    _buffer: bytes = b""
    _last_s: float = 0.0

    def feed(self, data: bytes, now_s: float) -> list[bytes]:
        """Take bytes that arrived at ``now_s`` (monotonic, s) and return the commands they complete.

        Noise, a frame that stalled and one whose check is wrong are dropped without a word.
        """
        if now_s - self._last_s > STALL_S:
            self._buffer = b""
        self._last_s = now_s
        self._buffer += data
        found = []
        while self._buffer:
            length = _length(self._buffer, TO_ENGINE)
            if length == 0:
                break
            if length:
                found.append(body_of(self._buffer[:length]))
                self._buffer = self._buffer[length:]
            else:
                next_head = self._buffer.find(HEAD, 1)
                self._buffer = self._buffer[next_head:] if next_head > 0 else b""
        return found
