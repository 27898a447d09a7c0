"""What an emulated scanner is made of, whatever it speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.device import ScanDevice
from rigs.emulators.device_log import DeviceLog
from rigs.emulators.firmware import Flash
from rigs.emulators.interlock import Interlock
from rigs.emulators.keyboard_port import KeyboardPort
from rigs.emulators.looker import Looker
from rigs.emulators.port import Port


@dataclass(frozen=True)
class Hardware:
    """The parts of one scanner.

    Attributes:
        port: the device's end of the line.
        looker: what it sees with.
        behaviour: how it behaves.
        time_scale: how much faster than the wall clock the device's own clock runs.
        keyboard: its keyboard link, or None.
        flash: what it keeps its firmware in, or None where that never changes.
        interlock: whom it asks before it hands over a code, or None.
        log: where it notes what it delivered, or None.
    """

    port: Port
    looker: Looker
    behaviour: Behaviour
    time_scale: float = 1.0
    keyboard: KeyboardPort | None = None
    flash: Flash | None = None
    interlock: Interlock | None = None
    log: DeviceLog | None = None

    def firmware(self, factory: int) -> int:
        """Version of the firmware that runs, hundredths; ``factory`` where no other was ever installed."""
        return factory if self.flash is None else self.flash.version or factory

    def device(self, deliver: Callable[[bytes], None], configure: Callable[[bytes], bool]) -> ScanDevice:
        """Return the running part that does not depend on a protocol; arguments as ``ScanDevice``."""
        return ScanDevice(
            self.looker,
            self.behaviour,
            deliver,
            configure,
            self.time_scale,
            keyboard=self.keyboard,
            interlock=self.interlock,
            log=self.log,
        )
