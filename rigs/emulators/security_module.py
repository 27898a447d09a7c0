"""An emulated security module as a process: a chip, personalised when it starts."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass

from reference_impl.wire.sm2 import generate
from reference_impl.wire.terminal_module import ModuleError
from rigs.emulators.apdu_port import ApduPort
from rigs.emulators.defects.table import behaviour_of
from rigs.emulators.module_keys import ModuleKeys
from rigs.emulators.security_applet import SecurityApplet
from rigs.emulators.virtual_reader import VirtualSlot
from rigs.errors import BenchFileError
from rigs.tether import when_stdin_closes


@dataclass(frozen=True)
class SecurityModuleOptions:
    """What an emulated module is made with.

    Attributes:
        serial: its number.
        term_id: the terminal it stands in.
        trusts: the platform's SM2 signing key, 65 bytes in hex.
        slot_port: where the driver of a virtual reader waits for it; None for a TCP port of its own.
        defect: name of a deliberate defect, or None for a sound module.
        tethered: end when standard input closes, so that no process outlives the bench that started it.
    """

    serial: str
    term_id: str
    trusts: str
    slot_port: int | None = None
    defect: str | None = None
    tethered: bool = False


def run_security_module(options: SecurityModuleOptions) -> None:
    """Run an emulated module until SIGTERM, SIGINT, or the end of its tether; its keys end with it.

    Prints where it is: ``socket://host:port`` for a TCP channel, or ``slot PORT``.

    Raises:
        BenchFileError: the defect is unknown, or what it is made with is not valid.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    applet = _personalised(options)
    slot: VirtualSlot | ApduPort
    if options.slot_port is None:
        slot = ApduPort(applet)
        where = slot.url
    else:
        slot = VirtualSlot(options.slot_port)
        slot.insert(applet)
        where = f"slot {options.slot_port}"
    if options.tethered:
        when_stdin_closes(stopping.set)
    print(where, flush=True)  # noqa: T201
    stopping.wait()
    slot.close()


def _personalised(options: SecurityModuleOptions) -> SecurityApplet:
    keys = behaviour_of(options.defect, ModuleKeys)
    try:
        trusted = bytes.fromhex(options.trusts)
        return SecurityApplet(options.serial, options.term_id, generate(), trusted, keys)
    except (ModuleError, ValueError) as error:
        raise BenchFileError(
            f"no module can be made with this ({error})",
            where="--serial, --term-id, --trusts",
            remedy="give names of letters, digits or hyphens, and the platform's signing key as 130 hex digits",
        ) from error
