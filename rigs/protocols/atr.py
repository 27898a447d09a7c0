"""The answer to reset of a card with contacts (ISO/IEC 7816-3, clause 8), and the one a reader makes up for the others.

``TS T0 [TA1 TB1 TC1 TD1 …] historical bytes [TCK]``: the high nibble of T0 and of each TD says which interface bytes
follow, the low nibble of T0 how many historical bytes, that of a TD a protocol. TCK makes the exclusive or of
everything from T0 on zero, and is absent where T=0 alone is offered.
"""

from __future__ import annotations

from dataclasses import dataclass

_CONVENTIONS = (0x3B, 0x3F)
_GLOBAL = 15
"""T=15 tells of interface bytes for all protocols, and is none itself."""


class AtrError(ValueError):
    """Bytes that are no answer to reset."""


@dataclass(frozen=True, slots=True)
class Atr:
    """An answer to reset taken apart.

    Attributes:
        protocols: what the card offers, in its order; (0,) where it names none.
        historical: the historical bytes.
    """

    protocols: tuple[int, ...]
    historical: bytes


def parse(atr: bytes) -> Atr:
    """Take an answer to reset apart.

    Raises:
        AtrError: convention, lengths or check byte are wrong.
    """
    if len(atr) < 2 or atr[0] not in _CONVENTIONS:
        raise AtrError("no answer to reset begins so")
    follows, count, place = atr[1] >> 4, atr[1] & 0xF, 2
    named: list[int] = []
    while follows:
        place += follows.bit_count()
        if place > len(atr):
            raise AtrError("it ends within its interface bytes")
        if not follows & 0x8:
            break
        named.append(atr[place - 1] & 0xF)
        follows = atr[place - 1] >> 4
    protocols = tuple(one for one in named if one != _GLOBAL) or (0,)
    checked = bool(named) and set(named) != {0}
    if len(atr) != place + count + checked:
        raise AtrError(f"{len(atr)} bytes, {place + count + checked} were announced")
    if checked and _exclusive_or(atr[1:]) != 0:
        raise AtrError("wrong check byte")
    return Atr(protocols, atr[place : place + count])


def encode(protocols: tuple[int, ...], historical: bytes) -> bytes:
    """An answer to reset that offers protocols, without further interface bytes.

    Args:
        protocols: one or more, in order.
        historical: up to 15 bytes.
    """
    chain = [(0x80 if place + 1 < len(protocols) else 0) | one for place, one in enumerate(protocols)]
    if protocols == (0,):
        chain = []
    body = bytes(((0x80 if chain else 0) | len(historical), *chain)) + historical
    return b"\x3b" + body + (bytes((_exclusive_or(body),)) if chain else b"")


def _exclusive_or(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
    return value
