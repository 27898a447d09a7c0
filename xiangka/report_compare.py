"""``xiangka report compare``: what an upgrade changed, by the runs before and after it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_compare(actions: Commands) -> None:
    """Add the action."""
    compare = actions.add_parser("compare", help="compare two runs, before and after an upgrade; 1 on a regression")
    compare.add_argument("old", type=Path, metavar="OLD", help="folder of the run before")
    compare.add_argument("new", type=Path, metavar="NEW", help="folder of the run after")
    compare.add_argument("--json", action="store_true", help="tell it as JSON on standard output")
    compare.add_argument("--html", type=Path, metavar="F", help="write it as one page, too")
    compare.add_argument(
        "--lang", choices=("zh", "en", "both"), default="both", metavar="zh|en|both", help="languages (default: both)"
    )
    compare.set_defaults(command=_command)


def _command(options: argparse.Namespace) -> int:
    from xiangka.comparing_runs import compare_runs
    from xiangka.told_comparison import comparison_record, tell_comparison

    found = compare_runs(options.old, options.new)
    if options.html is not None:
        from reports.comparison_page import write_comparison

        write_comparison(options.html, found, options.lang)
    if options.json:
        from certification.json_text import json_text

        print(json_text(comparison_record(found)), end="")
    else:
        tell_comparison(found, options.lang)
    return int(found.exit_code)
