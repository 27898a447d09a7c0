"""A serial line as its host sees it: any pyserial URL, every chunk stamped on arrival."""

from __future__ import annotations

import contextlib
import errno
import queue
import termios
import threading
import time
from dataclasses import dataclass
from typing import Any, Literal

import serial

from rigs.errors import RigError
from rigs.framing import PLAIN, Framing
from rigs.journal import Journal
from rigs.lease import Lease

serial.protocol_handler_packages.append("rigs.serial_urls")

_GONE = (serial.SerialException, OSError, termios.error, ValueError)
"""What a port that went away answers with; that of ``termios`` is no OSError, and a serial server's refusal neither."""
_FLOOD_BYTES = 1 << 20
"""Unread bytes after which the far end is taken to babble: no device has so much to say before it is listened to."""
_PARITIES = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}

ModemLine = Literal["dsr", "cts", "cd"]
"""An output of the device that its host can see."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that arrived together.

    Attributes:
        data: the bytes.
        t_ns: monotonic time of arrival, ns.
    """

    data: bytes
    t_ns: int


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a line is opened.

    Attributes:
        baud: line rate, bit/s.
        framing: parity and stop bits.
        dtr, rts: whether the host raises these lines.
        presence: line that the device holds up while it is connected and has power, None where nothing tells.
    """

    baud: int
    framing: Framing = PLAIN
    dtr: bool = True
    rts: bool = True
    presence: ModemLine | None = None


class SerialLine:
    """An open line with a reader thread. No other process of this user can open the same port meanwhile.

    Args:
        url: device path, or a pyserial URL such as ``socket://`` or ``rfc2217://``.
        settings: how it is opened, or its line rate alone.
        channel: bench role, named in errors and in the journal.
        journal: where frames are recorded; the driver says where a received frame ends.

    Raises:
        RigError: the port is absent, busy or not permitted.
    """

    def __init__(self, url: str, settings: LineSettings | int, channel: str, journal: Journal) -> None:
        self.url = url
        self.channel = channel
        self.journal = journal
        self._settings = settings if isinstance(settings, LineSettings) else LineSettings(settings)
        self._lease = Lease(url, channel)
        try:
            self._port = _open(url, self._settings, channel, self._address(url))
        except BaseException:
            self._lease.release()
            raise
        self._chunks: queue.SimpleQueue[Chunk | RigError] = queue.SimpleQueue()
        self._arrived = self._taken = 0
        self._gone: RigError | None = None
        self._closing = False
        self._reader = threading.Thread(target=self._read, name=f"{channel}-reader", daemon=True)
        journal.event(channel, "port opened", url=url, baud=self._settings.baud, framing=str(self._settings.framing))
        self._reader.start()

    def _address(self, url: str) -> str:
        """What pyserial is given for it."""
        return url

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
        self._taken += len(chunk.data)
        return chunk

    def make_sure_it_is_there(self) -> None:
        """Look whether the device holds up the line by which its presence shows; nothing where none does.

        Raises:
            RigError: it does not, or the line is gone.
        """
        line = self._settings.presence
        if line is None:
            return
        try:
            up = bool(getattr(self._port, line))
        except _GONE as error:
            if not self._reader.is_alive():
                raise self._lost(error) from error
            raise RigError(
                f"{self.url} does not tell {line.upper()} ({error})",
                where=self.channel,
                remedy="take `presence` out of the bench file",
            ) from error
        if not up:
            self.journal.event(self.channel, "device absent", line=line)
            raise RigError(
                f"the device on {self.url} does not hold up {line.upper()}",
                where=self.channel,
                remedy="check cable and supply, or take `presence` out of the bench file",
            )

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
        """Release the port, and journal what nobody has read."""
        self._closing = True
        with contextlib.suppress(AttributeError):
            self._port.cancel_read()
        self._reader.join(2)
        try:
            self._port.close()
        finally:
            self._lease.release()
        while not self._chunks.empty():
            if isinstance(chunk := self._chunks.get_nowait(), Chunk):
                self.record(chunk.data, chunk.t_ns)

    def _read(self) -> None:
        reason: RigError | None = None
        while reason is None and not self._closing:
            data, t_ns = b"", 0
            try:
                data = self._port.read(1)
                t_ns = time.monotonic_ns()
                if data and (waiting := self._port.in_waiting):
                    data += self._port.read(waiting)
            except (*_GONE, TypeError) as error:
                if self._closing:
                    return
                reason = self._lost(error)
            if data:
                self._arrived += len(data)
                self._chunks.put(Chunk(data, t_ns))
            if self._arrived - self._taken > _FLOOD_BYTES:
                reason = self._flooded()
        if reason is not None:
            self._chunks.put(reason)

    def _flooded(self) -> RigError:
        self.journal.event(self.channel, "port flooded", unread=self._arrived - self._taken)
        return RigError(
            f"{self.url} sends without end and faster than it can be read",
            where=self.channel,
            remedy="check that `url` leads to the device and that `driver` names its protocol",
        )

    def _lost(self, error: BaseException) -> RigError:
        self.journal.event(self.channel, "port lost", reason=str(error))
        return RigError(
            f"{self.url} went away in mid-run",
            where=self.channel,
            remedy="check cable and supply, then start the run again",
        )


def _open(url: str, settings: LineSettings, channel: str, address: str) -> serial.Serial:
    options: dict[str, Any] = {} if "://" in url else {"exclusive": True}
    if not url.startswith("rfc2217:"):
        options["write_timeout"] = 2  # pyserial's client bounds its writes itself, and takes no number for it
    try:
        port: serial.Serial = serial.serial_for_url(
            address,
            do_not_open=True,
            baudrate=settings.baud,
            parity=_PARITIES[settings.framing.parity],
            stopbits=settings.framing.stop_bits,
            timeout=0.5,
            **options,
        )
        port.dtr, port.rts = settings.dtr, settings.rts
        port.open()
    except (*_GONE, AttributeError) as error:
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
