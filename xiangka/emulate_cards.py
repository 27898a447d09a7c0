"""``xiangka emulate card-terminal``: the card side of a multi-in-one terminal."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_card_terminal(kinds: Commands) -> None:
    """Add the card side."""
    terminal = kinds.add_parser("card-terminal", help="card slots, identity module, magnetic head; prints its links")
    terminal.add_argument("--contact-port", type=int, required=True, help="vpcd port of the contact slot")
    terminal.add_argument("--contactless-port", type=int, required=True, help="vpcd port of the contactless slot")
    terminal.add_argument("--log", type=Path, metavar="FILE", help="where the terminal's own software keeps its log")
    terminal.add_argument("--defect", metavar="NAME", help="a deliberate defect; see `xiangka defects list`")
    terminal.add_argument("--tethered", action="store_true", help="end when standard input closes")

    def command(options: argparse.Namespace) -> int:
        from rigs.emulators import card_terminal as emulator

        emulator.run_card_terminal(
            emulator.CardTerminalOptions(
                contact_port=options.contact_port,
                contactless_port=options.contactless_port,
                defect=options.defect,
                log=options.log,
                tethered=options.tethered,
            )
        )
        return 0

    terminal.set_defaults(command=command)


DEVICES = (add_card_terminal,)
