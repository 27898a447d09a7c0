"""An emulated chip without a reader: APDUs over TCP.

Messages are those of ``rigs.emulators.apdu_port``.
"""

from __future__ import annotations

import socket
import struct
from urllib.parse import urlsplit

from rigs.errors import RigError
from rigs.roles.cards import CardSilentError

POWER_ON, ATR = 0x01, 0x04
TIMEOUT_S = 10.0


class TcpApduChannel:
    """An emulated chip at the far end of a TCP connection.

    Args:
        url: ``socket://host:port``.
        where: bench role, named in errors.

    Raises:
        RigError: nothing listens there, or there is no chip.
    """

    protocol = "T=1"

    def __init__(self, url: str, where: str) -> None:
        self.url = url
        self._where = where
        parts = urlsplit(url)
        try:
            self._socket = socket.create_connection((parts.hostname or "", parts.port or 0), TIMEOUT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, ValueError) as error:
            raise self._gone(error) from error
        try:
            self._send(bytes((POWER_ON,)))
            self._send(bytes((ATR,)))
            self.atr = self._receive()
            if not self.atr:
                raise RigError("there is no chip in the slot", where=where, remedy="put the module in")
        except BaseException:
            self.close()
            raise

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Send one command APDU; the response data and the status word.

        Raises:
            CardSilentError: the answer has no status word.
            RigError: the emulator is gone or silent.
        """
        self._send(apdu)
        answer = self._receive()
        if len(answer) < 2:
            raise CardSilentError("an answer without a status word")
        return answer[:-2], int.from_bytes(answer[-2:])

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _send(self, message: bytes) -> None:
        try:
            self._socket.sendall(struct.pack(">H", len(message)) + message)
        except OSError as error:
            raise self._gone(error) from error

    def _receive(self) -> bytes:
        return self._exactly(struct.unpack(">H", self._exactly(2))[0])

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                piece = self._socket.recv(size - len(data))
            except OSError as error:
                raise self._gone(error) from error
            if not piece:
                raise self._gone("the connection was closed")
            data += piece
        return data

    def _gone(self, error: object) -> RigError:
        return RigError(
            f"no answer from {self.url} ({error})",
            where=self._where,
            remedy="start the module (`xiangka emulate security-module`) or correct `url` in the bench file",
        )
