"""``xiangka emulate``: the parts of a terminal that keep keys, firmware and time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_security_module(kinds: Commands) -> None:
    """Add the security module."""
    module = kinds.add_parser("security-module", help="a security module (PSAM); prints where it is")
    module.add_argument("--serial", required=True, help="its number: letters, digits, hyphens")
    module.add_argument("--term-id", required=True, help="the terminal it is made for")
    module.add_argument("--trusts", required=True, metavar="HEX", help="the platform's SM2 signing key, 65 bytes")
    module.add_argument("--slot-port", type=int, metavar="PORT", help="vpcd port of its slot; default: TCP of its own")
    module.add_argument("--defect", metavar="NAME", help="a deliberate defect; see `xiangka defects list`")
    module.add_argument("--tethered", action="store_true", help="end when standard input closes")

    def command(options: argparse.Namespace) -> int:
        from rigs.emulators import security_module as emulator

        emulator.run_security_module(
            emulator.SecurityModuleOptions(
                serial=options.serial,
                term_id=options.term_id,
                trusts=options.trusts,
                slot_port=options.slot_port,
                defect=options.defect,
                tethered=options.tethered,
            )
        )
        return 0

    module.set_defaults(command=command)


def add_update_tool(kinds: Commands) -> None:
    """Add the update tool of the emulated scanner."""
    tool = kinds.add_parser("update-tool", help="offer a firmware image to an emulated scanner; exit 0 or 1 (refused)")
    tool.add_argument("--port", required=True, metavar="HOST:PORT", help="update port, as the scanner prints it")
    tool.add_argument("image", type=Path, help="file of the image")

    def command(options: argparse.Namespace) -> int:
        from rigs.emulators.update_tool import run_update_tool

        return run_update_tool(options.port, options.image)

    tool.set_defaults(command=command)


def add_checking_terminal(kinds: Commands) -> None:
    """Add the terminal that checks codes itself."""
    terminal = kinds.add_parser(
        "checking-terminal", help="a terminal that asks the platform itself, by a clock of its own; prints its address"
    )
    terminal.add_argument("--platform", required=True, metavar="URL", help="address of the platform")
    terminal.add_argument("--credentials", required=True, type=Path, metavar="F", help="what it signs with (JSON)")
    terminal.add_argument("--defect", metavar="NAME", help="a deliberate defect; see `xiangka defects list`")
    terminal.add_argument("--tethered", action="store_true", help="end when standard input closes")

    def command(options: argparse.Namespace) -> int:
        from rigs.emulators import checking_terminal as emulator

        emulator.run_checking_terminal(
            emulator.CheckingTerminalOptions(
                platform=options.platform,
                credentials=options.credentials,
                defect=options.defect,
                tethered=options.tethered,
            )
        )
        return 0

    terminal.set_defaults(command=command)


DEVICES = (add_security_module, add_update_tool, add_checking_terminal)
