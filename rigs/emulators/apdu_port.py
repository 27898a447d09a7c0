"""A chip without a reader: APDUs over loopback TCP, framed as vsmartcard's driver frames them.

Every message has its length before it, two bytes, big-endian. One byte 00, 01 or 02 is power off, power on or reset,
04 the question for the ATR; anything longer is a command, and answered.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

from rigs.emulators.virtual_reader import Control, VirtualCard


class ApduPort:
    """Listens on loopback; one host at a time.

    Args:
        chip: what answers.
    """

    def __init__(self, chip: VirtualCard) -> None:
        self._chip = chip
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        """Where a host finds it."""
        threading.Thread(target=self._serve, name="apdu-port", daemon=True).start()

    def close(self) -> None:
        """Unplug."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts; closing alone does not
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                host, _ = self._listener.accept()
            except OSError:
                return
            host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with host, host.makefile("rb") as messages, contextlib.suppress(OSError, struct.error):
                while True:
                    message = messages.read(struct.unpack(">H", messages.read(2))[0])
                    if (answer := self._answer(message)) is not None:
                        host.sendall(struct.pack(">H", len(answer)) + answer)

    def _answer(self, message: bytes) -> bytes | None:
        if message == bytes((Control.ATR,)):
            return self._chip.atr
        if len(message) > 1:
            return self._chip.transmit(message)
        self._chip.reset()
        return None
