"""What a run of days asks of a bench beside single readings: pace, signs of life, memory, and how late the host is."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Literal, Protocol

from rigs.bench import Bench
from rigs.errors import SilentDeviceError
from rigs.host_delay import HostDelay
from rigs.optics.frames import Frame
from rigs.readings import Reading, ReadingStation

COMES_BACK_S = 60.0
"""How long a device that has stopped may take to come back by itself, s of its own clock."""

FRAME_MS = 20.0
"""What an emulated device takes over each frame in a soak, ms: one that answers at once shows the host's own noise."""

Return = Literal["by_itself", "after_power_cycle"]


class Endurance(Protocol):
    """The bench under a terminal that is read from for days."""

    compressed: bool
    """Whether hours are counted in readings, because the device is emulated and nobody has to wait for it."""

    hand_overs: int
    """How often a reading is handed from one thread or process of this machine to another, each time as late as it."""

    def read(self, frame: Frame, expected: tuple[bytes, ...]) -> Reading:
        """One reading; raises ``SilentDeviceError`` when the device has stopped."""

    def now(self) -> float:
        """Monotonic time, s."""

    def wait_until(self, due: float) -> None:
        """Let time pass until a moment, at once where time is compressed."""

    def bring_back(self) -> Return:
        """Wait for a device that has stopped, then cycle its supply.

        Raises:
            RigError: it does not come back at all, so that its line may as well be dead.
        """

    def restarted(self) -> bool | None:
        """Whether the device has lost its settings since it was last asked, as one that was reset has.

        None where nobody knows: the protocol has no question for settings, or the device does not answer.
        """

    def memory_mib(self) -> float:
        """Resident memory of the emulator, or of this process where the device is real, MiB."""

    def host_delay_ms(self) -> float:
        """How late this machine itself is, as ``HostDelay``, since it was last asked, ms."""


class BenchEndurance:
    """An open bench as one for days.

    Args:
        bench: the bench; the caller closes it.
        station: its reading station.
    """

    def __init__(self, bench: Bench, station: ReadingStation) -> None:
        self.compressed = bench.emulated_scanner is not None
        # To the frame port, the device's eye and its line where it is emulated; to the reader of the line, to the row.
        self.hand_overs = 5 if self.compressed else 2
        self._bench = bench
        self._station = station
        self._host = HostDelay()
        self._settings = bench.scanner.settings()
        self._take_time(FRAME_MS)

    def read(self, frame: Frame, expected: tuple[bytes, ...]) -> Reading:
        """One reading."""
        return self._station.read(frame, expected)

    def now(self) -> float:
        """Monotonic time, s."""
        return time.monotonic()

    def wait_until(self, due: float) -> None:
        """Let time pass."""
        if not self.compressed:
            time.sleep(max(0.0, due - time.monotonic()))

    def bring_back(self) -> Return:
        """Wait, then cycle the supply."""
        scanner = self._bench.scanner
        deadline = time.monotonic() + COMES_BACK_S / scanner.time_scale
        while time.monotonic() < deadline:
            if scanner.answers():
                return "by_itself"
        if self._bench.power is None:
            raise scanner.silent()
        self._bench.power.cycle()
        scanner.reopen()
        return "after_power_cycle"

    def restarted(self) -> bool | None:
        """Compare the settings; one that was reset is set up again."""
        if not self._settings:
            return None
        try:
            now = self._bench.scanner.settings()
        except SilentDeviceError:
            return None  # the next reading finds it stopped
        if now == self._settings:
            return False
        self._bench.scanner.reopen()
        self._settings = self._bench.scanner.settings()
        return True

    def memory_mib(self) -> float:
        """Resident memory."""
        emulator = self._bench.emulated_scanner
        pages = int(Path(f"/proc/{os.getpid() if emulator is None else emulator.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def host_delay_ms(self) -> float:
        """The host's own delays."""
        return self._host.p95_ms()

    def close(self) -> None:
        """Stop watching the host."""
        self._take_time(0)
        self._host.close()

    def _take_time(self, frame_ms: float) -> None:
        if self._bench.emulated_scanner is not None:
            self._bench.emulated_scanner.tell(f"frame-ms {frame_ms:g}")
