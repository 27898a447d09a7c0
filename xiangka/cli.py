"""``xiangka``: the commands people type. Each command's work stands in a module of its own."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

from certification.errors import PlanError
from certification.exit_codes import ExitCode
from reference_impl.errors import PlatformError
from reports.errors import ReportError
from rigs.errors import BenchFileError, RigError
from xiangka import __version__
from xiangka.platform_commands import add_platform

Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


BUG = 70
"""Exit code of a bug of ours (sysexits: EX_SOFTWARE), apart from every verdict."""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line and exit 4."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the options."""
        raise PlanError(message, where=self.prog, remedy=f"see `{self.prog} --help`")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code. Mistakes of the user and faults of the bench are told in one line."""
    try:
        options = _parser().parse_args(arguments)
        return int(options.command(options))
    except (PlanError, BenchFileError, ReportError) as error:
        return _complain(error, ExitCode.WRONG_INPUT)
    except (RigError, PlatformError) as error:
        return _complain(error, ExitCode.RIG_ERROR)
    except KeyboardInterrupt:
        return _complain("interrupted", ExitCode.OPEN)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception:
        traceback.print_exc()
        return BUG


def _complain(error: object, code: ExitCode) -> int:
    print(f"xiangka: {' '.join(str(error).split())}", file=sys.stderr)
    return int(code)


def _parser() -> _Parser:
    parser = _Parser(prog="xiangka", description="湘卡: test and certification harness for the Hunan e-health card")
    parser.add_argument("--version", action="version", version=f"xiangka {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _certify(commands)
    _emulate(commands)
    _bench(commands)
    _catalogue(commands)
    _defects(commands)
    add_platform(commands)
    _load(commands)
    return parser


def _certify(commands: Commands) -> None:
    parser = commands.add_parser("certify", help="run a subject's requirements and write a report")
    parser.add_argument("--bench", type=Path, metavar="F", help="bench file; default: an emulated GM65 terminal")
    parser.add_argument("--subject", type=Path, metavar="F", help="subject file of the terminal on the bench")
    parser.add_argument("--only", nargs="+", action="extend", default=[], metavar="ID", help="only these requirements")
    parser.add_argument("--plan", default="quick", metavar="quick|full", help="which rows to run (default: quick)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="source of every random choice (default: 1)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder; default: a new one in reports/runs")
    parser.add_argument("--defect", metavar="NAME", help="give the emulated terminal a deliberate defect")

    def command(options: argparse.Namespace) -> int:
        from xiangka.certification_run import DEFAULT_BENCH, RunOptions
        from xiangka.certify import certify

        return certify(
            RunOptions(
                bench=options.bench or DEFAULT_BENCH,
                subject=options.subject,
                only=tuple(options.only),
                plan=options.plan,
                seed=options.seed,
                defect=options.defect,
                out=options.out,
            )
        )

    parser.set_defaults(command=command)


def _emulate(commands: Commands) -> None:
    kinds = commands.add_parser("emulate", help="run an emulated device").add_subparsers(
        required=True, metavar="DEVICE"
    )
    scanner = kinds.add_parser("scanner", help="a scanning terminal on a pty; prints the path of its port")
    scanner.add_argument("--protocol", required=True, metavar="gm65|honeywell|newland|plain-line|ssi")
    scanner.add_argument(
        "--camera", required=True, metavar="URL", help="frame it looks at: http://127.0.0.1:PORT/frame"
    )
    scanner.add_argument("--defect", metavar="NAME", help="a deliberate defect; see `xiangka defects list`")
    scanner.add_argument("--baud", type=int, default=9600, choices=(9600, 19200, 38400, 57600, 115200))
    scanner.add_argument("--pace", default="uart", choices=("uart", "usb"), help="how its line paces (default: uart)")
    scanner.add_argument("--time-scale", type=float, default=1.0, help="how much faster its own clock runs")
    scanner.add_argument("--rail", metavar="HOST:PORT", help="emulated supply that feeds it")
    scanner.add_argument(
        "--terminator",
        default="cr",
        choices=("cr", "lf", "crlf", "tab", "none"),
        help="what ends a code on a plain line",
    )
    scanner.add_argument("--keyboard", action="store_true", help="type deliveries on a keyboard link too; prints it")
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
                time_scale=options.time_scale,
                rail=options.rail,
                tethered=options.tethered,
                keyboard=options.keyboard,
                terminator=options.terminator,
            )
        )
        return 0

    scanner.set_defaults(command=run_scanner)
    supply = kinds.add_parser("power-supply", help="a SCPI bench supply; prints its VISA resource and its rail")
    supply.add_argument("--tethered", action="store_true", help="end when standard input closes")

    def run_supply(options: argparse.Namespace) -> int:
        from rigs.emulators import power_supply as emulator

        emulator.run_power_supply(emulator.PowerSupplyOptions(tethered=options.tethered))
        return 0

    supply.set_defaults(command=run_supply)


def _bench(commands: Commands) -> None:
    actions = commands.add_parser("bench", help="look after benches").add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="read a bench file, open every role, ask the device who it is")
    check.add_argument("file", type=Path, metavar="F")

    def command(options: argparse.Namespace) -> int:
        from xiangka.bench_check import check_bench

        return check_bench(options.file)

    check.set_defaults(command=command)


def _catalogue(commands: Commands) -> None:
    actions = commands.add_parser("catalogue", help="the requirements").add_subparsers(required=True, metavar="ACTION")
    every = actions.add_parser("list", help="every requirement, or all there is to say of those named")
    every.add_argument("ids", nargs="*", metavar="ID")

    def list_them(options: argparse.Namespace) -> int:
        from xiangka import catalogue_lists

        return catalogue_lists.details(options.ids) if options.ids else catalogue_lists.everything()

    every.set_defaults(command=list_them)

    def coverage(_options: argparse.Namespace) -> int:
        from xiangka.catalogue_lists import coverage

        return coverage()

    actions.add_parser("coverage", help="which requirements have a scenario").set_defaults(command=coverage)


def _defects(commands: Commands) -> None:
    actions = commands.add_parser("defects", help="deliberate faults").add_subparsers(required=True, metavar="ACTION")

    def command(_options: argparse.Namespace) -> int:
        from xiangka.catalogue_lists import defects

        return defects()

    actions.add_parser("list", help="every defect and what it must make fail").set_defaults(command=command)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def _load(commands: Commands) -> None:
    parser = commands.add_parser("load", help="a short Locust run on the verification path")
    parser.add_argument("--target", metavar="URL", help="platform; default: the reference platform, started for it")
    parser.add_argument("--credentials", type=Path, metavar="F", help="credentials for --target")
    parser.add_argument("--users", type=_positive, default=4, help="simultaneous users (default: 4)")
    parser.add_argument("--seconds", type=_positive, default=10, help="how long (default: 10)")

    def command(options: argparse.Namespace) -> int:
        from xiangka.load import run_load

        return run_load(options.target, options.credentials, options.users, options.seconds)

    parser.set_defaults(command=command)
