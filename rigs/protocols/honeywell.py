"""Honeywell menu commands (Xenon, N36xx, N86xx): settings as text, answered by an echo with a status byte.

Follows the N86XX and Xenon 1900 user's guides, chapter "serial programming commands". A command to the engine is
``16 4D 0D``, then settings written Tag(3) SubTag(3) Data in either case, ``,`` before another of the same tag and
``;`` before another tag, then ``.`` for the stored table or ``!`` for the volatile one. In place of data ``?`` asks
for the current value, ``^`` for the default and ``*`` for the range; in place of a subtag they ask for the whole tag.
The reply echoes the command in upper case, without the prefix and with a status byte before each punctuation mark.
``16 54 0D`` and ``16 55 0D`` start and stop a reading and are not answered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum

MENU = b"\x16M\r"
TRIGGER_COMMAND = b"\x16T\r"
STOP_COMMAND = b"\x16U\r"
STALL_S = 0.5
"""Silence after which half a command is forgotten, s. The guides give no figure; this one is the emulator's."""
LONGEST_COMMAND = 1024
"""Bytes between prefix and punctuation beyond which a command is taken for noise (the guides give no figure)."""
LONGEST_VALUE = 4096
"""Bytes of one answered value beyond which it is no reply (the guides give no figure)."""

DONE = b"\x06"
BAD_TAG = b"\x05"
OUT_OF_RANGE = b"\x15"

QUERIES = ("?", "^", "*")
STATUSES = (DONE, BAD_TAG, OUT_OF_RANGE)
_FIRST_LINE = b"Product Name:"
_PRINTABLE = re.compile(rb"[ -~]*")
_LINES = re.compile(rb"(?:[ -~]|\r\n)*")
_MENU_END = re.compile(rb"[.!]")
_ANSWERED = re.compile(rb"([^\x05\x06\x15]*)([\x05\x06\x15])([,;.!])")
_PROJECT_REVISION = re.compile(r"\$\w+: *([^$]*?) *\$?")


class Setting(StrEnum):
    """Settings and actions used by the harness, as tag and subtag."""

    REVISION = "REVINF"
    """Answered by lines ``Key: value``."""
    DEFAULTS = "DEFALT"
    """Puts every setting back to its default."""
    MANUAL_TRIGGER = "PAPHHF"
    """Manual trigger mode, in which the trigger commands work; takes no data."""
    PRESENTATION = "PAPTPR"
    """Presentation mode; takes no data."""
    TRIGGER_MODE = "TRGMOD"
    """0 manual and serial trigger, 3 presentation."""
    READ_TIMEOUT = "TRGSTO"
    """Duration of one reading, ms; 0 is unlimited."""
    REREAD_DELAY = "DLYRRD"
    """Delay before the same code is read again in presentation mode, ms."""
    GOOD_READ_DELAY = "DLYGRD"
    """Delay between two readings, ms."""
    BEEPER = "BEPBEP"
    BEEPER_VOLUME = "BEPLVL"
    CODABAR = "CBRENA"
    CODABAR_SHORTEST = "CBRMIN"
    CODABAR_LONGEST = "CBRMAX"
    CODE_128 = "128ENA"
    EAN_13 = "E13ENA"
    QR = "QRCENA"
    QR_SHORTEST = "QRCMIN"
    QR_LONGEST = "QRCMAX"
    DATA_MATRIX = "IDMENA"
    PDF417 = "PDFENA"
    BAUD = "232BAD"
    """Line rate, an index into ``BAUD_RATES``."""


BAUD_RATES = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)

SETTING_CODES = (b"BEPBEP0.", b"BEPLVL0.", b"CBRENA0.", b"DLYGRD500.")
"""Contents of printed menu codes (reconstructed: the guides show the codes as pictures only)."""


def command(text: str, *, stored: bool = True) -> bytes:
    """A menu command towards the engine, for instance ``command("cbrena?")``."""
    return MENU + text.encode("ascii") + (b"." if stored else b"!")


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting of a menu command.

    Attributes:
        echo: its text as it is echoed: upper case, without the query sign, without punctuation.
        tag: the tag; carried over from the entry before after a comma.
        subtag: the subtag; empty where a query is for the whole tag.
        data: the value to set; empty for queries and actions.
        query: ``?``, ``^``, ``*``, or empty.
        mark: the punctuation after it, one of ``, ; . !``.
    """

    echo: bytes
    tag: str
    subtag: str
    data: str
    query: str
    mark: bytes

    @property
    def name(self) -> str:
        """Tag and subtag."""
        return self.tag + self.subtag


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu command as the engine understood it."""

    entries: tuple[Entry, ...]

    @property
    def stored(self) -> bool:
        """Whether it is for the table that survives a power cut."""
        return self.entries[-1].mark == b"."


class Trigger(Enum):
    """A trigger command."""

    START = TRIGGER_COMMAND
    STOP = STOP_COMMAND


def parse_menu(body: bytes) -> Menu:
    """Read what stands between prefix and end of a menu command.

    Args:
        body: printable characters; the last is ``.`` or ``!`` and no other is.
    """
    entries = []
    tag = ""
    carried = False
    for text, mark in re.findall(rb"([^,;.!]*)([,;.!])", body.upper()):
        entry = _entry(text, tag if carried else None, mark)
        entries.append(entry)
        tag = entry.tag
        carried = mark == b","
    return Menu(tuple(entries))


