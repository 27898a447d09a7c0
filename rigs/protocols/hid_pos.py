"""HID-POS reports of a bar code scanner: what is read, and Honeywell commands, without a serial port.

Follows the HID Point of Sale Usage Tables 1.02 (page 8C, usage 02) as Honeywell lays its scanned data report out, and a
public capture of a Voyager's answers. An input report on ``/dev/hidraw`` is 64 bytes::

    02 | length | AIM identifier (3) | data (56, zeros behind its length) | symbology | 00 | 1 when more follows

An answer to a menu command comes in reports of the same form under the identifiers ``]X0`` (lines of text) and ``]Z6``
(the echo and its status). An output report is ``FD | length | command``, zeros behind it up to 64 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

REPORT_BYTES = 64
SCANNED = 0x02
"""Report id of scanned data."""
COMMAND = 0xFD
"""Report id of a command."""
DATA_BYTES = 56
_COMMAND_BYTES = REPORT_BYTES - 2
QR = b"]Q1"
ANSWER_TEXT, ANSWER_STATUS = b"]X0", b"]Z6"
ANSWERS = (ANSWER_TEXT, ANSWER_STATUS)
_SYMBOLOGIES = {QR: b"s", ANSWER_TEXT: b"?", ANSWER_STATUS: b"6"}
"""Honeywell's code of a symbology; answers have codes of their own."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a row of reports carried together.

    Attributes:
        identifier: AIM identifier of its symbology, three bytes.
        data: its content.
        reports: the reports themselves.
    """

    identifier: bytes
    data: bytes
    reports: bytes


def scanned_data(identifier: bytes, data: bytes) -> bytes:
    """The input reports of one content."""
    pieces = [data[start : start + DATA_BYTES] for start in range(0, len(data), DATA_BYTES)] or [b""]
    symbology = _SYMBOLOGIES.get(identifier, b"\x00")
    return b"".join(
        bytes((SCANNED, len(piece)))
        + identifier
        + piece.ljust(DATA_BYTES, b"\x00")
        + symbology
        + bytes((0, number < len(pieces) - 1))
        for number, piece in enumerate(pieces)
    )


def command_reports(command: bytes) -> bytes:
    """The output reports of a command; a long one takes several (reconstructed: no capture shows one)."""
    pieces = [command[start : start + _COMMAND_BYTES] for start in range(0, len(command), _COMMAND_BYTES)]
    return b"".join(bytes((COMMAND, len(piece))) + piece.ljust(_COMMAND_BYTES, b"\x00") for piece in pieces)


@dataclass
class MessageReader:
    """Puts the messages in a stream of input reports together."""

    _buffer: bytes = b""
    _begun: Message | None = None

    @property
    def begun(self) -> bytes:
        """Bytes of a message that is not whole yet."""
        return (self._begun.reports if self._begun else b"") + self._buffer

    def feed(self, data: bytes) -> list[Message]:
        """Take bytes in whatever pieces and return the messages they complete.

        A report of another id, or one whose length cannot be, is dropped, and with it what it interrupted.
        """
        self._buffer += data
        found = []
        while len(self._buffer) >= REPORT_BYTES:
            report, self._buffer = self._buffer[:REPORT_BYTES], self._buffer[REPORT_BYTES:]
            if report[0] != SCANNED or report[1] > DATA_BYTES:
                self._begun = None
                continue
            identifier, piece = report[2:5], report[5 : 5 + report[1]]
            before = self._begun if self._begun and self._begun.identifier == identifier else None
            message = Message(
                identifier,
                (before.data if before else b"") + piece,
                (before.reports if before else b"") + report,
            )
            more = bool(report[-1] & 1)
            self._begun = message if more else None
            if not more:
                found.append(message)
        return found


@dataclass
class CommandReader:
    """Finds the commands in a stream of output reports, padded to their size or not."""

    _buffer: bytes = b""

    def feed(self, data: bytes) -> bytes:
        """Take bytes in whatever pieces and return the bytes of commands they complete, without their reports."""
        self._buffer += data
        found = b""
        while self._buffer:
            start = self._buffer.find(bytes((COMMAND,)))
            if start != 0:
                self._buffer = self._buffer[start:] if start > 0 else b""
                continue
            if len(self._buffer) < 2:
                break
            length = self._buffer[1]
            if length > _COMMAND_BYTES:
                self._buffer = self._buffer[1:]
                continue
            if len(self._buffer) < 2 + length:
                break
            found += self._buffer[2 : 2 + length]
            self._buffer = self._buffer[2 + length :]
        return found
