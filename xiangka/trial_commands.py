"""``xiangka trial``: the harness itself on trial, over defects and over sound subjects."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_trial(commands: Commands) -> None:
    """Add the command group."""
    kinds = commands.add_parser("trial", help="put the harness itself on trial").add_subparsers(
        required=True, metavar="OVER"
    )
    defects = kinds.add_parser("defects", help="try every deliberate defect; does its row fail, and nothing else?")
    defects.add_argument("--only", nargs="+", action="extend", default=[], metavar="ID", help="defects of these rows")
    defects.set_defaults(command=_defects)
    seeds = kinds.add_parser("seeds", help="run a sound subject under many seeds; does anything fail?")
    seeds.add_argument("--runs", type=_positive, required=True, metavar="N", help="seeds 1 to N")
    seeds.add_argument("--plan", default="quick", metavar="P", help="plan to run (default: quick)")
    seeds.set_defaults(command=_seeds)
    for parser in (defects, seeds):
        parser.add_argument("--bench", type=Path, metavar="F", help="bench; default: one that can assess the rows")
        parser.add_argument("--resume", action="store_true", help="go on with a trial that was cut short")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="record of the trial (JSON)")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def _defects(options: argparse.Namespace) -> int:
    from xiangka.defect_trial import trial_of_defects
    from xiangka.interruption import interrupt_once

    interrupt_once()
    return trial_of_defects(options.only, options.bench, options.out, resume=options.resume)


def _seeds(options: argparse.Namespace) -> int:
    from xiangka.interruption import interrupt_once
    from xiangka.seed_trial import trial_of_seeds

    interrupt_once()
    return trial_of_seeds(options.runs, options.plan, options.bench, options.out, resume=options.resume)
