"""``xiangka certify`` on the command line: a new run, or an interrupted one gone on with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_certify(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("certify", help="run a subject's requirements and write a report")
    parser.add_argument("--bench", type=Path, metavar="F", help="bench file; default: an emulated GM65 terminal")
    parser.add_argument("--subject", type=Path, metavar="F", help="subject file of the terminal on the bench")
    parser.add_argument("--only", nargs="+", action="extend", default=[], metavar="ID", help="only these requirements")
    parser.add_argument("--plan", metavar="quick|full|without-endurance", help="which rows to run (default: quick)")
    parser.add_argument("--seed", type=int, metavar="N", help="source of every random choice (default: 1)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder; default: a new one in reports/runs")
    parser.add_argument("--defect", metavar="NAME", help="give the emulated terminal a deliberate defect")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with the interrupted run in this folder")
    parser.add_argument(
        "--form",
        nargs="+",
        action="extend",
        default=[],
        type=Path,
        metavar="F",
        help="filled forms of rows done by hand",
    )
    parser.add_argument("--laboratory", type=Path, metavar="F", help="laboratory file: what the report states beside")
    parser.add_argument(
        "--waivers",
        nargs="+",
        action="extend",
        default=[],
        type=Path,
        metavar="F",
        help="failures declared beforehand, each signed",
    )
    parser.add_argument(
        "--centre", type=Path, metavar="F", help="the centre's public certificates, centre.pem (else $XIANGKA_CENTRE)"
    )
    parser.set_defaults(command=_command)


def _command(options: argparse.Namespace) -> int:
    from xiangka.asked import DEFAULT_BENCH, Given, RunOptions
    from xiangka.certify import certify, resume
    from xiangka.verifying import centre_file

    given = Given(
        bench=options.bench,
        subject=options.subject,
        only=tuple(options.only),
        plan=options.plan,
        seed=options.seed,
        defect=options.defect,
        out=options.out,
        forms=tuple(options.form),
        laboratory=options.laboratory,
        waivers=tuple(options.waivers),
    )
    if options.resume is not None:
        return resume(options.resume, given)
    return certify(
        RunOptions(
            bench=given.bench or DEFAULT_BENCH,
            subject=given.subject,
            only=given.only,
            plan=given.plan or "quick",
            seed=1 if given.seed is None else given.seed,
            defect=given.defect,
            out=given.out,
            forms=given.forms,
            laboratory=given.laboratory,
            waivers=given.waivers,
            centre=centre_file(options.centre),
        )
    )
