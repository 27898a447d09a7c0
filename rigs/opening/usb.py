"""Opens the USB connection of the device."""

from __future__ import annotations

from pathlib import Path

from rigs.bench_tables.usb import UsbTable
from rigs.child_process import ChildProcess
from rigs.drivers.usb import CommandUsbPort, EmulatedUsbPort, OperatorUsbPort, UsbCommands, told
from rigs.errors import BenchFileError
from rigs.opening.opening import Opening
from rigs.opening.operator import give_hand
from rigs.roles.usb import UsbPort


def names_folder(table: UsbTable | None, opening: Opening) -> Path | None:
    """Folder of the stable names of an emulated device; None where nobody pulls an emulated plug."""
    if table is None or table.driver == "command":
        return None
    folder = opening.emulation.state / "by-id"
    folder.mkdir(exist_ok=True)
    return folder


def open_usb(table: UsbTable, url: str, emulator: ChildProcess | None, opening: Opening) -> UsbPort:
    """The USB connection of a bench.

    Args:
        table: its table.
        url: the port of the device.
        emulator: the emulated device, or None.
        opening: the bench being opened.

    Raises:
        BenchFileError: the device has no port that could go away, or no emulated plug.
    """
    if "://" in url:
        raise BenchFileError(
            f"{url} is no port of this machine, so nothing is seen of its plug",
            where="[usb]",
            remedy="name a port in /dev/serial/by-id as `url` of [scanner]",
        )
    if table.driver == "emulated":
        if emulator is None:
            raise BenchFileError(
                "only an emulated device has an emulated plug",
                where="[usb] driver",
                remedy='use driver = "command" or driver = "operator"',
            )
        return EmulatedUsbPort(Path(url), emulator.tell, table.name_rule, opening.journal)
    if table.driver == "operator":
        if emulator is not None:
            give_hand(opening.person, "usb", lambda what: told(emulator.tell, what))
        return OperatorUsbPort(Path(url), opening.person, table.name_rule, opening.journal)
    assert table.unplug is not None and table.plug is not None and table.suspend is not None  # noqa: S101, PT018 - the bench file has them
    commands = UsbCommands(table.unplug, table.plug, table.suspend, table.resume)
    return CommandUsbPort(Path(url), commands, table.name_rule, opening.journal)
