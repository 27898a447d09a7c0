"""The keyboard link of an emulated device: boot keyboard reports over loopback TCP.

Stands in for ``/dev/hidraw`` where the kernel has no USB gadget. Reports are not paced.
"""

from __future__ import annotations

import contextlib
import socket
import threading

from rigs.protocols import hid_keyboard

_BUFFER = 1 << 18
"""Bytes a host may lag behind before it is cut off; the longest QR code takes 69 kB of reports."""


class KeyboardPort:
    """Types on every host that is connected; texts typed while none is are lost, as on a real keyboard."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        host, port = self._listener.getsockname()
        self.address = f"{host}:{port}"
        """``host:port`` to connect to."""
        self._hosts: list[socket.socket] = []
        self._acceptor = threading.Thread(target=self._accept, name="keyboard-port", daemon=True)
        self._acceptor.start()

    def type_text(self, text: bytes) -> None:
        """Type a text and Enter; a host that does not read along is cut off."""
        if not self._hosts:
            return
        reports = hid_keyboard.type_text(text)
        for host in tuple(self._hosts):
            try:
                host.sendall(reports)
            except OSError:
                self._hosts.remove(host)
                host.close()

    def close(self) -> None:
        """Unplug."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts; closing alone does not
        self._acceptor.join(1)
        self._listener.close()
        for host in self._hosts:
            host.close()

    def _accept(self) -> None:
        while True:
            try:
                host, _ = self._listener.accept()
            except OSError:
                return
            host.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            host.setblocking(False)
            self._hosts.append(host)
