"""The SDT module that reads resident identity cards (居民身份证), at 115200 bit/s.

The ministry's specification is not public; framing, commands and the layout of the text are those that public host
software uses, so they are *reconstructed*.

A command is ``AA AA AA 96 69``, a length of two bytes, command, parameter, data, and a check byte: the exclusive or of
everything from the length on. The length counts what follows it, check byte included. An answer has three status bytes
in place of command and parameter.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HEAD = bytes.fromhex("AAAAAA9669")
FIND, SELECT, READ = (0x20, 0x01), (0x20, 0x02), (0x30, 0x01)
FOUND, DONE, NONE = bytes.fromhex("00009F"), bytes.fromhex("000090"), bytes.fromhex("000080")
NOT_SELECTED, NOT_READ = bytes.fromhex("000081"), bytes.fromhex("000041")
BAD_CHECK, UNKNOWN_COMMAND = bytes.fromhex("000010"), bytes.fromhex("000021")
TEXT_BYTES = 256
_FIELDS = (
    ("name", 30), ("sex", 2), ("nation", 4), ("birth", 16), ("address", 70), ("number", 36),
    ("issuer", 30), ("valid_from", 16), ("valid_to", 16),
)  # fmt: skip
_LONGEST = 4096
_SPACE = " ".encode("utf-16-le")


class SdtError(ValueError):
    """Bytes that are no answer of the module, or a text of another layout."""


@dataclass(frozen=True, slots=True)
class Message:
    """A frame taken apart.

    Attributes:
        head: command and parameter, or the three status bytes of an answer.
        data: what follows.
        sound: whether the check byte is right.
    """

    head: bytes
    data: bytes
    sound: bool


@dataclass(frozen=True, slots=True)
class Person:
    """The text of an identity card; dates are ``yyyymmdd``, the end of validity may be 长期."""

    name: str = field(repr=False)
    sex: str = field(repr=False)
    nation: str = field(repr=False)
    birth: str = field(repr=False)
    address: str = field(repr=False)
    number: str = field(repr=False)
    issuer: str
    valid_from: str
    valid_to: str


def command(which: tuple[int, int], data: bytes = b"") -> bytes:
    """A command frame."""
    return _frame(bytes(which) + data)


def answer(status: bytes, data: bytes = b"") -> bytes:
    """An answer frame."""
    return _frame(status + data)


def frame_length(buffer: bytes) -> int | None:
    """How many bytes the frame at the start of a buffer has.

    Returns:
        0 while that cannot be known yet, None when the buffer does not begin with a frame.
    """
    if not HEAD.startswith(buffer[: len(HEAD)]):
        return None
    if len(buffer) < len(HEAD) + 2:
        return 0
    length = int.from_bytes(buffer[5:7], "big")
    if not 3 <= length <= _LONGEST:
        return None
    return 7 + length if len(buffer) >= 7 + length else 0


def parse(frame: bytes, head_bytes: int) -> Message:
    """A whole frame taken apart.

    Args:
        frame: as ``frame_length`` measures it.
        head_bytes: 2 for a command, 3 for an answer.

    Raises:
        SdtError: it is too short.
    """
    body = frame[7:-1]
    if not body or len(body) < head_bytes:
        raise SdtError("a frame without a head")
    return Message(body[:head_bytes], body[head_bytes:], _check(frame[5:-1]) == frame[-1])


def person(data: bytes) -> Person:
    """The text in the data of a read answer: lengths of text and photo, then both.

    Raises:
        SdtError: the lengths do not fit, or the text is not UTF-16.
    """
    size = int.from_bytes(data[:2], "big")
    text = data[4 : 4 + size]
    if size != TEXT_BYTES or len(text) != TEXT_BYTES:
        raise SdtError("the text of a card has 256 bytes")
    found, place = {}, 0
    for name, length in _FIELDS:
        try:
            found[name] = text[place : place + length].decode("utf-16-le").strip(" \x00")
        except UnicodeDecodeError:
            raise SdtError("a text that is not UTF-16") from None
        place += length
    return Person(**found)


def read_data(who: Person, photo: bytes) -> bytes:
    """The data of a read answer for a person.

    Raises:
        SdtError: a field is longer than its place.
    """
    text = b"".join(_padded(getattr(who, name), length) for name, length in _FIELDS)
    text += _SPACE * ((TEXT_BYTES - len(text)) // 2)
    return len(text).to_bytes(2, "big") + len(photo).to_bytes(2, "big") + text + photo


def _padded(value: str, size: int) -> bytes:
    encoded = value.encode("utf-16-le")
    if len(encoded) > size:
        raise SdtError(f"{len(encoded)} bytes do not fit into {size}")
    return encoded + _SPACE * ((size - len(encoded)) // 2)


def _frame(body: bytes) -> bytes:
    measured = (len(body) + 1).to_bytes(2, "big") + body
    return HEAD + measured + bytes((_check(measured),))


def _check(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
    return value
