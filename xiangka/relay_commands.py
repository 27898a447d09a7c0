"""``xiangka relay``: wires carried to where a bench can name them, or through what spoils them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from xiangka.relay_faults import add_faults

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_relay(commands: Commands) -> None:
    """Add the command and what it carries."""
    relay = commands.add_parser("relay", help="carry a wire to a socket that a bench file or a caller can name")
    wires = relay.add_subparsers(required=True, metavar="WIRE")
    add_faults(wires)
    hidraw = wires.add_parser(
        "hidraw", help="reports of a USB device; prints the URL for the bench file, runs until it is stopped"
    )
    hidraw.add_argument("device", metavar="/dev/hidrawN")
    hidraw.add_argument(
        "--as",
        dest="form",
        required=True,
        choices=("keyboard", "hid-pos"),
        help="what it is: a keyboard (`hid-stream`, `keyboard-wedge`) or a HID-POS scanner",
    )
    hidraw.add_argument("--port", type=_port, default=0, help="where to listen on 127.0.0.1 (default: any free port)")

    def command(options: argparse.Namespace) -> int:
        from rigs.hidraw_relay import FORMS, HidrawRelay, open_hidraw

        relay = HidrawRelay(open_hidraw(options.device), options.device, FORMS[options.form], options.port)
        try:
            print(relay.url, flush=True)
            relay.serve()
        finally:
            relay.close()
        return 0

    hidraw.set_defaults(command=command)


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return number
