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
from evidence.errors import SignatureError
from reference_impl.errors import PlatformError
from reports.errors import ReportError
from rigs.errors import BenchFileError, NotAssessedError, RigError
from xiangka import __version__
from xiangka.catalogue_commands import add_catalogue
from xiangka.certify_command import add_certify
from xiangka.emulate_commands import add_emulate
from xiangka.keys_commands import add_keys
from xiangka.load_command import add_load
from xiangka.optics_commands import add_optics
from xiangka.plan_commands import add_plan
from xiangka.platform_commands import add_platform
from xiangka.register_commands import add_register
from xiangka.relay_commands import add_relay
from xiangka.report_commands import add_report
from xiangka.statement_commands import add_statement
from xiangka.trial_commands import add_trial
from xiangka.waiver_commands import add_waiver

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
    except (PlanError, BenchFileError, ReportError, SignatureError) as error:
        return _complain(error, ExitCode.WRONG_INPUT)
    except (RigError, PlatformError) as error:
        return _complain(error, ExitCode.RIG_ERROR)
    except NotAssessedError as error:
        return _complain(error, ExitCode.OPEN)
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
    add_certify(commands)
    add_emulate(commands)
    add_relay(commands)
    _bench(commands)
    add_statement(commands)
    add_catalogue(commands)
    _defects(commands)
    add_trial(commands)
    add_plan(commands)
    add_waiver(commands)
    add_report(commands)
    add_keys(commands)
    add_register(commands)
    add_optics(commands)
    add_platform(commands)
    add_load(commands)
    return parser


def _bench(commands: Commands) -> None:
    actions = commands.add_parser("bench", help="look after benches").add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="read a bench file, open every role, ask the device who it is")
    check.add_argument("file", type=Path, metavar="F")

    def command(options: argparse.Namespace) -> int:
        from xiangka.bench_check import check_bench

        return check_bench(options.file)

    check.set_defaults(command=command)


def _defects(commands: Commands) -> None:
    actions = commands.add_parser("defects", help="deliberate faults").add_subparsers(required=True, metavar="ACTION")

    def command(_options: argparse.Namespace) -> int:
        from xiangka.catalogue_lists import defects

        return defects()

    actions.add_parser("list", help="every defect and what it must make fail").set_defaults(command=command)
