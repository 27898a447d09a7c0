"""``xiangka report judge``: the verdicts of a run derived anew from what it keeps, without a device."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_judge(actions: Commands) -> None:
    """Add the action."""
    judge = actions.add_parser("judge", help="derive the verdicts of a run anew, without a device")
    judge.add_argument("run", type=Path, metavar="DIR", help="folder of a run, or of its redacted twin")
    judge.add_argument("--catalogue", type=Path, metavar="F", help="judge by this catalogue, and show what it changes")
    judge.add_argument("--json", action="store_true", help="tell it as JSON on standard output")
    judge.set_defaults(command=_command)


def _command(options: argparse.Namespace) -> int:
    from xiangka.judging_again import judge_again, judge_by_another

    if options.catalogue is None:
        return judge_again(options.run, as_json=options.json)
    return judge_by_another(options.run, options.catalogue, as_json=options.json)
