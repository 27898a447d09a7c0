"""``xiangka plan``: what a run has to do."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_plan(commands: Commands) -> None:
    """Add the command and its actions."""
    actions = commands.add_parser("plan", help="what a run has to do").add_subparsers(required=True, metavar="ACTION")
    delta = actions.add_parser("delta", help="what must be run again after a change, and why")
    delta.add_argument("--since", type=Path, required=True, metavar="DIR", help="folder of the run before the change")
    delta.add_argument("--subject", type=Path, metavar="F", help="subject file as it is now; default: that of the run")
    delta.add_argument("--bench", type=Path, metavar="F", help="bench file as it is now; default: that of the run")
    delta.add_argument("--json", action="store_true", help="tell it as JSON on standard output")
    delta.set_defaults(command=_delta)


def _delta(options: argparse.Namespace) -> int:
    from xiangka.plan_delta import plan_delta, tell_delta

    return tell_delta(plan_delta(options.since, options.subject, options.bench), as_json=options.json)
