"""The plain line: a content and what ends it, and nothing else in either direction.

What most window scanners send when they are set to be a serial device. There is no document but each device's setting
sheet, which names the ending: CR, LF, CR LF, TAB, or none, where a pause between characters ends the content.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Ending(Enum):
    """What ends a content."""

    CR = b"\r"
    LF = b"\n"
    CRLF = b"\r\n"
    TAB = b"\t"
    NONE = b""
    """Nothing: a pause does."""


@dataclass(frozen=True, slots=True)
class Line:
    """One content as it arrived.

    Attributes:
        content: its bytes without the ending.
        raw: its bytes with it.
        first_ns: arrival of the first byte, ns.
        last_ns: arrival of the last byte, ending included, ns.
    """

    content: bytes
    raw: bytes
    first_ns: int
    last_ns: int


class LineReader:
    """Cuts a stream into contents.

    Args:
        ending: what ends a content.
        gap_ns: pause that ends one where nothing else does, ns.
    """

    def __init__(self, ending: Ending, gap_ns: int) -> None:
        self._ending = ending
        self._gap_ns = gap_ns
        self._begun = b""
        self._first_ns = 0
        self._last_ns = 0

    @property
    def begun(self) -> bytes:
        """What arrived and has no end yet."""
        return self._begun

    def feed(self, data: bytes, t_ns: int) -> list[Line]:
        """Take bytes that arrived at ``t_ns`` (monotonic, ns) and return the contents they complete."""
        found = self.quiet(t_ns)
        if not data:
            return found
        if not self._begun:
            self._first_ns = t_ns
        self._begun += data
        self._last_ns = t_ns
        if self._ending is Ending.NONE:
            return found
        *whole, self._begun = self._begun.split(self._ending.value)
        for content in whole:
            found.append(Line(content, content + self._ending.value, self._first_ns, t_ns))
            self._first_ns = t_ns
        return found

    def quiet(self, t_ns: int) -> list[Line]:
        """The content that a pause until ``t_ns`` has ended, if any."""
        if self._ending is not Ending.NONE or not self._begun or t_ns - self._last_ns < self._gap_ns:
            return []
        return [Line(self._begun, self.take(), self._first_ns, self._last_ns)]

    def take(self) -> bytes:
        """Give up on what has no end yet, and return it."""
        begun, self._begun = self._begun, b""
        return begun
