"""A serial line that ends in a TCP socket, as serial servers in raw mode offer it: bytes and nothing else.

Neither line rate nor parity of the host can be seen, so none is ever wrong.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time

from rigs.emulators.paced_output import PacedOutput, PacedPort
from rigs.framing import PLAIN, Framing

STUCK_S = 5.0
"""A host that takes nothing for so long is cut off, s."""
_GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class TcpPort(PacedPort):
    """A loopback socket that one host at a time may connect to; who leaves may come back, and a second is sent away.

    Args:
        baud: the device's line rate, bit/s.
        pace: as ``PacedOutput``.
        framing: how many bit times a character takes.
    """

    scheme = "socket"

    def __init__(self, baud: int, pace: str, framing: Framing = PLAIN) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        host, port = self._listener.getsockname()
        self._url = f"{self.scheme}://{host}:{port}"
        self._host: socket.socket | None = None
        self._sending = threading.RLock()
        self._output = PacedOutput(baud, pace, framing, self._write)

    @property
    def url(self) -> str:
        """The pyserial URL a host opens."""
        return self._url

    def read(self, timeout_s: float) -> bytes:
        """Bytes from the host, empty when none came in time; hosts come and go in here."""
        deadline = time.monotonic() + timeout_s
        while True:
            ends = [end for end in (self._listener, self._host) if end is not None]
            ready, _, _ = select.select(ends, [], [], max(0.0, deadline - time.monotonic()))
            if self._host in ready and (data := self._receive()):
                return data
            if self._listener in ready:
                self._welcome()
            if time.monotonic() >= deadline:
                return b""

    def power(self, on: bool) -> None:
        """Nothing on a raw socket tells."""

    def close(self) -> None:
        """Unplug: the host's connection ends."""
        self._part()
        self._output.close()
        self._listener.close()

    def _met(self) -> None:
        """A host has connected."""

    def _parted(self) -> None:
        """It is gone."""

    def _heard(self, data: bytes) -> bytes:
        """What the device makes of bytes from the connection."""
        return data

    def _write(self, piece: bytes) -> None:
        self._put(piece)

    def _put(self, data: bytes) -> None:
        """Put bytes on the connection; a host that does not take them is cut off."""
        with self._sending:
            if self._host is not None:
                try:
                    self._host.sendall(data)
                except OSError:
                    self._hang_up(self._host)

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):
            newcomer, _ = self._listener.accept()
            if self._host is not None and not _has_left(self._host):
                newcomer.close()
                return
            self._part()
            newcomer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            newcomer.settimeout(STUCK_S)
            with self._sending:
                self._host = newcomer
                self._met()

    def _receive(self) -> bytes:
        host = self._host
        assert host is not None  # noqa: S101 - select named it
        try:
            data = host.recv(4096)
        except OSError:
            data = b""
        if not data:
            self._part()
            return b""
        return self._heard(data)

    def _part(self) -> None:
        """Let go of the host."""
        host = self._host
        if host is not None:
            self._hang_up(host)  # first, because a thread may be stuck in sending to it
            with self._sending:
                self._host = None
            self._parted()
            host.close()

    @staticmethod
    def _hang_up(host: socket.socket) -> None:
        with contextlib.suppress(OSError):
            host.shutdown(socket.SHUT_RDWR)


def _has_left(host: socket.socket) -> bool:
    """Whether a host has closed its end, read or unread bytes before that notwithstanding."""
    poll = select.poll()
    poll.register(host, _GONE)
    return bool(poll.poll(0))
