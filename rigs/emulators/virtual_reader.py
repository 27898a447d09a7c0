"""The slot of an emulated card reader: the card's end of the virtual reader that vsmartcard brings to ``pcscd``.

The protocol is that of vsmartcard's *vpcd*. The driver in ``pcscd`` listens on a port for each slot; a connection is a
card in the slot, its end is the card taken out. Every message has its length before it, two bytes, big-endian. One
byte 00, 01, 02 or 04 is power off, power on, reset or the question for the ATR, of which only the last is answered;
anything longer is an APDU and is answered by the response APDU. The driver notices a card about twice a second.

A reader with its daemon lives in a network namespace (``rigs.pcsc_daemon``), so an emulator has to be started there.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from enum import IntEnum
from typing import Protocol

CONNECT_S = 20.0
"""How long a driver may take to come up before a card is given up."""


class Control(IntEnum):
    """Messages of one byte."""

    POWER_OFF = 0x00
    POWER_ON = 0x01
    RESET = 0x02
    ATR = 0x04


class VirtualCard(Protocol):
    """A card as a slot sees it."""

    @property
    def atr(self) -> bytes:
        """Its answer to reset; empty while it stays mute."""

    def reset(self) -> None:
        """Begin anew, as after power on."""

    def transmit(self, apdu: bytes) -> bytes:
        """Carry out one command APDU; the response with its status word."""


class VirtualSlot:
    """One slot; a card may be put in and taken out at any moment, also while it works on a command.

    Args:
        port: loopback port on which the driver waits for this slot's card.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._lock = threading.Lock()
        self._card: VirtualCard | None = None
        self._reader: socket.socket | None = None
        self._busy = False
        self._linger_s = 0.0

    @property
    def card(self) -> VirtualCard | None:
        """The card in the slot."""
        return self._card

    @property
    def working(self) -> bool:
        """Whether the card works on a command."""
        return self._busy

    def insert(self, card: VirtualCard) -> None:
        """Put a card in; whatever was there is taken out first."""
        self.remove()
        self._card = card
        threading.Thread(target=self._serve, args=(card,), name=f"slot-{self.port}", daemon=True).start()

    def remove(self, linger_s: float = 0.0) -> None:
        """Take the card out; a command under way is never answered.

        Args:
            linger_s: how long the host is left waiting for that answer, s: a fault.
        """
        with self._lock:
            self._card, reader = None, self._reader
            self._reader = None
            self._linger_s = linger_s if self._busy else 0.0
            if reader is not None and not self._linger_s:
                with contextlib.suppress(OSError):
                    reader.shutdown(socket.SHUT_RDWR)  # ends the wait of the thread that serves it

    def close(self) -> None:
        """Unplug the slot."""
        self.remove()

    def _serve(self, card: VirtualCard) -> None:
        """Be the card until it is taken out; the driver may let go of one that is still there, and take it again."""
        while (reader := self._plugged_in(card)) is not None:
            with reader, contextlib.suppress(OSError):
                while self._card is card and (message := _message(reader)) is not None:
                    self._answer(card, message, reader)

    def _plugged_in(self, card: VirtualCard) -> socket.socket | None:
        deadline = time.monotonic() + CONNECT_S
        while self._card is card and time.monotonic() < deadline:
            try:
                reader = socket.create_connection(("127.0.0.1", self.port), CONNECT_S)
            except OSError:
                time.sleep(0.05)
                continue
            reader.settimeout(None)
            with self._lock:
                if self._card is card:
                    self._reader = reader
                    return reader
            reader.close()
        return None

    def _answer(self, card: VirtualCard, message: bytes, reader: socket.socket) -> None:
        if message == bytes((Control.ATR,)):
            answer = card.atr
        elif len(message) == 1:
            card.reset()
            return
        else:
            self._busy = True
            answer = card.transmit(message)
        with self._lock:
            self._busy = False
            here = self._card is card
        if here:
            reader.sendall(struct.pack(">H", len(answer)) + answer)
        else:
            time.sleep(self._linger_s)


def _message(reader: socket.socket) -> bytes | None:
    """The next message, or None at the end of the connection."""
    head = _exactly(reader, 2)
    return None if head is None else _exactly(reader, struct.unpack(">H", head)[0])


def _exactly(reader: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        # The driver writes power and question in two messages: the second waits 40 ms for the first's receipt
        reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        piece = reader.recv(size - len(data))
        reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if not piece:
            return None
        data += piece
    return data
