"""Driver for scanners with Datalogic single byte commands. Tried on: the project's emulator; no hardware yet."""

from __future__ import annotations

from collections.abc import Callable

from rigs.drivers.exchanges import Script
from rigs.drivers.plain_line import PlainLineScanner
from rigs.protocols.datalogic import Command
from rigs.roles import Exchange

_ENABLE, _DISABLE = Command.ENABLE.value, Command.DISABLE.value
_TRIGGER, _STOP = Command.TRIGGER.value, Command.STOP.value
_BEEP, _NOT_ON_FILE = Command.BEEP.value, Command.NOT_ON_FILE.value
_DIGITS = b"0123456789 "


class DatalogicScanner(PlainLineScanner):
    """A scanner that obeys single bytes and answers none of them.

    Nothing can be asked of it, so all that holds of a plain line holds of it too: its identity is what stands on the
    label, and silence is the bench's fault until anything has arrived.
    """

    @property
    def ready(self) -> bytes:
        """What brings the device from any state into the one it is triggered in, or reads what it sees in.

        A device that still read what it sees could read a code that was shown before a late trigger arrives, and with
        the trigger read it again.
        """
        return _ENABLE + (_STOP if self.mode == "command" else b"")

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """Forty rows of commands and disturbances, to which the device must say nothing.

        That it was obeyed, and still reads afterwards, has to be shown with a code.
        """
        return _script(self).exchanges()

    def _set_up(self) -> None:
        super()._set_up()
        self.line.write(self.ready)

    def _trigger(self) -> bool:
        self.line.write(_TRIGGER)
        return True

    def _stop(self) -> None:
        self.line.write(_STOP)


def _script(scanner: DatalogicScanner) -> Script:
    """Forty exchanges, each of which leaves the device ready; a reset is left out, which may take 30 s."""
    script = Script(scanner)
    digits = (_DIGITS * 6)[:64]

    def add(name: str, send: bytes, *, split: int = 0, pause_s: float = 0.0) -> None:
        script.add(name, send + scanner.ready, b"", split=split, pause_s=pause_s)

    for name, send in (
        ("enabled", b""),
        ("disabled, then enabled", _DISABLE),
        ("disabled twice", _DISABLE * 2),
        ("disabled and enabled in turn", (_DISABLE + _ENABLE) * 8),
        ("not on file", _NOT_ON_FILE),
        ("not on file, then disabled", _NOT_ON_FILE + _DISABLE),
        ("beep", _BEEP),
        ("three beeps", _BEEP * 3),
        ("beep anyway", Command.BEEP_ANYWAY.value),
        ("beep while disabled", _DISABLE + _BEEP),
        ("stopped while idle", _STOP),
        ("triggered and stopped", _TRIGGER + _STOP),
        ("triggered twice", _TRIGGER * 2),
        ("triggered while disabled", _DISABLE + _TRIGGER + _STOP),
    ):
        add(name, send)
    for size in (1, 2, 3, 4, 8, 16, 32, 64):
        add(f"digits and a disabling in writes of {size} bytes", digits + _DISABLE, split=size)
    for byte in (0x00, 0x0A, 0x0D, 0x20, 0x2A, 0x7F, 0xD5, 0xFF):
        add(f"a byte without meaning, {byte:02X}", bytes((byte,)))
    for pause_s in (0.0, 0.2, 0.8):
        add(f"disabled, and nothing for {pause_s} s after that", _DISABLE, pause_s=pause_s)
    rates = [rate for rate in (9600, 19200, 38400, 57600, 115200) if rate != scanner.line.baud]
    for rate in rates[:4]:
        script.add_mismatch(f"digits at {rate} bit/s, then enabled", digits + scanner.ready, b"", wrong=rate)
    for name, send in (("break", b""), ("break, then disabled and enabled", _DISABLE)):
        script.add_break(name, send + scanner.ready, b"")
    add("a thousand digits", (_DIGITS * 100)[:1000])
    return script
