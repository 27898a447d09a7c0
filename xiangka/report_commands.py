"""``xiangka report``: what can be done with the folder of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xiangka.report_bundle import add_bundle
from xiangka.report_compare import add_compare
from xiangka.report_judge import add_judge
from xiangka.report_pdf import add_pdf
from xiangka.report_redact import add_redact
from xiangka.report_scan import add_scan
from xiangka.report_sign import add_sign
from xiangka.report_verify import add_verify

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_report(commands: Commands) -> None:
    """Add the command and its actions."""
    parser = commands.add_parser("report", help="sign, verify, publish, judge again, compare")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_sign(actions)
    add_verify(actions)
    add_pdf(actions)
    add_redact(actions)
    add_bundle(actions)
    add_scan(actions)
    add_judge(actions)
    add_compare(actions)
