"""``xiangka optics``: the optics laboratory by hand — draw a stimulus, sweep a parameter."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rigs.optics.parameters import PARAMETERS

if TYPE_CHECKING:
    from xiangka.cli import Commands
    from xiangka.optics_stimulus import Wanted

_COLOURS = {"colour": "dark", "ground": "ground", "surround": "surround"}
_DEST = "parameter:"
"""Keeps values of parameters apart from other options."""


def add_optics(commands: Commands) -> None:
    """Add the command and its actions."""
    actions = commands.add_parser("optics", help="the optics laboratory").add_subparsers(
        required=True, metavar="ACTION"
    )
    _draw(actions)
    _sweep(actions)
    _sheet(actions)
    _list(actions)


def _draw(actions: Commands) -> None:
    parser = actions.add_parser(
        "draw",
        help="draw a stimulus under physical conditions and grade it",
        usage="xiangka optics draw --out frame.png [--distance 80] [--glare 2000] [--NAME VALUE …] [options]",
        epilog="every parameter of `xiangka optics parameters` is an option",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="PNG", help="where the picture goes")
    parser.add_argument("--clean", type=Path, metavar="PNG", help="write what the reference decoder is shown here")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="source of every random choice (default: 1)")
    _add_stimulus_options(parser)

    def command(options: argparse.Namespace) -> int:
        from xiangka.optics_drawing import draw

        return draw(_wanted(options), options.seed, options.out, options.clean)

    parser.set_defaults(command=command)


def _sweep(actions: Commands) -> None:
    parser = actions.add_parser(
        "sweep",
        help="the read rate of a device over one parameter",
        usage="xiangka optics sweep --parameter distance --from 30 --to 200 --step 10 --reads 20 [--bench F] [options]",
        epilog="every other parameter of `xiangka optics parameters` is an option, for what stays the same",
    )
    parser.add_argument("--parameter", required=True, metavar="NAME", help="what changes")
    parser.add_argument("--from", dest="start", type=float, required=True, metavar="X", help="first value")
    parser.add_argument("--to", dest="stop", type=float, required=True, metavar="X", help="last value")
    parser.add_argument("--step", type=float, required=True, metavar="X", help="from one value to the next")
    parser.add_argument("--reads", type=int, default=20, metavar="N", help="codes a value (default: 20)")
    parser.add_argument("--bench", type=Path, metavar="F", help="bench file; default: an emulated GM65 terminal")
    parser.add_argument("--defect", metavar="NAME", help="give the emulated terminal a deliberate defect")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="source of every random choice (default: 1)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder; default: a new one in reports/runs")
    _add_stimulus_options(parser)

    def command(options: argparse.Namespace) -> int:
        from certification.errors import PlanError
        from xiangka.asked import DEFAULT_BENCH
        from xiangka.optics_stimulus import parameter_named
        from xiangka.optics_sweep import SweepOptions, sweep

        if options.reads < 1:
            raise PlanError(f"{options.reads} is not a positive number", where="--reads", remedy="give at least 1")
        return sweep(
            SweepOptions(
                bench=options.bench or DEFAULT_BENCH,
                parameter=parameter_named(options.parameter, "--parameter"),
                start=options.start,
                stop=options.stop,
                step=options.step,
                reads=options.reads,
                wanted=_wanted(options),
                seed=options.seed,
                defect=options.defect,
                out=options.out,
            )
        )

    parser.set_defaults(command=command)


def _sheet(actions: Commands) -> None:
    parser = actions.add_parser("sheet", help="one picture of each effect on a contact sheet")
    parser.add_argument("--out", type=Path, required=True, metavar="PNG", help="where the sheet goes")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="source of every random choice (default: 1)")

    def command(options: argparse.Namespace) -> int:
        from xiangka.optics_sheet import sheet

        return sheet(options.out, options.seed)

    parser.set_defaults(command=command)


def _list(actions: Commands) -> None:
    parser = actions.add_parser("parameters", help="every parameter with its unit and range")

    def command(_options: argparse.Namespace) -> int:
        for one in PARAMETERS.values():
            unit = "" if one.unit == "1" else one.unit
            print(f"{one.name:20} {one.low:>8g} … {one.high:<8g} {unit:6} {one.zh} · {one.en}")
        return 0

    parser.set_defaults(command=command)


def _add_stimulus_options(parser: argparse.ArgumentParser) -> None:
    for option, about in (("colour", "dark modules"), ("ground", "light modules"), ("surround", "around the code")):
        parser.add_argument(f"--{option}", type=_colour, metavar="#RRGGBB", help=f"colour of {about}")
    parser.add_argument("--ec-level", default="M", choices=tuple("LMQH"), help="error correction (default: M)")
    parser.add_argument("--two", action="store_true", help="two codes in view")
    for one in PARAMETERS.values():
        parser.add_argument(f"--{one.name}", type=float, metavar="X", help=argparse.SUPPRESS, dest=_DEST + one.name)


def _wanted(options: argparse.Namespace) -> Wanted:
    from xiangka.optics_stimulus import Wanted, checked

    given = {name: getattr(options, _DEST + name) for name in PARAMETERS}
    return Wanted(
        values={name: checked(PARAMETERS[name], x, f"--{name}") for name, x in given.items() if x is not None},
        colours={field: colour for option, field in _COLOURS.items() if (colour := getattr(options, option))},
        ec_level=options.ec_level,
        two=options.two,
    )


def _colour(text: str) -> str:
    if re.fullmatch("#[0-9A-Fa-f]{6}", text) is None:
        raise argparse.ArgumentTypeError(f"{text} is not of the form #RRGGBB")
    return text.upper()
