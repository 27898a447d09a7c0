"""The keyboard link of an emulated device: boot keyboard reports over loopback TCP, LEDs of the host the other way.

Stands in for ``/dev/hidraw`` where the kernel has no USB gadget. Reports are not paced, and each is written by itself
into the smallest buffer the kernel grants, so that a host that does not take them is felt here as on a real bus.
"""

from __future__ import annotations

import contextlib
import queue
import select
import socket
import threading
from collections.abc import Callable

from rigs.emulators.typist import Typist
from rigs.protocols import hid_keyboard
from rigs.protocols.hid_keyboard import REPORT_BYTES, Led

PATIENCE_S = 2.0
"""How long a report waits for its host before the host is cut off, s."""


class KeyboardPort:
    """Types on every host that is connected; texts typed while none is are lost, as on a real keyboard.

    Args:
        typist: how it types.
        suffix: key pressed after each text.
        patience_s: how long a report waits for its host, s.
    """

    def __init__(
        self, typist: Typist | None = None, suffix: int = hid_keyboard.ENTER, patience_s: float = PATIENCE_S
    ) -> None:
        self._typist = typist or Typist()
        self._suffix = suffix
        self._patience_s = patience_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # the kernel makes its minimum of it
        host, port = self._listener.getsockname()
        self.address = f"{host}:{port}"
        """``host:port`` to connect to."""
        self._hosts: list[_Host] = []
        self._acceptor = threading.Thread(target=self._accept, name="keyboard-port", daemon=True)
        self._acceptor.start()

    def type_text(self, text: bytes) -> None:
        """Type a text and the suffix on every host, each as fast as it takes them."""
        for host in tuple(self._hosts):
            host.texts.put(text)

    def close(self) -> None:
        """Unplug."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts; closing alone does not
        self._acceptor.join(1)
        self._listener.close()
        for host in tuple(self._hosts):
            host.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(self._patience_s)
            host = _Host(connection, self._typist, self._suffix, self._hosts.remove)
            self._hosts.append(host)
            threading.Thread(target=host.serve, name="keyboard-host", daemon=True).start()


class _Host:
    """One host: what is still to be typed on it, and what it told of its lock keys."""

    def __init__(self, connection: socket.socket, typist: Typist, suffix: int, left: Callable[[_Host], None]) -> None:
        self.texts: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._left = left
        self._connection = connection
        self._typist = typist
        self._suffix = suffix
        self._leds = Led(0)

    def serve(self) -> None:
        """Type texts in turn until the host has left, or let reports wait for too long."""
        with contextlib.suppress(OSError):
            while (text := self.texts.get()) is not None:
                self._hear()
                for byte in text:
                    self._put(self._typist.stroke(byte, self._leds))
                self._put(hid_keyboard.press(self._typist.ending(self._suffix)))
        self._left(self)
        self._connection.close()

    def close(self) -> None:
        """Unplug."""
        self.texts.put(None)
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _hear(self) -> None:
        """Take the LEDs the host has sent; the last byte counts."""
        while select.select([self._connection], [], [], 0)[0]:
            said = self._connection.recv(64)
            if not said:
                raise ConnectionResetError("the host has left")
            self._leds = Led(said[-1] & 0x1F)

    def _put(self, reports: bytes) -> None:
        for start in range(0, len(reports), REPORT_BYTES):
            holds_s = self._typist.holds_s
            if holds_s is None or select.select([], [self._connection], [], holds_s)[1]:
                self._connection.sendall(reports[start : start + REPORT_BYTES])
