"""``xiangka report scan``: whether anything stands in clear that may not."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from certification.errors import PlanError
from certification.exit_codes import ExitCode
from xiangka.printable import printable

if TYPE_CHECKING:
    from xiangka.cli import Commands

_SHORTEST = 8
"""Characters; a shorter line of a file of secrets would be found everywhere."""


def add_scan(actions: Commands) -> None:
    """Add the action."""
    parser = actions.add_parser("scan", help="look for identity numbers, card numbers and keys in clear")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files and folders, a run's above all")
    parser.add_argument("--secrets", type=Path, metavar="F", help="a file with a secret a line, to be looked for too")
    parser.set_defaults(command=_command)


def _command(options: argparse.Namespace) -> int:
    from evidence.clear_text import scan

    secrets = () if options.secrets is None else _secrets(options.secrets)
    for path in options.paths:
        if not path.exists():
            raise PlanError("there is no such file or folder", where=str(path), remedy="name what is to be searched")
    found = [(path, one) for path in options.paths for one in scan(path, secrets)]
    for path, one in found:
        print(printable(str(path / str(one) if path.is_dir() else path.parent / str(one))))
    print(f"{len(found)} findings" if found else "nothing in clear")
    return ExitCode.FAILED if found else ExitCode.PASSED


def _secrets(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError("cannot be read", where=str(path), remedy="give a text file with a secret a line") from error
    secrets = tuple(line.strip() for line in lines if line.strip())
    if short := [number for number, line in enumerate(lines, 1) if 0 < len(line.strip()) < _SHORTEST]:
        raise PlanError(
            f"line {short[0]} is too short to be told from any other text",
            where=str(path),
            remedy=f"give secrets of {_SHORTEST} characters or more",
        )
    return secrets
