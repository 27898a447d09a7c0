"""``xiangka platform ask``: its options."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_ask(actions: Commands) -> None:
    """Add the action."""
    parser = actions.add_parser(
        "ask",
        help="ask a platform one question through its gateway; prints the answer",
        usage="xiangka platform ask METHOD FIELD=VALUE … --credentials F [options]",
    )
    parser.add_argument("method", metavar="METHOD", help="ehc.ehealthcard.register, or register for short")
    parser.add_argument("fields", nargs="*", type=_field, metavar="FIELD=VALUE", help="business fields")
    parser.add_argument(
        "--credentials", type=Path, required=True, metavar="F", help="credentials file of the application that asks"
    )
    parser.add_argument("--dialect", metavar="NAME", help="its dialect; default: what the credentials say, else hn-a")
    parser.add_argument("--target", metavar="URL", help="platform; default: the one the credentials name")
    parser.add_argument("--ca", type=Path, metavar="F", help="PEM certificates to trust, for a platform with TLS")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--show", action="store_true", help="show identity numbers in full")

    def command(options: argparse.Namespace) -> int:
        from certification.errors import PlanError
        from xiangka.platform_ask import Asked, ask_platform

        fields = dict(options.fields)
        if len(fields) != len(options.fields):
            raise PlanError("a field is given twice", where="FIELD=VALUE", remedy="give each field once")
        return ask_platform(
            Asked(
                method=options.method,
                fields=fields,
                credentials=options.credentials,
                dialect=options.dialect,
                target=options.target,
                ca=options.ca,
            ),
            as_json=options.json,
            show=options.show,
        )

    parser.set_defaults(command=command)


def _field(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise argparse.ArgumentTypeError(f"{name or text} is not of the form FIELD=VALUE")
    return name, value
