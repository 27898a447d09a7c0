"""``xiangka report bundle``: a run in one ZIP in which every byte counts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_bundle(actions: Commands) -> None:
    """Add the action."""
    bundle = actions.add_parser("bundle", help="put a sealed run, or its twin, into one ZIP in which every byte counts")
    bundle.add_argument("folder", type=Path, metavar="DIR", help="the run's folder, or its redacted twin")
    bundle.add_argument("--out", type=Path, required=True, metavar="F.zip", help="the ZIP; must be new")
    bundle.set_defaults(command=_bundle)


def _bundle(options: argparse.Namespace) -> int:
    from xiangka.publishing import bundle

    print(bundle(options.folder, options.out))
    return 0
