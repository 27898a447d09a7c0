"""Carries the reports of a USB device between ``/dev/hidraw`` and sockets of this machine, whole and in order.

After the kernel's hidraw documentation: a read yields one report, with its number in front only where the device
numbers its reports; a write begins with the report's number, 0 where it does not. Tried on a socket pair that keeps
reports apart; on no hardware yet.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rigs.errors import RigError
from rigs.protocols import hid_keyboard, hid_pos

_LONGEST_REPORT = 4096
"""Bytes of the longest report that hidraw hands out."""
_MOST_WAITING = 1 << 20
"""Bytes that may wait for one host before it is cut off."""


@dataclass(frozen=True, slots=True)
class ReportForm:
    """How long the reports of a kind of device are.

    Attributes:
        inwards: bytes of a report from the device, as hidraw hands it out.
        outwards: bytes of a report to the device, as it stands on the socket.
        number: what hidraw wants in front of that.
    """

    inwards: int
    outwards: int
    number: bytes


FORMS: Mapping[str, ReportForm] = MappingProxyType(
    {
        "keyboard": ReportForm(hid_keyboard.REPORT_BYTES, 1, b"\x00"),
        "hid-pos": ReportForm(hid_pos.REPORT_BYTES, hid_pos.REPORT_BYTES, b""),
    }
)


class HidrawRelay:
    """Hands every report of a device to every host, and theirs to the device.

    What comes while no host is there is dropped, as on a computer that is not looking. A host that is slow is waited
    for in memory and not at the device, because the kernel drops reports that nobody fetches.

    Args:
        device: descriptor of the open device; closed with the relay.
        path: its name in errors.
        form: how long its reports are.
        port: where to listen on loopback; 0 for any free port.

    Raises:
        RigError: the port is taken.
    """

    def __init__(self, device: int, path: str, form: ReportForm, port: int = 0) -> None:
        self._device, self._path, self._form = device, path, form
        try:
            self._listener = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            os.close(device)
            raise RigError(
                f"port {port} cannot be listened at ({error.strerror})", where=path, remedy="give it another --port"
            ) from error
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        """What a bench file names."""
        self._waiting: dict[socket.socket, bytearray] = {}
        self._begun: dict[socket.socket, bytes] = {}
        self._ready = selectors.DefaultSelector()
        self._ready.register(device, selectors.EVENT_READ)
        self._ready.register(self._listener, selectors.EVENT_READ)

    def serve(self) -> None:
        """Carry reports until the device is gone.

        Raises:
            RigError: the device went away, or its reports are none of the form's.
        """
        while True:
            for key, events in self._ready.select():
                if key.fileobj == self._device:
                    self._hand_out(self._fetch())
                elif key.fileobj is self._listener:
                    self._take_host()
                elif isinstance(key.fileobj, socket.socket) and key.fileobj in self._waiting:
                    self._attend(key.fileobj, events)

    def close(self) -> None:
        """Let go of the device and of every host."""
        for host in tuple(self._waiting):
            self._leave(host)
        self._ready.close()
        self._listener.close()
        os.close(self._device)

    def _fetch(self) -> bytes:
        try:
            report = os.read(self._device, _LONGEST_REPORT)
        except OSError:
            report = b""
        if not report:
            raise RigError("the device went away", where=self._path, remedy="plug it in and start the relay again")
        if len(report) != self._form.inwards:
            raise RigError(
                f"the device sends a report of {len(report)} bytes, where {self._form.inwards} are carried",
                where=self._path,
                remedy="take another of its /dev/hidraw, or another --as",
            )
        return report

    def _hand_out(self, report: bytes) -> None:
        for host, waiting in tuple(self._waiting.items()):
            waiting.extend(report)
            if len(waiting) > _MOST_WAITING:
                self._leave(host)
            else:
                self._send(host)

    def _take_host(self) -> None:
        host, _ = self._listener.accept()
        host.setblocking(False)
        host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._waiting[host], self._begun[host] = bytearray(), b""
        self._ready.register(host, selectors.EVENT_READ)

    def _attend(self, host: socket.socket, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._send(host)
        if events & selectors.EVENT_READ and host in self._waiting:
            data = b""
            with contextlib.suppress(OSError):
                data = host.recv(_LONGEST_REPORT)
            if not data:
                self._leave(host)
                return
            self._pass_on(host, data)

    def _pass_on(self, host: socket.socket, data: bytes) -> None:
        """Write the whole reports among what a host has said; the rest waits for more of it."""
        size = self._form.outwards
        said = self._begun[host] + data
        whole = len(said) - len(said) % size
        self._begun[host] = said[whole:]
        for start in range(0, whole, size):
            try:
                os.write(self._device, self._form.number + said[start : start + size])
            except OSError as error:
                raise RigError(
                    f"the device takes no report of {size} bytes ({error.strerror})",
                    where=self._path,
                    remedy="check that it is still plugged in, and that --as names what it is",
                ) from error

    def _send(self, host: socket.socket) -> None:
        """Send what waits for a host, as far as it takes it now."""
        waiting = self._waiting[host]
        try:
            del waiting[: host.send(waiting)]
        except BlockingIOError:
            pass
        except OSError:
            self._leave(host)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if waiting else 0)
        self._ready.modify(host, wanted)

    def _leave(self, host: socket.socket) -> None:
        del self._waiting[host], self._begun[host]
        self._ready.unregister(host)
        host.close()


def open_hidraw(path: str) -> int:
    """A descriptor of a device.

    Raises:
        RigError: it is not there, or not this user's.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise RigError(
            f"cannot be opened ({error.strerror})",
            where=path,
            remedy="check the path (`ls -l /dev/hidraw*`) and that a udev rule gives it to your user",
        ) from error
