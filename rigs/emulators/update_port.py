"""The update port of an emulated device, its boot loader's: a length of four bytes, an image, and a line comes back.

The line begins with ``accepted`` or ``refused``. A new firmware runs after a restart of the device. An image goes into
the flash at once when it is there as a whole: a supply that fails before leaves the firmware there was.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

from rigs.emulators.firmware import Flash, ImageRefusedError

MAX_IMAGE = 16 << 20


class UpdatePort:
    """Listens on loopback while the device has a process, and answers while it has a supply.

    Args:
        flash: what images go into.
        power: cuts (False) and restores (True) what runs the firmware.
    """

    def __init__(self, flash: Flash, power: Callable[[bool], None]) -> None:
        self._flash = flash
        self._power = power
        self._lock = threading.Lock()
        self._fed, self._dead = True, False
        self._tool: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        host, port = self._listener.getsockname()
        self.address = f"{host}:{port}"
        """``host:port`` to connect to."""
        threading.Thread(target=self._serve, name="update-port", daemon=True).start()

    def feed(self, on: bool) -> None:
        """Follow the supply; an image that is under way when it fails is lost with it."""
        with self._lock:
            self._fed = on
            if not on and self._tool is not None:
                with contextlib.suppress(OSError):
                    self._tool.shutdown(socket.SHUT_RDWR)
                self._tool = None
            self._power(on and not self._dead)

    def close(self) -> None:
        """Unplug."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts; closing alone does not
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                tool, _ = self._listener.accept()
            except OSError:
                return
            with tool, tool.makefile("rb") as sent, contextlib.suppress(OSError, struct.error):
                with self._lock:
                    if not self._fed:
                        continue
                    self._tool = tool
                size = struct.unpack(">I", sent.read(4))[0]
                image = sent.read(min(size, MAX_IMAGE))
                with self._lock:
                    whole, self._tool = len(image) == size and self._tool is tool, None
                    said = self._install(image) if whole else ""
                if said:
                    tool.sendall(said.encode() + b"\n")

    def _install(self, image: bytes) -> str:
        try:
            version = self._flash.install(image)
        except ImageRefusedError as refusal:
            if self._flash.dies_of_bad_images:
                self._dead = True
                self._power(False)
            return f"refused: {refusal}"
        self._dead = False
        self._power(False)
        self._power(True)
        return f"accepted: V{version / 100:.2f}"
