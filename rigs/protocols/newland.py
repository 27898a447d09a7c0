"""Newland unified commands (FM430, EM3000, HR series): settings as text, answered by an echo with a status byte.

Follows the user manuals of the HR42 and FM530, chapter "programming commands". A command to the engine is
``7E 01 30 30 30 30``, ``@`` for a stored or ``#`` for a temporary setting, then Tag(3) SubTag(3) Data, ``,`` before
another of the same tag and ``;`` before another tag, and ``; 03``. Capitals count. In place of data ``*`` asks for the
current value, ``&`` for the default and ``^`` for the range; without a subtag they ask for the whole tag. The reply
begins with ``02 01 30 30 30 30`` and echoes the command with a status byte before each punctuation mark. Starting and
stopping a reading are commands like any other, and are answered.

The same line carries the older command set of ``newland_legacy``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum

from rigs.protocols import newland_legacy

PREFIX = b"\x7e\x010000"
REPLY_PREFIX = b"\x02\x010000"
STORED, TEMPORARY = b"@", b"#"
END = b"\x03"
STALL_S = 0.5
"""Silence after which half a command is forgotten, s. The manuals give no figure; this one is the emulator's."""
LONGEST_COMMAND = 1024
"""Bytes after the prefix beyond which a command is taken for noise (the manuals give no figure)."""
LONGEST_REPLY = 4096
"""Bytes beyond which what begins like a reply is none (the manuals give no figure)."""

DONE = b"\x06"
BAD_TAG = b"\x05"
OUT_OF_RANGE = b"\x15"
"""Also the status of a query for what has no value."""
QUERIES = ("*", "&", "^")

_BODY = re.compile(rb"[@#]([ -~]*?;)\x03")
_BODY_BEGUN = re.compile(rb"(?:[@#][ -~]*)?")
_TEXT = rb"[ -~\r\n]*[\x05\x06\x15]"
_REPLY = re.compile(rb"\x02\x010000[@#](?:" + _TEXT + rb"[,;])*" + _TEXT + rb";\x03")
_REPLY_BEGUN = re.compile(rb"\x02\x010000(?:[@#](?:" + _TEXT + rb"[,;])*[ -~\r\n]*[\x05\x06\x15]?)?")
_ANSWERED = re.compile(rb"([^\x05\x06\x15]*)([\x05\x06\x15])[,;]")
_HEADS = re.compile(rb"[~$%#]")
_LEGACY_CODE = re.compile(rb"#([ -\"$-:<-}]*)(;?)")


class Setting(StrEnum):
    """Settings and actions used by the harness, as tag and subtag."""

    TRIGGER = "SCNTRG"
    """1 starts one reading in trigger mode, 0 stops it."""
    SCAN_MODE = "SCNMOD"
    """0 trigger, 2 sensing (reads what it sees)."""
    READ_TIMEOUT = "ORTSET"
    """Duration of one reading, ms; 0 is unlimited."""
    REREAD = "RRDENA"
    """1 keeps the same code from being read again within ``REREAD_DELAY``."""
    REREAD_DELAY = "RRDDUR"
    """Delay before the same code is read again, ms."""
    BEEPER = "GRBENA"
    CODE_11 = "C11ENA"
    CODE_11_SHORTEST = "C11MIN"
    CODE_11_LONGEST = "C11MAX"
    CODE_128 = "128ENA"
    QR = "QRCENA"
    QR_SHORTEST = "QRCMIN"
    QR_LONGEST = "QRCMAX"
    PDF417 = "PDFENA"
    SUFFIX_ON = "CSUENA"
    SUFFIX = "CSUSET"
    """Bytes after the content, hexadecimal digits."""
    TERMINATOR_ON = "TSUENA"
    TERMINATOR = "TSUSET"
    """Bytes after the suffix, hexadecimal digits."""
    BAUD = "232BAD"
    """Line rate, an index into ``BAUD_RATES``."""
    SETTING_CODES = "SETUPE"
    """1 lets printed setting codes change settings."""
    DEFAULTS = "FACDEF"
    """Puts every setting back to its default."""
    PRODUCT = "QRYSYS"
    """Answered by lines ``Key: value`` (the form of the lines is reconstructed)."""


MODE_TRIGGER, MODE_SENSING = "0", "2"
BAUD_RATES = (1200, 2400, 4800, 9600, 14400, 19200, 38400, 57600, 115200)
"""By index (reconstructed: the manuals show the codes as pictures only)."""
SETTING_CODES = (b"@GRBENA0", b"@C11ENA1", b"@128ENA0", b"@RRDDUR500")
"""Contents of printed setting codes (reconstructed: the manuals show the codes as pictures only)."""


def command(text: str, *, stored: bool = False) -> bytes:
    """A command towards the engine, for instance ``command("SCNTRG1")``."""
    return PREFIX + (STORED if stored else TEMPORARY) + text.encode("ascii") + b";" + END


TRIGGER_COMMAND = command(Setting.TRIGGER + "1")
STOP_COMMAND = command(Setting.TRIGGER + "0")


def reply(storage: bytes, body: bytes) -> bytes:
    """A reply of the engine; the body ends with a status byte and ``;``."""
    return REPLY_PREFIX + storage + body + END


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting of a command.

    Attributes:
        echo: its text as it is echoed: without the query sign, without punctuation.
        tag: the tag; carried over from the entry before after a comma.
        subtag: the subtag; empty where a query is for the whole tag.
        data: the value to set; empty for queries and actions.
        query: ``*``, ``&``, ``^``, or empty.
        mark: the punctuation after it, ``,`` or ``;``.
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
    """A command as the engine understood it.

    Attributes:
        storage: ``@`` or ``#``.
        entries: its settings; at least one.
    """

    storage: bytes
    entries: tuple[Entry, ...]


