"""``xiangka load`` on the command line."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_load(commands: Commands) -> None:
    """Add the command and its action."""
    actions = commands.add_parser("load", help="load a platform").add_subparsers(required=True, metavar="ACTION")
    parser = actions.add_parser("run", help="offer a platform a load, and judge what came of it")
    parser.add_argument("--profile", default="reference", metavar="NAME", help="which load (default: reference)")
    parser.add_argument("--target", metavar="URL", help="platform; default: the reference platform, started for it")
    parser.add_argument("--credentials", type=Path, metavar="F", help="credentials for --target")
    parser.add_argument("--bench", type=Path, metavar="F", help="bench file of a platform, with or without [load]")
    parser.add_argument("--subject", type=Path, metavar="F", help="subject file of the platform")
    parser.add_argument("--workers", type=_positive, metavar="N", help="processes of the generator (default: 1)")
    parser.add_argument("--expect-workers", type=_positive, metavar="N", help="processes on all hosts together")
    parser.add_argument("--bind", metavar="ADDRESS", help="where workers of other hosts find their master")
    parser.add_argument("--rate", type=_more_than_nothing, metavar="R", help="requests a second of the main stages")
    parser.add_argument("--seconds", type=_more_than_nothing, metavar="S", help="length of the main stages together")
    parser.add_argument("--dialect", nargs="+", action="extend", default=[], metavar="NAME", help="dialects, in turn")
    parser.add_argument("--population", type=Path, metavar="F", help="file of the cards that are there already")
    parser.add_argument(
        "--seed", type=_not_negative, default=1, metavar="N", help="source of every random choice (default: 1)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder; default: a new one in reports/runs")
    parser.add_argument("--laboratory", type=Path, metavar="F", help="laboratory file: what the report states beside")
    parser.add_argument("--defect", metavar="NAME", help="give the reference platform a deliberate defect")
    parser.add_argument("--generator-defect", metavar="NAME", help="give the generator one: the run must be INVALID")
    parser.set_defaults(command=_command)


def _command(options: argparse.Namespace) -> int:
    from xiangka.load_run import LoadOptions, run_load

    return run_load(
        LoadOptions(
            profile=options.profile,
            target=options.target,
            credentials=options.credentials,
            bench=options.bench,
            subject=options.subject,
            workers=options.workers,
            expect_workers=options.expect_workers,
            bind=options.bind,
            rate=options.rate,
            seconds=options.seconds,
            dialects=tuple(options.dialect),
            population=options.population,
            generator_defect=options.generator_defect,
            seed=options.seed,
            defect=options.defect,
            out=options.out,
            laboratory=options.laboratory,
        )
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def _not_negative(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither 0 nor a positive number")
    return int(text)


def _more_than_nothing(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return number
