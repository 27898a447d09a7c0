"""``reports://host:port``: a stream of reports over TCP, taken as it comes.

As pyserial's ``socket://``, which hands on one byte at a time: a code typed as Alt codes is four thousand of them.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from typing import Any

from serial.urlhandler import protocol_socket

SCHEME = "reports://"


class Serial(protocol_socket.Serial):
    """A port at the far end of a socket."""

    _socket: socket.socket | None

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read at once."""
        if self._socket is None:
            return 0
        (waiting,) = struct.unpack("i", fcntl.ioctl(self._socket, termios.FIONREAD, bytes(4)))
        return int(waiting)

    def read(self, size: int = 1) -> Any:
        """As pyserial's; a device with a small buffer is not made to wait for an acknowledgement."""
        data = super().read(size)
        if self._socket is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return data

    def from_url(self, url: str) -> tuple[str, int]:
        """Host and port of the address."""
        address: tuple[str, int] = super().from_url(url.replace(SCHEME, "socket://", 1))
        return address
