"""A script of exchanges on a serial link: what is sent, in what pieces, and what every byte of the answer must be."""

from __future__ import annotations

import time
from collections.abc import Callable

from rigs.drivers.serial_scanner import SILENCE_S, SerialScanner
from rigs.roles import Exchange

ANSWER_S = 0.5
"""How long an answer may take before the exchange counts as unanswered, s."""
QUIET_S = 0.06
"""How long the line must stay quiet before silence counts as silence, s."""


class Script:
    """Collects exchanges for one device.

    Args:
        scanner: the driver whose line is used; its settings must be restored by the script itself.
    """

    def __init__(self, scanner: SerialScanner) -> None:
        self._scanner = scanner
        self._steps: list[Callable[[], Exchange]] = []

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """The exchanges in order, each to be called once."""
        return self._steps

    def add(
        self, name: str, send: bytes, expect: bytes | None, *, split: int = 0, pause_s: float = 0.0, length: int = 0
    ) -> None:
        """Send bytes and compare the answer.

        Args:
            name: what is tried.
            send: the bytes.
            expect: the exact answer, ``b""`` for silence, or None where only ``length`` is fixed.
            split: send in writes of so many bytes with short pauses.
            pause_s: wait after sending, s.
            length: length of the answer where its content is the device's own.
        """

        def run() -> Exchange:
            first = self._send(send, split)
            time.sleep(pause_s)
            return self._compare(name, first, expect, length or len(expect or b""))

        self._steps.append(run)

    def add_rate(self, name: str, send: bytes, expect: bytes, rate: int) -> None:
        """Change the line rate by command: confirmed at the old rate, in force from then on."""

        def run() -> Exchange:
            exchange = self._compare(name, self._send(send, 0), expect, len(expect))
            time.sleep(QUIET_S)
            self._scanner.line.baud = rate
            return exchange

        self._steps.append(run)

    def add_mismatch(self, name: str, send: bytes, expect: bytes, *, wrong: int) -> None:
        """Talk at a wrong rate (any answer will do), then at the right one, where the answer must be exact."""

        def run() -> Exchange:
            line = self._scanner.line
            right = line.baud
            line.baud = wrong
            self._send(send, 0)
            self._scanner.drain(QUIET_S)
            line.baud = right
            time.sleep(ANSWER_S)
            self._scanner.drain(QUIET_S)
            return self._compare(name, self._send(send, 0), expect, len(expect))

        self._steps.append(run)

    def add_break(self, name: str, send: bytes, expect: bytes) -> None:
        """Hold the line in break, then demand an exact answer."""

        def run() -> Exchange:
            self._scanner.line.send_break()
            time.sleep(ANSWER_S)
            self._scanner.drain(QUIET_S)
            return self._compare(name, self._send(send, 0), expect, len(expect))

        self._steps.append(run)

    def _send(self, data: bytes, split: int) -> int:
        line = self._scanner.line
        first = line.journal.count + 1
        for start in range(0, len(data), split or len(data) or 1):
            line.write(data[start : start + (split or len(data))])
            if split:
                time.sleep(0.004)
        return first

    def _until_answered(self, start: float) -> float:
        """Seconds until a device that left an exchange unanswered answers anything again.

        Raises:
            RigError: it has been silent for so long that the line counts as dead.
        """
        while not self._scanner.answers():
            if time.monotonic() - start > SILENCE_S:
                raise self._scanner.silent()
        return time.monotonic() - start

    def _compare(self, name: str, first: int, expect: bytes | None, length: int) -> Exchange:
        line = self._scanner.line
        start = time.monotonic()
        received = b""
        seconds = 0.0
        wait_s = ANSWER_S if length else QUIET_S
        try:
            while time.monotonic() - start < SILENCE_S and (chunk := line.read(wait_s)) is not None:
                received += chunk.data
                seconds = time.monotonic() - start
                if len(received) >= length:
                    wait_s = QUIET_S
        finally:
            if received:
                line.record(received, time.monotonic_ns())
        if length and not received:
            seconds = self._until_answered(start)
        exact = len(received) == length if expect is None else received == expect
        if expect is None:
            wanted = f"{length} bytes"
        else:
            wanted = expect.hex() or "silence"
        last = line.journal.count
        return Exchange(name, exact, seconds, wanted, received.hex() or "silence", (min(first, last), last))
