"""Drivers of the USB connection: an emulated plug, commands of the machine, and a person.

Tried on: the emulated plug; on no switched hub and no sleeping host yet.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rigs.bench_tables.base import program_of
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.masked_words import masked_words
from rigs.operators.answers import Done
from rigs.roles.operator import Bilingual, Operator
from rigs.roles.usb import Moment, PortName, UsbPort
from rigs.usb_names import PortNames

CHANNEL = "usb"
GONE_S = 5.0
"""How long a port may stay after its device was parted from the host."""
COMMAND_S = 120.0
"""How long a command may take; one that puts the host to sleep comes back when it wakes."""


class NamedUsbPort(UsbPort):
    """A USB connection whose port is known by a path.

    Args:
        path: the port as the bench file names it.
        rule: as ``PortNames``.
        journal: where every act is recorded.
    """

    def __init__(self, path: Path, rule: str | None, journal: Journal) -> None:
        self._names = PortNames(path, rule)
        self._path = path
        self.journal = journal

    @abstractmethod
    def act(self, what: str) -> None:
        """Do it: ``unplug``, ``plug``, ``suspend`` or ``resume``."""

    def unplug(self) -> None:
        """Part them, and see the port go away."""
        self._do("unplug")
        deadline = time.monotonic() + GONE_S
        while not self._names.look_without_it():
            if time.monotonic() > deadline:
                raise RigError(
                    f"{self._path} is still there {GONE_S:g} s after the device was unplugged",
                    where=CHANNEL,
                    remedy="check that the plug, or the hub port that was switched, is the device's",
                )
            time.sleep(0.05)

    def plug(self) -> Moment:
        """Put it back."""
        return self._timed("plug")

    def suspend(self) -> None:
        """Put the host to sleep."""
        self._do("suspend")

    def resume(self) -> Moment:
        """Wake it."""
        return self._timed("resume")

    def port(self) -> str | None:
        """What the host opens now."""
        return self._names.now()

    def named(self, port: str) -> PortName:
        """What has become of the name."""
        return self._names.named(port)

    def _timed(self, what: str) -> Moment:
        """Whoever does it may be done long before they say so: it happens somewhere between order and answer."""
        earliest = time.monotonic()
        self._do(what)
        return Moment(earliest, time.monotonic())

    def _do(self, what: str) -> None:
        self.journal.event(CHANNEL, what)
        self.act(what)


class EmulatedUsbPort(NamedUsbPort):
    """The plug of an emulated device.

    Args:
        path: its port.
        tell: tells the emulator something on its tether.
        rule: as ``PortNames``.
        journal: the journal.
    """

    def __init__(self, path: Path, tell: Callable[[str], str], rule: str | None, journal: Journal) -> None:
        super().__init__(path, rule, journal)
        self._tell = tell

    def act(self, what: str) -> None:
        """Tell the emulator."""
        told(self._tell, what)


def told(tell: Callable[[str], str], what: str) -> None:
    """Tell an emulator to pull or put in its plug, or to let its host sleep or wake.

    Raises:
        RigError: it does not.
    """
    answer = tell(what)
    if answer not in ("done", "absent"):
        raise RigError(f"the emulator did not {what} ({answer})", where=CHANNEL, remedy="this is a fault of ours")


@dataclass(frozen=True)
class UsbCommands:
    """What the machine is told, each a command line.

    Attributes:
        unplug, plug: such as ``uhubctl -l 1-1 -p 2 -a off`` and ``… -a on``.
        suspend: such as ``rtcwake -m mem -s 10``, which comes back once the machine is awake again.
        resume: a further command where the first does not wake it by itself, or None.
    """

    unplug: str
    plug: str
    suspend: str
    resume: str | None = None


class CommandUsbPort(NamedUsbPort):
    """A switched hub and a host that can put itself to sleep.

    Args:
        path: the port.
        commands: what to run.
        rule: as ``PortNames``.
        journal: the journal.
    """

    def __init__(self, path: Path, commands: UsbCommands, rule: str | None, journal: Journal) -> None:
        super().__init__(path, rule, journal)
        self._commands = commands

    def act(self, what: str) -> None:
        """Run the command."""
        command: str | None = getattr(self._commands, what)
        if command is None:
            return
        try:
            ended = subprocess.run(shlex.split(command), capture_output=True, text=True, timeout=COMMAND_S, check=False)
        except subprocess.TimeoutExpired as error:  # its own words hold the whole command
            raise _failed(what, f"it did not end within {COMMAND_S:g} s") from error
        except (OSError, ValueError) as error:
            raise _failed(what, str(error)) from error
        self.journal.event(CHANNEL, "command", program=program_of(command), exit_code=ended.returncode)
        if ended.returncode:
            raise _failed(what, (ended.stderr or ended.stdout).strip() or f"exit {ended.returncode}")


def _failed(what: str, said: str) -> RigError:
    return RigError(
        f"the command to {what} failed ({masked_words(said)[-200:]})",
        where=CHANNEL,
        remedy=f"try `{what}` of [usb] in the bench file by hand, as the same user",
    )


_ASKED = {
    "unplug": Bilingual("请拔下设备的 USB 插头", "Pull the device's USB plug"),
    "plug": Bilingual("请在插回 USB 插头的同时按回车", "Put the USB plug back and press Enter at the same moment"),
    "suspend": Bilingual(
        "请让本机休眠，十秒后唤醒；唤醒后立即按回车",
        "Put this computer to sleep, wake it after ten seconds, and press Enter as soon as it is awake",
    ),
}


class OperatorUsbPort(NamedUsbPort):
    """A person at the plug.

    Args:
        path: the port.
        operator: the person.
        rule: as ``PortNames``.
        journal: the journal.
    """

    def __init__(self, path: Path, operator: Operator, rule: str | None, journal: Journal) -> None:
        super().__init__(path, rule, journal)
        self._operator = operator

    def act(self, what: str) -> None:
        """Ask for it; a host that has slept is awake when the person can answer."""
        if what in _ASKED:
            self._operator.ask(_ASKED[what], Done())

    def _timed(self, what: str) -> Moment:
        """A person answers at the very moment, and may take long to get there."""
        self._do(what)
        now = time.monotonic()
        return Moment(now, now)
