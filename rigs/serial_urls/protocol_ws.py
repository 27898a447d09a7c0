"""``ws://``: a WebSocket as a port. Every write is one text message; those that come in are read one after another."""

from __future__ import annotations

from typing import Any

import serial
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

_OPEN_S = 5.0
_GONE = (WebSocketException, OSError)


class Serial(serial.SerialBase):
    """A port at the far end of a WebSocket; line rate, framing and modem lines mean nothing to it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._connection: ClientConnection | None = None
        self._unread = b""
        super().__init__(*args, **options)

    @property
    def in_waiting(self) -> int:
        """Bytes of a message that has begun to be read."""
        return len(self._unread)

    def open(self) -> None:
        """Connect.

        Raises:
            serial.SerialException: nothing there speaks WebSocket.
        """
        try:
            self._connection = connect(self.portstr or "", open_timeout=_OPEN_S, compression=None, proxy=None)
        except (*_GONE, ValueError) as error:
            raise serial.SerialException(str(error) or type(error).__name__) from error
        self.is_open = True

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self.is_open = False

    def read(self, size: int = 1) -> bytes:
        """Bytes of the message being read, or of the next; none when none comes within the time limit.

        Raises:
            serial.SerialException: the connection is gone.
        """
        if not self._unread:
            self._unread = self._next_message()
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken

    def write(self, data: Any) -> int:
        """Send one message.

        Raises:
            serial.SerialException: the connection is gone.
        """
        try:
            self._there().send(bytes(data).decode("utf-8", "replace"))
        except _GONE as error:
            raise serial.SerialException(str(error)) from error
        return len(data)

    def _next_message(self) -> bytes:
        try:
            message = self._there().recv(self.timeout)
        except TimeoutError:
            return b""
        except _GONE as error:
            raise serial.SerialException(str(error)) from error
        return message.encode() if isinstance(message, str) else message

    def _there(self) -> ClientConnection:
        if self._connection is None:
            raise serial.PortNotOpenError
        return self._connection

    def _reconfigure_port(self) -> None:
        """Nothing of a line's to set."""

    _update_dtr_state = _update_rts_state = _update_break_state = _reconfigure_port
