"""The spellings a careless program writes a text in, so that it is found wherever it stands."""

from __future__ import annotations

import base64
from urllib.parse import quote


def forms(text: str) -> dict[str, tuple[bytes, ...]]:
    """The forms of a text that are looked for; base64 has one for each place it may begin at."""
    plain = text.encode()
    return {
        "utf-8": (plain,),
        "gb18030": (text.encode("gb18030"),),
        "utf-16-le": (text.encode("utf-16-le"),),
        "utf-16-be": (text.encode("utf-16-be"),),
        "hex": in_hex(plain),
        "hex, spaced": (plain.hex(" ").encode(), plain.hex(" ").upper().encode()),
        "url": _escaped(text),
        "base64": in_base64(plain),
        "reversed": (text[::-1].encode(),),
    }


def in_hex(plain: bytes) -> tuple[bytes, ...]:
    """Bytes as hexadecimal digits, small and capital."""
    return plain.hex().encode(), plain.hex().upper().encode()


def in_base64(plain: bytes) -> tuple[bytes, ...]:
    """Bytes as base64 has them within something longer, for each of the three places they may begin at."""
    return tuple(_base64_within(plain, before) for before in range(3))


def _escaped(text: str) -> tuple[bytes, ...]:
    """Percent-encoded as a query carries it, where that differs, and with every byte escaped."""
    some = quote(text, safe="").encode()
    every = "".join(f"%{byte:02X}" for byte in text.encode())
    forms = (some, some.lower()) if some != text.encode() else ()
    return (*forms, every.encode(), every.lower().encode())


def _base64_within(plain: bytes, before: int) -> bytes:
    """The characters of a base64 text that depend on ``plain`` alone, whatever stands before and after it."""
    whole = base64.b64encode(bytes(before) + plain)
    first = (before * 8 + 5) // 6
    last = (before + len(plain)) * 8 // 6
    return whole[first:last]
