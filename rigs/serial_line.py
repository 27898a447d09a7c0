"""A serial line as its host sees it: any pyserial URL, every chunk stamped on arrival."""

from __future__ import annotations

import contextlib
import errno
import queue
import termios
import threading
import time
from dataclasses import dataclass
from typing import Any

import serial

from rigs.errors import RigError
from rigs.journal import Journal

_GONE = (serial.SerialException, OSError, termios.error)
"""What a port that went away answers with; that of ``termios`` is no OSError."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that arrived together.

    Attributes:
        data: the bytes.
        t_ns: monotonic time of arrival, ns.
    """

    data: bytes
    t_ns: int


class SerialLine:
    """An open line with a reader thread.

    Args:
        url: device path, or a pyserial URL such as ``socket://`` or ``rfc2217://``.
        baud: line rate, bit/s (8N1).
        channel: bench role, named in errors and in the journal.
        journal: where frames are recorded; the driver says where a received frame ends.

    Raises:
        RigError: the port is absent, busy or not permitted.
    """

    def __init__(self, url: str, baud: int, channel: str, journal: Journal) -> None:
        self.url = url
        self.channel = channel
        self.journal = journal
        self._port = _open(url, baud, channel)
        self._chunks: queue.SimpleQueue[Chunk | RigError] = queue.SimpleQueue()
        self._gone: RigError | None = None
        self._closing = False
        self._reader = threading.Thread(target=self._read, name=f"{channel}-reader", daemon=True)
        journal.event(channel, "port opened", url=url, baud=baud)
        self._reader.start()

    @property
    def baud(self) -> int:
        """Line rate, bit/s; to change it raises RigError when the line is gone."""
        return int(self._port.baudrate)

    @baud.setter
    def baud(self, rate: int) -> None:
        self.journal.event(self.channel, "line rate", baud=rate)
        try:
            self._port.baudrate = rate
        except _GONE as error:
            raise self._lost(error) from error

    def write(self, data: bytes) -> int:
        """Send bytes; returns the journal record's number.

        Raises:
            RigError: the line is gone.
        """
        if self._gone is not None:
            raise self._gone
        record = self.journal.wire(self.channel, "tx", data)
        try:
            self._port.write(data)
        except _GONE as error:
            raise self._lost(error) from error
        return record

    def read(self, timeout_s: float) -> Chunk | None:
        """The next chunk, or None when nothing arrives in time.

        Raises:
            RigError: the line is gone.
        """
        if self._gone is not None and self._chunks.empty():
            raise self._gone
        try:
            chunk = self._chunks.get(timeout=max(timeout_s, 0)) if timeout_s > 0 else self._chunks.get_nowait()
        except queue.Empty:
            return None
        if isinstance(chunk, RigError):
            self._gone = chunk
            raise chunk
        return chunk

    def record(self, data: bytes, t_ns: int) -> int:
        """Journal one received frame; returns the record's number."""
        return self.journal.wire(self.channel, "rx", data, t_ns)

    def send_break(self) -> None:
        """Hold the line in break for a quarter of a second.

        Raises:
            RigError: the line is gone.
        """
        self.journal.event(self.channel, "break")
        try:
            self._port.send_break(0.25)
        except _GONE as error:
            raise self._lost(error) from error

    def close(self) -> None:
        """Release the port."""
        self._closing = True
        with contextlib.suppress(AttributeError):
            self._port.cancel_read()
        self._reader.join(2)
        self._port.close()

    def _read(self) -> None:
        while not self._closing:
            try:
                data = self._port.read(1)
                if data:
                    t_ns = time.monotonic_ns()
                    waiting = self._port.in_waiting
                    self._chunks.put(Chunk(data + self._port.read(waiting) if waiting else data, t_ns))
            except (serial.SerialException, OSError, TypeError) as error:
                if not self._closing:
                    self._chunks.put(self._lost(error))
                return

    def _lost(self, error: BaseException) -> RigError:
        self.journal.event(self.channel, "port lost", reason=str(error))
        return RigError(
            f"{self.url} went away in mid-run",
            where=self.channel,
            remedy="check cable and supply, then start the run again",
        )


def _open(url: str, baud: int, channel: str) -> serial.Serial:
    exclusive: dict[str, Any] = {} if "://" in url else {"exclusive": True}
    try:
        port: serial.Serial = serial.serial_for_url(url, baudrate=baud, timeout=0.5, write_timeout=2, **exclusive)
    except (serial.SerialException, OSError, ValueError) as error:
        raise RigError(_why(error, url), where=channel, remedy=_remedy(error, url)) from error
    return port


def _why(error: Exception, url: str) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return f"port {url} does not exist"
    if number in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK) or "exclusively lock" in str(error):
        return f"port {url} is in use by another process"
    if number == errno.EACCES:
        return f"no permission to open port {url}"
    return f"port {url} cannot be opened ({error})"


def _remedy(error: Exception, url: str) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return "plug the device in, or correct `url` in the bench file (ls /dev/serial/by-id)"
    if number == errno.EACCES:
        return "add yourself to the group that owns the port (usually dialout)"
    if "exclusively lock" in str(error):
        return f"end the other process (fuser {url} names it)"
    return "check `url` in the bench file and that the device answers there"
