"""``xiangka report``: what can be done with the folder of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_report(commands: Commands) -> None:
    """Add the command and its actions."""
    commands.add_parser("report", help="sign, verify, publish, judge again, compare").add_subparsers(
        required=True, metavar="ACTION"
    )
