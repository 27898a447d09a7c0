"""Newland's older command set: eight-digit codes between ``#`` and ``;``, inside a configuration state.

Follows the FM100 and EM1300 user manuals, section "command programming". ``$$$$`` enters the state and is answered
``@@@@``; ``%%%%`` leaves it and is answered ``^^^^``, which the engine also sends by itself after five seconds without
a command. Inside, ``#99900030;`` is answered ``!99900030;`` when it was carried out and ``?99900030;`` when not. A
query is answered twice: ``!…;`` and then ``&{text|CRC}``, the CRC-32 of the text as eight hexadecimal digits.
"""

from __future__ import annotations

import zlib

ENTER = b"$$$$"
ENTERED = b"@@@@"
LEAVE = b"%%%%"
LEFT = b"^^^^"
LEAVES_AFTER_S = 5.0
"""How long the engine waits for a command before it leaves the state by itself, s."""
LONGEST_CODE = 32
"""Characters between ``#`` and ``;`` beyond which a command is taken for noise (the manuals give no figure)."""

EXAMPLE = "99900030"
"""The manuals' example of a code that is carried out."""
UNKNOWN_EXAMPLE = "99976543"
"""The manuals' example of a code that is not."""
INFORMATION = "99900301"
"""Asks for the product's name and versions (reconstructed: the manuals' tables of codes are not at hand)."""

_HEAD, _TAIL = b"&{", b"}"


def command(code: str) -> bytes:
    """A code towards the engine."""
    return b"#" + code.encode("ascii") + b";"


def done(code: str) -> bytes:
    """The answer to a code that was carried out."""
    return b"!" + code.encode("ascii") + b";"


def refused(code: str) -> bytes:
    """The answer to a code that was not."""
    return b"?" + code.encode("ascii") + b";"


def information(text: bytes) -> bytes:
    """The second answer to a query: the text and its CRC-32 (that of zlib), highest digit first."""
    return _HEAD + text + b"|" + _check(text) + _TAIL


def information_text(frame: bytes) -> bytes | None:
    """The text of a query's second answer, or None when it is no such answer or its CRC is wrong."""
    if not (frame.startswith(_HEAD) and frame.endswith(_TAIL)):
        return None
    text, bar, check = frame[len(_HEAD) : -len(_TAIL)].rpartition(b"|")
    return text if bar and check.upper() == _check(text) else None


def _check(text: bytes) -> bytes:
    return f"{zlib.crc32(text):08X}".encode()
