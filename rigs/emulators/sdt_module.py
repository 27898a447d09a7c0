"""The identity-card module of a terminal: SDT on a line, a card laid on and taken off."""

from __future__ import annotations

from collections.abc import Callable

from rigs.card_images import IdentityImage
from rigs.protocols import sdt

_FIND_DATA = bytes(4)
_SELECT_DATA = bytes(8)


class SdtModule:
    """Answers commands; a card is found once, and again only after it was taken off.

    Args:
        send: hands bytes to the line.
        when_read: called once a card has been read.
    """

    def __init__(self, send: Callable[[bytes], None], when_read: Callable[[], None]) -> None:
        self._send = send
        self._when_read = when_read
        self._buffer = b""
        self._card: IdentityImage | None = None
        self._state = "new"

    def lay_on(self, card: IdentityImage) -> None:
        """Lay a card on."""
        self._card, self._state = card, "new"

    def take_off(self) -> None:
        """Take it off."""
        self._card = None

    def receive(self, data: bytes) -> None:
        """Take bytes from the host; what is no frame is skipped."""
        self._buffer += data
        while self._buffer:
            length = sdt.frame_length(self._buffer)
            if length is None:
                self._buffer = self._buffer[1:]
            elif length == 0:
                return
            else:
                frame, self._buffer = self._buffer[:length], self._buffer[length:]
                self._send(self._answer(frame))

    def _answer(self, frame: bytes) -> bytes:
        message = sdt.parse(frame, 2)
        if not message.sound:
            return sdt.answer(sdt.BAD_CHECK)
        match tuple(message.head):
            case sdt.FIND:
                return self._find()
            case sdt.SELECT:
                return self._select()
            case sdt.READ:
                return self._read()
            case _:
                return sdt.answer(sdt.UNKNOWN_COMMAND)

    def _find(self) -> bytes:
        if self._card is None or self._state == "read":
            return sdt.answer(sdt.NONE)
        self._state = "found"
        return sdt.answer(sdt.FOUND, _FIND_DATA)

    def _select(self) -> bytes:
        if self._card is None or self._state != "found":
            return sdt.answer(sdt.NOT_SELECTED)
        self._state = "selected"
        return sdt.answer(sdt.DONE, _SELECT_DATA)

    def _read(self) -> bytes:
        if self._card is None or self._state != "selected":
            return sdt.answer(sdt.NOT_READ)
        self._state = "read"
        self._when_read()
        return sdt.answer(sdt.DONE, self._card.data)
