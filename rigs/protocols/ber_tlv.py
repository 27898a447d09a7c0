"""BER-TLV data objects as EMV cards carry them (EMV 4.3 Book 3, Annex B; ISO/IEC 7816-4, 5.2.2).

Definite lengths up to three length bytes; 00 and FF between objects are padding, as EMV allows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


class TlvError(ValueError):
    """Bytes that are no whole data objects."""


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object.

    Attributes:
        tag: its tag bytes, for instance ``0x9F38``.
        value: its value as it stands.
        children: the objects in the value of a constructed one.
    """

    tag: int
    value: bytes
    children: tuple[Tlv, ...] = ()

    @property
    def constructed(self) -> bool:
        """Whether the value consists of data objects."""
        return bool(_first_byte(self.tag) & 0x20)

    def find(self, tag: int) -> bytes | None:
        """The value of the first object with a tag, this one included, depth first."""
        return next((found.value for found in self.walk() if found.tag == tag), None)

    def walk(self) -> Iterator[Tlv]:
        """This object and every one inside it."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse(data: bytes) -> tuple[Tlv, ...]:
    """The data objects of a string.

    Raises:
        TlvError: it ends in the middle of one, or a length has a form EMV does not allow.
    """
    found, rest = [], data
    while rest := rest.lstrip(b"\x00\xff"):
        tag, rest = _tag(rest)
        length, rest = _length(rest)
        if length > len(rest):
            raise TlvError(f"object {tag:X} says {length} bytes, {len(rest)} are there")
        value, rest = rest[:length], rest[length:]
        found.append(Tlv(tag, value, parse(value) if _first_byte(tag) & 0x20 else ()))
    return tuple(found)


def find(objects: Iterable[Tlv], tag: int) -> bytes | None:
    """The value of the first object with a tag, depth first."""
    return next((value for each in objects if (value := each.find(tag)) is not None), None)


def encode(tag: int, *values: bytes) -> bytes:
    """A data object; its value is what the strings make together."""
    value = b"".join(values)
    return tag.to_bytes((tag.bit_length() + 7) // 8, "big") + _encoded_length(len(value)) + value


def _first_byte(tag: int) -> int:
    return tag >> 8 * ((tag.bit_length() + 7) // 8 - 1) if tag else 0


def _tag(data: bytes) -> tuple[int, bytes]:
    size = 1
    if data[0] & 0x1F == 0x1F:
        while True:
            if size >= len(data) or size > 3:
                raise TlvError("the string ends within a tag")
            size += 1
            if not data[size - 1] & 0x80:
                break
    return int.from_bytes(data[:size], "big"), data[size:]


def _length(data: bytes) -> tuple[int, bytes]:
    if not data:
        raise TlvError("the string ends before a length")
    first = data[0]
    if first < 0x80:
        return first, data[1:]
    size = first & 0x7F
    if not 1 <= size <= 3 or len(data) <= size:
        raise TlvError(f"length byte {first:02X} is none EMV allows here")
    return int.from_bytes(data[1 : 1 + size], "big"), data[1 + size :]


def _encoded_length(length: int) -> bytes:
    if length < 0x80:
        return bytes((length,))
    size = (length.bit_length() + 7) // 8
    return bytes((0x80 | size,)) + length.to_bytes(size, "big")
