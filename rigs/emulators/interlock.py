"""The wire inside a multi-in-one terminal over which its scanner asks whether it may hand over a code."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

LISTENS = b"!"
"""What the scanner says on a wire on which it takes texts to hand over."""


class Interlock:
    """The scanner's end.

    Args:
        path: Unix socket of the card side, ``rigs.emulators.card_terminal``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))

    def grants(self) -> bool:
        """Whether no other medium is being handed over; a card side that is gone does not object."""
        try:
            self._socket.sendall(b"?")
            return self._socket.recv(1) != b"0"
        except OSError:
            return True

    def listen(self, hand_over: Callable[[bytes], None]) -> None:
        """Hand over whatever the card side wants to go out on the scanner's line."""
        wire = socket.socket(socket.AF_UNIX)
        wire.connect(str(self._path))
        wire.sendall(LISTENS)

        def follow() -> None:
            with wire, wire.makefile("rb") as texts:
                for text in texts:
                    hand_over(text.rstrip(b"\n"))

        threading.Thread(target=follow, name="interlock", daemon=True).start()
