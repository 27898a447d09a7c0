"""An SDT identity-card module on a serial line. Tried on: the project's emulator; no hardware yet."""

from __future__ import annotations

import time
from collections.abc import Callable

from rigs.protocols import sdt
from rigs.protocols.card_masking import MASKED_BYTE
from rigs.protocols.sdt import Message, Person
from rigs.roles.cards import CardRemovedError, CardSilentError
from rigs.serial_line import SerialLine

BAUD = 115_200
CALL_S = 1.0
"""How long the module may take for one answer."""
_HEAD_BYTES = 10
"""Bytes of an answer before its data."""


class SdtReader:
    """The module. What a card holds is masked in the journal.

    Args:
        line: its line, open at ``BAUD``.
        watch: told every answer as it came, before anything is masked.
    """

    def __init__(self, line: SerialLine, watch: Callable[[str, bytes], None] | None = None) -> None:
        self._line = line
        self._watch = watch
        self._buffer = b""

    def find(self) -> bool:
        """Whether a card that was not read before lies there.

        Raises:
            CardSilentError: the module does not answer.
            RigError: its line is gone.
        """
        return self._ask(sdt.FIND).head == sdt.FOUND

    def read(self) -> Person:
        """Read the card found.

        Raises:
            CardRemovedError: it was taken off, or the module cannot read it.
            CardSilentError: the module does not answer.
            SdtError: the text has another layout.
            RigError: its line is gone.
        """
        for which in (sdt.SELECT, sdt.READ):
            message = self._ask(which)
            if message.head != sdt.DONE:
                raise CardRemovedError(f"the module says {message.head.hex()}")
        return sdt.person(message.data)

    @property
    def journal(self) -> int:
        """Number of the last journal record."""
        return self._line.journal.count

    @property
    def url(self) -> str:
        """Its port."""
        return self._line.url

    @property
    def channel(self) -> str:
        """Its bench role."""
        return self._line.channel

    def close(self) -> None:
        """Release the port."""
        self._line.close()

    def _ask(self, which: tuple[int, int]) -> Message:
        self._buffer = b""
        self._line.write(sdt.command(which))
        deadline = time.monotonic() + CALL_S
        while (left := deadline - time.monotonic()) > 0:
            chunk = self._line.read(left)
            if chunk is None:
                break
            self._buffer += chunk.data
            if (frame := self._frame()) is not None:
                self._record(frame, chunk.t_ns)
                message = sdt.parse(frame, 3)
                if message.sound:
                    return message
        raise CardSilentError("no sound answer from the identity-card module")

    def _frame(self) -> bytes | None:
        while self._buffer:
            length = sdt.frame_length(self._buffer)
            if length is None:
                self._buffer = self._buffer[1:]
            elif length == 0:
                return None
            else:
                frame, self._buffer = self._buffer[:length], self._buffer[length:]
                return frame
        return None

    def _record(self, frame: bytes, t_ns: int) -> None:
        if self._watch is not None:
            self._watch(self.channel, frame)
        data = len(frame) - _HEAD_BYTES - 1
        masked = frame if data <= 16 else frame[:_HEAD_BYTES] + MASKED_BYTE * data + frame[-1:]
        self._line.record(masked, t_ns)
