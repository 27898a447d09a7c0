"""Bytes that were written down as hexadecimal or base64 in something else, read again."""

from __future__ import annotations

import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from evidence.clear_numbers import Content, from_base64
from evidence.opened_files import is_of_known_format

_HEX = re.compile(rb"[0-9a-fA-F]{30,}")
_SPACED = re.compile(rb"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{2}[ :-]){14,}[0-9a-fA-F]{2}(?![0-9a-fA-F])")
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{4}(?:\r?\n)?){5,}[A-Za-z0-9+/_-]{0,3}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_APART = b"\n\0\n"
_MOST = 1 << 24
"""Bytes that are looked through at a time."""


@dataclass
class WrittenBytes:
    """Runs of bytes that were written in one way, one behind the other with something between them.

    Attributes:
        spelling: the way.
        content: all of them.
    """

    spelling: str
    content: bytes = b""
    _runs: dict[bytes, int] = field(default_factory=dict)
    _size: int = 0
    _starts: list[int] = field(default_factory=list)
    _origins: list[int] = field(default_factory=list)

    def add(self, run: bytes, offset: int) -> None:
        """Take in a run that is written at an offset; one that was there before is known already."""
        if run not in self._runs:
            self._runs[run] = offset
            self._starts.append(self._size)
            self._origins.append(offset)
            self._size += len(run) + len(_APART)

    @property
    def full(self) -> bool:
        """Whether it holds as much as is looked through at a time."""
        return self._size >= _MOST

    def closed(self) -> WrittenBytes:
        """Itself, with its content put together."""
        self.content = _APART.join(self._runs)
        return self

    def origin(self, offset: int) -> int:
        """Where the run is written that stands at an offset of the content."""
        return self._origins[bisect_right(self._starts, offset) - 1]

    def files(self) -> Iterator[tuple[bytes, int]]:
        """Runs that begin as a file of a known format does, and where they are written."""
        return ((run, offset) for run, offset in self._runs.items() if is_of_known_format(run))


def written_bytes(content: Content) -> Iterator[WrittenBytes]:
    """Everything that is written in some bytes and long enough to hold something, a batch of runs at a time."""
    for spelling, pattern, read in _WAYS:
        batch = WrittenBytes(spelling)
        for match in pattern.finditer(content):
            for run in read(match[0]):
                batch.add(run, match.start())
            if batch.full:
                yield batch.closed()
                batch = WrittenBytes(spelling)
        if batch.closed().content:
            yield batch


def _from_hex(text: bytes) -> Iterator[bytes]:
    """Bytes of digits in pairs; an odd one too many may stand at either end."""
    yield binascii.unhexlify(text[: len(text) // 2 * 2])
    if len(text) % 2:
        yield binascii.unhexlify(text[1:])


def _from_base64(text: bytes) -> Iterator[bytes]:
    """Bytes of a text in either alphabet; one of hexadecimal digits alone is read as such and not again."""
    if not _HEX.fullmatch(text):
        yield from_base64(text.translate(_URL_SAFE))


_WAYS: tuple[tuple[str, re.Pattern[bytes], Callable[[bytes], Iterator[bytes]]], ...] = (
    ("hex", _HEX, _from_hex),
    ("hex", _SPACED, lambda text: _from_hex(re.sub(rb"[ :-]", b"", text))),
    ("base64", _BASE64, _from_base64),
)
