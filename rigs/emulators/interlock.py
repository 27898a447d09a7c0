"""The wire inside a multi-in-one terminal over which its scanner asks whether it may hand over a code."""

from __future__ import annotations

import socket
from pathlib import Path


class Interlock:
    """The scanner's end.

    Args:
        path: Unix socket of the card side, ``rigs.emulators.card_terminal``.
    """

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))

    def grants(self) -> bool:
        """Whether no other medium is being handed over; a card side that is gone does not object."""
        try:
            self._socket.sendall(b"?")
            return self._socket.recv(1) != b"0"
        except OSError:
            return True
