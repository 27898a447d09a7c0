"""``xiangka statement``: write a conformance statement to be filled in, and check one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_statement(commands: Commands) -> None:
    """Add the command group."""
    actions = commands.add_parser("statement", help="a vendor's application and conformance statement").add_subparsers(
        required=True, metavar="ACTION"
    )
    new = actions.add_parser("new", help="write one to be filled in; with a bench, the device is probed first")
    new.add_argument(
        "--kind", default="terminal", metavar="terminal|platform", help="kind of subject (default: terminal)"
    )
    new.add_argument("--bench", type=Path, metavar="F", help="bench the device stands on")
    new.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file; must not be there yet")
    new.set_defaults(command=_new)
    check = actions.add_parser("check", help="list everything that keeps one from being used, and which rows apply")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument(
        "--bench", type=Path, metavar="F", help="bench the device stands on, to compare the answers with"
    )
    check.set_defaults(command=_check)


def _new(options: argparse.Namespace) -> int:
    from xiangka.statement_new import new_statement

    return new_statement(options.kind, options.bench, options.out)


def _check(options: argparse.Namespace) -> int:
    from xiangka.statement_check import check_statement

    return check_statement(options.file, options.bench)
