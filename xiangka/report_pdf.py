"""``xiangka report pdf``: the report of a run as PDF/A-3, in Chinese and English, signed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_pdf(actions: Commands) -> None:
    """Add the action."""
    pdf = actions.add_parser("pdf", help="issue the report of a sealed run as PDF/A-3, in Chinese and English")
    pdf.add_argument("folder", type=Path, metavar="DIR", help="the run's folder")
    pdf.add_argument("--lang", choices=("zh", "en", "both"), default="both", help="edition (default: both)")
    pdf.add_argument("--number", metavar="N", help="number of the report (default: that of the run)")
    pdf.add_argument(
        "--keys",
        type=Path,
        nargs="+",
        default=(),
        metavar="DIR",
        help="folders of the laboratory's and authoriser's keys",
    )
    pdf.add_argument(
        "--password-file", type=Path, nargs="+", default=(), metavar="F", help="files of mode 0600 with their passwords"
    )
    pdf.add_argument("--out", type=Path, metavar="DIR", help="where an unsigned report goes, to be signed by hand")
    pdf.add_argument("--amends", metavar="PDF|N", help="the earlier report this one replaces: its file, or its number")
    pdf.add_argument("--reason", nargs="+", metavar="TEXT", help="why it is replaced: in Chinese, then in English")
    pdf.add_argument(
        "--laboratory", type=Path, metavar="F", help="laboratory file with what an amended report corrects"
    )
    pdf.set_defaults(command=_pdf)


def _pdf(options: argparse.Namespace) -> int:
    from xiangka.paged_reports import issue_reports

    for path in issue_reports(options):
        print(path)
    return 0
