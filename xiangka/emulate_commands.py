"""``xiangka emulate``: software twins of devices, each a process that runs until it is stopped."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from xiangka import emulate_cards, emulate_instruments, emulate_security

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_emulate(commands: Commands) -> None:
    """Add the command and its devices."""
    kinds = commands.add_parser("emulate", help="run an emulated device").add_subparsers(
        required=True, metavar="DEVICE"
    )
    for add in (
        _scanner,
        _power_supply,
        *emulate_instruments.DEVICES,
        *emulate_cards.DEVICES,
        *emulate_security.DEVICES,
    ):
        add(kinds)


def _scanner(kinds: Commands) -> None:
    scanner = kinds.add_parser("scanner", help="a scanning terminal; prints the path or URL of its port")
    scanner.add_argument(
        "--protocol",
        required=True,
        metavar="NAME",
        help="datalogic, gm65, hid-pos, honeywell, keyboard-wedge, m3y, newland, plain-line, ssi or web-plugin",
    )
    scanner.add_argument(
        "--camera", required=True, metavar="URL", help="frame it looks at: http://127.0.0.1:PORT/frame"
    )
    scanner.add_argument("--defect", metavar="NAME", help="a deliberate defect; see `xiangka defects list`")
    scanner.add_argument("--baud", type=int, default=9600, choices=(9600, 19200, 38400, 57600, 115200))
    scanner.add_argument("--pace", default="uart", choices=("uart", "usb"), help="how its line paces (default: uart)")
    scanner.add_argument(
        "--listen", default="pty", choices=("pty", "tcp", "rfc2217", "websocket"), help="what its line ends in"
    )
    scanner.add_argument("--parity", default="none", choices=("none", "even", "odd"))
    scanner.add_argument("--stop-bits", type=int, default=1, choices=(1, 2))
    scanner.add_argument("--time-scale", type=float, default=1.0, help="how much faster its own clock runs")
    scanner.add_argument("--rail", metavar="HOST:PORT", help="emulated supply that feeds it")
    scanner.add_argument(
        "--terminator",
        default="cr",
        choices=("cr", "lf", "crlf", "tab", "none"),
        help="what ends a code on a plain line, or behind single byte commands",
    )
    scanner.add_argument(
        "--keyboard",
        nargs="?",
        const="cr",
        choices=("cr", "tab"),
        help="type deliveries on a keyboard link too, ended by Enter (default) or Tab; prints it",
    )
    scanner.add_argument("--maker-key", metavar="HEX", help="take updates signed with this SM2 key; prints where")
    scanner.add_argument("--flash", type=Path, metavar="DIR", help="where it keeps its firmware")
    scanner.add_argument("--interlock", type=Path, metavar="SOCKET", help="card side it asks before a code goes out")
    scanner.add_argument("--network-hour", type=float, metavar="S", help="give it a network link, and hours this long")
    scanner.add_argument("--log", type=Path, metavar="DIR", help="keep a log of deliveries here")
    scanner.add_argument("--by-id", type=Path, metavar="DIR", help="give its port a stable name here, and a plug")
    scanner.add_argument("--tethered", action="store_true", help="end when standard input closes")

    def run_scanner(options: argparse.Namespace) -> int:
        from rigs.emulators import scanner as emulator

        emulator.run_scanner(
            emulator.ScannerOptions(
                protocol=options.protocol,
                camera=options.camera,
                defect=options.defect,
                baud=options.baud,
                pace=options.pace,
                listen=options.listen,
                parity=options.parity,
                stop_bits=options.stop_bits,
                time_scale=options.time_scale,
                rail=options.rail,
                tethered=options.tethered,
                keyboard=options.keyboard,
                terminator=options.terminator,
                interlock=options.interlock,
                maker_key=options.maker_key,
                flash=options.flash,
                by_id=options.by_id,
                log=options.log,
                network_hour_s=options.network_hour,
            )
        )
        return 0

    scanner.set_defaults(command=run_scanner)


def _power_supply(kinds: Commands) -> None:
    supply = kinds.add_parser("power-supply", help="a SCPI bench supply; prints its VISA resource and its rail")
    supply.add_argument("--tethered", action="store_true", help="end when standard input closes")

    def run_supply(options: argparse.Namespace) -> int:
        from rigs.emulators import power_supply as emulator

        emulator.run_power_supply(emulator.PowerSupplyOptions(tethered=options.tethered))
        return 0

    supply.set_defaults(command=run_supply)
