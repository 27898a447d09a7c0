"""Driver for scanners that only send what they read. Tried on: the project's emulator; no hardware yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rigs.drivers.exchanges import Script
from rigs.drivers.serial_scanner import SerialScanner
from rigs.errors import RigError
from rigs.protocols.plain_line import Ending, LineReader
from rigs.roles import Delivery, DeviceIdentity, Exchange
from rigs.serial_line import SerialLine

_UNHEARD = 2
"""Codes that may go unread on a line on which nothing has ever arrived; after that the bench is looked at. A sample
that forgives one miss is not yet decided then."""
_DIGITS = b"0123456789 "
"""What a host says; letters are commands to some devices, which take single ones (E, D, R, i and others)."""


class PlainLineScanner(SerialScanner):
    """A scanner without commands: it reads what it sees, and the host waits.

    Nothing can be asked of it, so its identity is what stands on the label and its settings are unknown. Silence is the
    device's as soon as anything has ever arrived from it; until then it is the bench's.

    Args:
        line: the open line.
        ending: what ends a content.
        gap_s: pause that ends one where nothing else does, s.
        read_timeout_s: how long a code is shown, s.
        mode: ``presentation``.
        time_scale: how much faster than the wall clock an emulated device runs.
        settle_s: how long after a code was taken away a delivery may still arrive, s.
    """

    answers_commands = False

    def __init__(
        self,
        line: SerialLine,
        *,
        ending: Ending,
        gap_s: float,
        read_timeout_s: float,
        mode: str,
        time_scale: float = 1.0,
        settle_s: float = 0.1,
    ) -> None:
        self._ending = ending
        self._gap_s = gap_s
        self._reader = LineReader(ending, round(gap_s * 1e9))
        self._heard = False
        self._unheard = 0
        super().__init__(line, read_timeout_s=read_timeout_s, mode=mode, time_scale=time_scale, settle_s=settle_s)

    def identify(self) -> DeviceIdentity:
        """Nothing: the label has to say it all."""
        return DeviceIdentity()

    def settings(self) -> Mapping[str, str]:
        """Nothing: they cannot be read."""
        return {}

    def answers(self) -> bool:
        """Whether anything has ever arrived; nothing can be asked."""
        return self._heard

    def make_sure_it_answers(self) -> None:
        """Tell a device that has read before from a line on which nothing has ever arrived.

        Raises:
            RigError: the line is gone, the device's presence line is down, a second code went by on a line that never
                spoke, or what arrives never ends as the bench file says.
        """
        self._pump(0)
        self.line.make_sure_it_is_there()
        self._unheard += 1
        if self._heard or self._unheard < _UNHEARD:
            return
        if not self._reader.begun:
            raise self.silent()
        raise RigError(
            f"what arrives on {self.line.url} does not end with {self._ending.name}",
            where=self.line.channel,
            remedy="correct `terminator` in the bench file, or the line rate (`baud`)",
        )

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """Forty disturbances of the line, to which the device must say nothing.

        That it still reads afterwards has to be shown with a code.
        """
        return _script(self).exchanges()

    def drain(self, quiet_s: float) -> bytes:
        """Collect raw bytes until the line has been quiet for a while."""
        return self._reader.take() + super().drain(quiet_s)

    def _set_up(self) -> None:
        self._discard()

    def _discard(self) -> None:
        if begun := self._reader.take():
            self.line.record(begun, time.monotonic_ns())

    def _reply_length(self, buffer: bytes) -> int | None:
        del buffer
        return None

    def _trigger(self) -> bool:
        return True

    def _stop(self) -> None:
        """It stops by itself."""

    def _pump(self, timeout_s: float) -> bool:
        ends_by_silence = self._ending is Ending.NONE and self._reader.begun
        chunk = self._next_chunk(min(timeout_s, self._gap_s) if ends_by_silence else timeout_s)
        if chunk is None:
            lines = self._reader.quiet(time.monotonic_ns())
        else:
            lines = self._reader.feed(chunk.data, chunk.t_ns)
        for line in lines:
            record = self.line.record(line.raw, line.last_ns)
            self._deliveries.append(Delivery(line.content, line.first_ns, line.last_ns, (record, record)))
            self._heard = True
        return chunk is not None or bool(lines)


def _script(scanner: PlainLineScanner) -> Script:
    """Forty disturbances; XON, XOFF, letters and any vendor's command are left out, since a device might obey them."""
    script = Script(scanner)
    digits = (_DIGITS * 6)[:64]

    def add(name: str, send: bytes, *, split: int = 0, pause_s: float = 0.0) -> None:
        script.add(name, send, b"", split=split, pause_s=pause_s)

    for size in (1, 2, 3, 4, 5, 6, 8, 16, 32, 64):
        add(f"digits in writes of {size} bytes", digits, split=size)
    for byte in (0x00, 0x09, 0x0A, 0x0D, 0x20, 0x2A, 0x30, 0x7F, 0xD5, 0xFF):
        add(f"a single byte {byte:02X}", bytes((byte,)))
    for name, send in (
        ("CR LF", b"\r\n"),
        ("sixteen CR", b"\r" * 16),
        ("zeros", bytes(64)),
        ("ones", b"\xff" * 64),
        ("alternating bits", b"\x2a\xd5" * 32),
        ("high bytes", bytes(range(0x80, 0xC0))),
        ("a thousand bytes", (_DIGITS * 100)[:1000]),
    ):
        add(name, send)
    for pause_s in (0.0, 0.1, 0.2, 0.4, 0.8, 1.6):
        add(f"nothing for {pause_s} s", b"", pause_s=pause_s)
    rates = [rate for rate in (9600, 19200, 38400, 57600, 115200) if rate != scanner.line.baud]
    for rate in rates[:4]:
        script.add_mismatch(f"digits at {rate} bit/s", digits, b"", wrong=rate)
    for name, send in (("break", b""), ("break, then digits", digits), ("break, then zeros", bytes(8))):
        script.add_break(name, send, b"")
    return script
