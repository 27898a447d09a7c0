"""``xiangka report sign``: a laboratory or an authoriser signs a run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from xiangka.key_secret import add_signer

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_sign(actions: Commands) -> None:
    """Add the action."""
    sign = actions.add_parser("sign", help="sign a finished run: the laboratory first, then the authoriser")
    sign.add_argument("folder", type=Path, metavar="DIR", help="the run's folder")
    add_signer(sign)
    sign.add_argument(
        "--looked-at",
        nargs="+",
        action="extend",
        default=[],
        metavar="PLACE",
        help="places where `report scan` takes a random code for the number of a bank card (journal.jsonl: line 12)",
    )
    sign.set_defaults(command=_sign)


def _sign(options: argparse.Namespace) -> int:
    from xiangka.signing import sign_run

    return sign_run(options.folder, options.keys, options.password_file, options.looked_at)
