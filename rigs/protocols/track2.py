"""Track 2 of a magnetic stripe: five-bit characters with odd parity (ISO/IEC 7811-2), data as ISO/IEC 7813 has them.

A character is four data bits, least significant first, and a parity bit. The track runs from the start sentinel ``;``
to the end sentinel ``?`` and a check character, which is the exclusive or of all characters before it. That digits
without a separator are a visit number is reconstructed: every hospital writes its stripes as it likes.
"""

from __future__ import annotations

import re

START, END = 0xB, 0xF
LONGEST = 40
"""Characters of a track at most, sentinels and check included."""
_CHARACTERS = "0123456789:;<=>?"
_BITS = 5
CLOCKING = 10
"""Zero bits before the start sentinel that fixtures write; a real stripe has more."""


class StripeError(ValueError):
    """Bits that are no sound track."""


def encode(text: str) -> str:
    """The bits of a track as they pass the head, ``0`` and ``1``, with clocking bits on both sides.

    Args:
        text: what stands between the sentinels: digits and ``=``.
    """
    characters = [START, *(_CHARACTERS.index(one) for one in text), END]
    if len(characters) >= LONGEST:
        raise StripeError(f"a track has at most {LONGEST - 3} characters between its sentinels")
    check = 0
    for character in characters:
        check ^= character
    return "0" * CLOCKING + "".join(_bits(one) for one in (*characters, check)) + "0" * CLOCKING


def decode(bits: str) -> str:
    """What stands between the sentinels of a track; swiped in either direction.

    Raises:
        StripeError: no start sentinel, a wrong parity, no end sentinel, or a wrong check character.
    """
    try:
        return _decode(bits)
    except StripeError:
        try:
            return _decode(bits[::-1])
        except StripeError:
            pass
        raise


def line(text: str) -> bytes:
    """How a decoding head tells a track to its host: sentinels, no check character, CR."""
    return f";{text}?\r".encode("ascii")


def parse_line(data: bytes) -> str:
    """What stands between the sentinels of a line from a decoding head; ``*`` stands for a masked digit.

    Raises:
        StripeError: it is no track 2.
    """
    found = re.fullmatch(rb";([0-9=*]{1,37})\?[0-9:;<=>?]?[\r\n]*", data)
    if found is None:
        raise StripeError("a line that is no track 2")
    return found[1].decode("ascii")


def _decode(bits: str) -> str:
    start = bits.find(_bits(START))
    if start < 0:
        raise StripeError("no start sentinel")
    text, check = "", 0
    for place in range(start, len(bits) - 2 * _BITS + 1, _BITS):
        character = _character(bits[place : place + _BITS])
        check ^= character
        if character == END:
            if _character(bits[place + _BITS : place + 2 * _BITS]) != check:
                raise StripeError("wrong check character")
            return text
        if place > start:
            text += _CHARACTERS[character]
    raise StripeError("no end sentinel")


def _bits(character: int) -> str:
    data = f"{character:04b}"[::-1]
    return data + ("1" if data.count("1") % 2 == 0 else "0")


def _character(bits: str) -> int:
    if bits.count("1") % 2 == 0:
        raise StripeError("wrong parity")
    return int(bits[3::-1], 2)