def _entry(text: bytes, tag: str | None, mark: bytes) -> Entry:
    words = text.decode("latin-1")
    query = words[-1] if words.endswith(QUERIES) else ""
    bare = words.removesuffix(query) if query else words
    own, rest = (bare[:3], bare[3:]) if tag is None else (tag, bare)
    return Entry(bare.encode("latin-1"), own, rest[:3], rest[3:], query, mark)


def reply_length(buffer: bytes, sent: bytes) -> int | None:
    """Length of the reply to a command that a buffer begins with.

    A delivery may begin like a reply, but only a reply has a status byte before its punctuation, and only the lines
    of a revision hold CR, each followed by LF.

    Args:
        buffer: bytes from the engine.
        sent: the menu command whose reply is awaited.

    Returns:
        The number of bytes of a whole reply; 0 when the buffer may still become one; None when it does not begin
        with a reply to this command.
    """
    if not buffer or not sent.startswith(MENU):
        return None
    position = 0
    for entry in parse_menu(sent[len(MENU) :]).entries:
        length = _answer_length(buffer[position:], entry)
        if not length:
            return length
        position += length
    return position or None


def _answer_length(buffer: bytes, entry: Entry) -> int | None:
    """As ``reply_length``, for the part of the reply that answers one entry."""
    lines = entry.name == Setting.REVISION
    heads = (entry.echo, _FIRST_LINE) if lines else (entry.echo,)
    head = next((head for head in heads if head.startswith(buffer[: len(head)])), None)
    if head is None:
        return None
    position = len(head)
    while position < len(buffer):
        if lines or entry.query:
            position = _value_end(buffer, position, _LINES if lines else _PRINTABLE)
        status, mark = buffer[position : position + 1], buffer[position + 1 : position + 2]
        if (lines and buffer[position:] == b"\r") or not status:
            break
        if status not in STATUSES or position - len(head) > LONGEST_VALUE:
            return None
        if not mark or mark == entry.mark:
            return position + 2 if mark else 0
        if entry.subtag or not entry.query or mark not in b",;":
            return None
        position += 2
    return 0 if position - len(head) <= LONGEST_VALUE else None


def _value_end(buffer: bytes, position: int, pattern: re.Pattern[bytes]) -> int:
    match = pattern.match(buffer, position)
    return match.end() if match else position


def answers(reply: bytes) -> list[tuple[str, bytes]]:
    """The texts of a reply without punctuation, each with its status."""
    return [(text.decode("latin-1"), status) for text, status, _ in _ANSWERED.findall(reply)]


def revision_lines(reply: bytes) -> dict[str, str]:
    """The ``Key: value`` lines of a revision, before or after the echoed command; empty when there are none."""
    text, status = (answers(reply) or [("", BAD_TAG)])[0]
    if status != DONE:
        return {}
    pairs = (line.removeprefix(Setting.REVISION).partition(":") for line in text.splitlines())
    return {key.strip(): _bare(value) for key, separator, value in pairs if separator and _bare(value)}


def _bare(value: str) -> str:
    """A value without the marks of the version control it was stamped by."""
    stripped = value.strip(" :")
    match = _PROJECT_REVISION.fullmatch(stripped)
    return match.group(1) if match else stripped


class CommandReader:
    """Finds commands in the stream an engine receives."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._last_s = 0.0

    def feed(self, data: bytes, now_s: float) -> list[Menu | Trigger]:
        """Take bytes that arrived at ``now_s`` (monotonic, s) and return the commands they complete.

        Noise, a command that stalled and one broken off by a byte that cannot be printed are dropped without a word.
        """
        if self._buffer and now_s - self._last_s > STALL_S:
            self._buffer.clear()
        self._last_s = now_s
        self._buffer += data
        found: list[Menu | Trigger] = []
        while self._buffer:
            start = self._buffer.find(MENU[:1])
            del self._buffer[: len(self._buffer) if start < 0 else start]
            head = bytes(self._buffer[:3])
            if head in (TRIGGER_COMMAND, STOP_COMMAND):
                found.append(Trigger(head))
                del self._buffer[:3]
            elif head == MENU:
                if not self._take_menu(found):
                    break
            elif any(known.startswith(head) for known in (MENU, TRIGGER_COMMAND, STOP_COMMAND)):
                break
            else:
                del self._buffer[:1]
        return found

    def _take_menu(self, found: list[Menu | Trigger]) -> bool:
        """Take the command at the buffer's start, or drop its prefix; False while it may still be completed."""
        printable = _PRINTABLE.match(self._buffer, len(MENU))
        until = printable.end() if printable else len(MENU)
        end = _MENU_END.search(self._buffer, len(MENU), min(until, len(MENU) + LONGEST_COMMAND))
        if end is not None:
            found.append(parse_menu(bytes(self._buffer[len(MENU) : end.end()])))
            del self._buffer[: end.end()]
            return True
        if until == len(self._buffer) <= len(MENU) + LONGEST_COMMAND:
            return False
        del self._buffer[: len(MENU)]
        return True