class State(Enum):
    """A command of the older set about its configuration state."""

    ENTER = newland_legacy.ENTER
    LEAVE = newland_legacy.LEAVE


@dataclass(frozen=True, slots=True)
class Code:
    """A code of the older set; printable, without ``#`` and ``;``."""

    code: str


Command = Menu | State | Code


def parse_menu(storage: bytes, body: bytes) -> Menu:
    """Read what stands between storage sign and end of a command.

    Args:
        storage: ``@`` or ``#``.
        body: the settings; ends with ``;``.
    """
    entries = []
    tag = ""
    carried = False
    for text, mark in re.findall(rb"([^,;]*)([,;])", body):
        entry = _entry(text, tag if carried else None, mark)
        entries.append(entry)
        tag = entry.tag
        carried = mark == b","
    return Menu(storage, tuple(entries))


def _entry(text: bytes, tag: str | None, mark: bytes) -> Entry:
    words = text.decode("latin-1")
    query = words[-1] if words.endswith(QUERIES) else ""
    bare = words.removesuffix(query) if query else words
    own, rest = (bare[:3], bare[3:]) if tag is None else (tag, bare)
    return Entry(bare.encode("latin-1"), own, rest[:3], rest[3:], query, mark)


def reply_length(buffer: bytes) -> int | None:
    """Length of the reply a buffer begins with.

    Returns:
        The number of bytes of a whole reply; 0 when the buffer may still become one; None when it does not begin
        with a reply.
    """
    if not buffer or not REPLY_PREFIX.startswith(buffer[: len(REPLY_PREFIX)]):
        return None
    found = _REPLY.match(buffer)
    if found is not None:
        return found.end() if found.end() <= LONGEST_REPLY else None
    begun = len(buffer) < len(REPLY_PREFIX) or _REPLY_BEGUN.fullmatch(buffer) is not None
    return 0 if begun and len(buffer) <= LONGEST_REPLY else None


def answers(told: bytes) -> list[tuple[str, bytes]]:
    """The texts of a reply without punctuation, each with its status."""
    body = told[len(REPLY_PREFIX) + 1 :]
    return [(text.decode("latin-1"), status) for text, status in _ANSWERED.findall(body)]


def answers_to(told: bytes, sent: bytes) -> bool:
    """Whether a reply is the one to a command, and not a late one to another."""
    at = len(PREFIX)
    if told[at : at + 1] != sent[at : at + 1]:
        return False
    asked, texts = parse_menu(sent[at : at + 1], sent[at + 1 :]).entries, [text for text, _ in answers(told)]
    if any(entry.query and not entry.subtag for entry in asked):
        return bool(texts) and texts[0].encode("latin-1").startswith(asked[0].echo)
    return len(asked) == len(texts) and all(
        text.encode("latin-1").startswith(entry.echo) for entry, text in zip(asked, texts, strict=True)
    )


def product_lines(told: bytes) -> dict[str, str]:
    """The ``Key: value`` lines of the reply to ``QRYSYS``, keys in lower case; empty when there are none."""
    text, status = (answers(told) or [("", BAD_TAG)])[0]
    if status != DONE:
        return {}
    pairs = (line.partition(":") for line in text.removeprefix(Setting.PRODUCT).splitlines())
    return {key.strip().lower(): value.strip() for key, colon, value in pairs if colon and value.strip()}


class CommandReader:
    """Finds commands of both sets in the stream an engine receives."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._last_s = 0.0

    def feed(self, data: bytes, now_s: float) -> list[Command]:
        """Take bytes that arrived at ``now_s`` (monotonic, s) and return the commands they complete.

        Noise, a command that stalled and one broken off by a byte that cannot be printed are dropped without a word.
        """
        if self._buffer and now_s - self._last_s > STALL_S:
            self._buffer.clear()
        self._last_s = now_s
        self._buffer += data
        found: list[Command] = []
        while (head := _HEADS.search(self._buffer)) is not None:
            del self._buffer[: head.start()]
            command, length = self._command()
            if command is not None:
                found.append(command)
            if not length:
                return found
            del self._buffer[:length]
        self._buffer.clear()
        return found

    def _command(self) -> tuple[Command | None, int]:
        """The command at the buffer's start, and how many bytes are done with: 0 while it may still be completed."""
        match self._buffer[:1]:
            case b"~":
                return self._menu()
            case b"#":
                return self._code()
        for state in State:
            head = bytes(self._buffer[: len(state.value)])
            if head == state.value:
                return state, len(head)
            if state.value.startswith(head):
                return None, 0
        return None, 1

    def _menu(self) -> tuple[Menu | None, int]:
        at = len(PREFIX)
        if not bytes(self._buffer).startswith(PREFIX):
            return None, 0 if PREFIX.startswith(bytes(self._buffer)) else 1
        whole = _BODY.match(self._buffer, at)
        if whole is not None and whole.end() <= at + LONGEST_COMMAND:
            return parse_menu(bytes(self._buffer[at : at + 1]), whole.group(1)), whole.end()
        waits = _BODY_BEGUN.fullmatch(self._buffer, at) is not None and len(self._buffer) < at + LONGEST_COMMAND
        return None, 0 if waits else at

    def _code(self) -> tuple[Code | None, int]:
        found = _LEGACY_CODE.match(self._buffer)
        code, end = (found.group(1), found.group(2)) if found is not None else (b"", b"")
        if len(code) > newland_legacy.LONGEST_CODE:
            return None, 1
        if end:
            return Code(code.decode("latin-1")), 1 + len(code) + 1
        return None, 0 if 1 + len(code) == len(self._buffer) else 1
