"""``xiangka report redact``: the twin of a run that may be published."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_redact(actions: Commands) -> None:
    """Add the action."""
    redact = actions.add_parser(
        "redact", help="make the twin of a signed run that may be published, under the same signatures"
    )
    redact.add_argument("folder", type=Path, metavar="DIR", help="the run's folder")
    redact.add_argument(
        "--out", type=Path, required=True, metavar="DIR2|ZIP", help="the twin, a ZIP where it ends in .zip; must be new"
    )
    redact.set_defaults(command=_redact)


def _redact(options: argparse.Namespace) -> int:
    from xiangka.publishing import redact

    print(redact(options.folder, options.out))
    return 0
