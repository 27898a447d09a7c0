"""What every serial scanner driver shares: telling replies from deliveries, and time limits on every call."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping

from rigs.drivers.keepsake import Keepsake
from rigs.errors import RigError, SilentDeviceError
from rigs.roles import Delivery, DeviceIdentity, Exchange
from rigs.serial_line import Chunk, SerialLine

SILENCE_S = 6.0
"""How long a device may ignore its host before the line counts as dead: longer than any hang a requirement judges."""
OVERRUN_S = 0.5
"""How long a device that keeps sending may hold a call beyond its time limit, s."""
_LONGEST_DELIVERY = 1 << 14
"""Bytes without a terminator beyond which what arrives is noise; the fullest QR code holds 7089 characters."""


class SerialScanner(ABC):
    """A scanner that hands over codes as bytes ended by CR, and answers commands on the same line.

    Args:
        line: the open line.
        read_timeout_s: how long one reading may last, s.
        mode: ``command`` (the host triggers each reading) or ``presentation`` (the device reads what it sees).
        time_scale: how much faster than the wall clock an emulated device runs.
        settle_s: how long after a stopped reading a delivery may still arrive, s.
    """

    uncertainty_ms = 2.0
    answers_commands = True
    terminator = b"\r"
    configuration_codes: tuple[bytes, ...] = ()
    keepsake: Keepsake | None = None
    """A harmless setting it can store for good, or None where nothing can be stored."""

    def __init__(
        self, line: SerialLine, *, read_timeout_s: float, mode: str, time_scale: float = 1.0, settle_s: float = 0.1
    ) -> None:
        self.line = line
        self.mode = mode
        self.time_scale = time_scale
        self.read_timeout_s = read_timeout_s
        self._settle_s = settle_s
        self._buffer = b""
        self._since_ns = 0
        self._replies: deque[tuple[bytes, int]] = deque()
        self._deliveries: deque[Delivery] = deque()
        self._set_up()

    @abstractmethod
    def _set_up(self) -> None:
        """Bring the device into the mode; raises RigError when it does not answer at all."""

    @abstractmethod
    def _reply_length(self, buffer: bytes) -> int | None:
        """As ``gm65.reply_length``: whether the buffer begins with a reply rather than a delivery."""

    @abstractmethod
    def identify(self) -> DeviceIdentity:
        """Ask the device who it is."""

    @abstractmethod
    def _trigger(self) -> bool:
        """Start one reading; whether the device confirmed it, or its protocol has no confirmation."""

    @abstractmethod
    def _stop(self) -> None:
        """End a reading that found nothing."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the device answers a harmless query."""

    @abstractmethod
    def settings(self) -> Mapping[str, str]:
        """The device's configuration."""

    @abstractmethod
    def exchanges(self) -> list[Callable[[], Exchange]]:
        """The protocol's scripted exchanges."""

    def arm(self) -> None:
        """Make the device ready for the next code.

        Raises:
            RigError: the device has ignored its host for ``SILENCE_S``.
        """
        if self.mode == "presentation":
            return
        deadline = time.monotonic() + SILENCE_S
        while not self._trigger():
            if time.monotonic() > deadline:
                raise self.silent()

    def disarm(self) -> None:
        """Stop looking; what arrives within the settling time stays queued for the caller to attribute."""
        if self.mode == "command":
            self._stop()
        deadline = time.monotonic() + self._settle_s
        while (left := deadline - time.monotonic()) > 0:
            self._pump(left)

    def delivery(self, timeout_s: float) -> Delivery | None:
        """The next code, or None when nothing arrives in time."""
        deadline = time.monotonic() + timeout_s
        while not self._deliveries:
            left = deadline - time.monotonic()
            came = self._pump(max(left, 0))
            if left <= 0 and (not came or left < -OVERRUN_S) and not self._deliveries:
                return None
        return self._deliveries.popleft()

    def make_sure_it_answers(self) -> None:
        """Wait until the device answers a harmless query.

        Raises:
            RigError: it has ignored its host for ``SILENCE_S``, or its presence line is down.
        """
        self.line.make_sure_it_is_there()
        deadline = time.monotonic() + SILENCE_S
        while not self.answers():
            if time.monotonic() > deadline:
                raise self.silent()

    def take_line(self, line: SerialLine) -> None:
        """Go on over another line, after the port of the first went away with what it had said.

        Raises:
            RigError: the device does not answer there.
        """
        self.line = line
        self._buffer = b""
        self._replies.clear()
        self._deliveries.clear()
        self._set_up()

    def reopen(self) -> None:
        """Wait until the device answers again after a power cycle and set it up anew."""
        deadline = time.monotonic() + 30
        while True:
            self._discard()
            try:
                self._set_up()
                return
            except RigError:
                if time.monotonic() > deadline:
                    raise

    def store(self, frames: tuple[bytes, ...]) -> bool:
        """Send commands that store something for good; whether the device confirmed each."""
        return all(self.ask(frame) is not None for frame in frames)

    def begin_storing(self, frames: tuple[bytes, ...]) -> None:
        """As ``store``, at once and without waiting for a word."""
        for frame in frames:
            self.ask(frame, 0)

    def close(self) -> None:
        """Release the port, and journal half a frame that will have no other half."""
        self._discard()
        self.line.close()

    def silent(self) -> RigError:
        """The error for a device that no longer answers."""
        return SilentDeviceError(
            f"the device on {self.line.url} does not answer",
            where=self.line.channel,
            remedy="check supply, cable, line rate (`baud`) and that `driver` names the device's protocol",
        )

    def refused(self, what: str) -> RigError:
        """The error for a device that answers but does not do what a reading needs."""
        return RigError(
            f"the device on {self.line.url} refuses {what}",
            where=self.line.channel,
            remedy="check that `driver` names the device's protocol and that its settings are not locked",
        )

    def ask(self, frame: bytes, timeout_s: float = 0.5) -> bytes | None:
        """Send a command and return the reply, or None when the device stays silent."""
        self._replies.clear()
        self.line.write(frame)
        deadline = time.monotonic() + timeout_s
        while not self._replies:
            left = deadline - time.monotonic()
            if left <= 0:
                self._discard()
                return None
            self._pump(left)
        return self._replies.popleft()[0]

    def _discard(self) -> None:
        """Journal and drop half a frame that would hide every later reply."""
        if self._buffer:
            self.line.record(self._buffer, self._since_ns)
            self._buffer = b""

    def drain(self, quiet_s: float) -> bytes:
        """Collect raw bytes until the line has been quiet for a while, but for no longer than ``SILENCE_S``.

        Used where no frame can be expected.
        """
        deadline = time.monotonic() + SILENCE_S
        collected, self._buffer = self._buffer, b""
        last_ns = self._since_ns
        try:
            while time.monotonic() < deadline and (chunk := self.line.read(quiet_s)) is not None:
                collected += chunk.data
                last_ns = chunk.t_ns
        finally:
            if collected:
                self.line.record(collected, last_ns)
        return collected

    def _next_chunk(self, timeout_s: float) -> Chunk | None:
        """As ``SerialLine.read``; half a frame is journaled before a lost line is told."""
        try:
            return self.line.read(timeout_s)
        except RigError:
            self._discard()
            raise

    def _pump(self, timeout_s: float) -> bool:
        """Take one chunk off the line and sort it; whether anything came."""
        chunk = self._next_chunk(timeout_s)
        if chunk is None:
            return False
        if not self._buffer:
            self._since_ns = chunk.t_ns
        self._buffer += chunk.data
        while self._buffer and self._take(chunk.t_ns):
            self._since_ns = chunk.t_ns
        return True

    def _take(self, t_ns: int) -> bool:
        length = self._reply_length(self._buffer)
        if length:
            frame, self._buffer = self._buffer[:length], self._buffer[length:]
            self._replies.append((frame, self.line.record(frame, t_ns)))
            return True
        if length == 0:
            return False
        data, found, rest = self._buffer.partition(self.terminator)
        if not found:
            if len(self._buffer) > _LONGEST_DELIVERY:
                self._discard()
            return False
        self._buffer = rest
        record = self.line.record(data + found, t_ns)
        self._deliveries.append(Delivery(data, self._since_ns, t_ns, (record, record)))
        return True
