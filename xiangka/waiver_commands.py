"""``xiangka waiver``: write a waiver to be filled in, check one, sign one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from xiangka.key_secret import add_signer

if TYPE_CHECKING:
    from xiangka.cli import Commands


def add_waiver(commands: Commands) -> None:
    """Add the command group."""
    actions = commands.add_parser("waiver", help="failures declared beforehand: waivers and known issues")
    _add_actions(actions.add_subparsers(required=True, metavar="ACTION"))


def _add_actions(actions: Commands) -> None:
    new = actions.add_parser("new", help="write one to be filled in")
    new.add_argument("--requirement", required=True, metavar="ID", help="row it is about")
    new.add_argument(
        "--subject", type=Path, required=True, metavar="F", help="subject file of the only subject it is for"
    )
    new.add_argument("--known-issue", action="store_true", help="a failure that is expected, not one that is accepted")
    new.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file; must not be there yet")
    new.set_defaults(command=_new)
    check = actions.add_parser(
        "check", help="tell whether one counts: well written, signed, in force, for this subject"
    )
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.add_argument(
        "--centre", type=Path, metavar="F", help="the centre's public certificates, centre.pem (else $XIANGKA_CENTRE)"
    )
    check.add_argument("--subject", type=Path, metavar="F", help="subject file of the subject that is to be tested")
    check.set_defaults(command=_check)
    sign = actions.add_parser("sign", help="sign one; the signature stands beside it")
    sign.add_argument("file", type=Path, metavar="FILE")
    add_signer(sign)
    sign.set_defaults(command=_sign)


def _new(options: argparse.Namespace) -> int:
    from xiangka.waiver_new import new_waiver

    return new_waiver(options.requirement, options.subject, options.out, known_issue=options.known_issue)


def _check(options: argparse.Namespace) -> int:
    from xiangka.verifying import centre_file
    from xiangka.waiver_check import check_waivers

    return check_waivers(options.files, centre_file(options.centre), options.subject)


def _sign(options: argparse.Namespace) -> int:
    from xiangka.key_secret import open_keys
    from xiangka.waiver_sign import sign_waiver

    return sign_waiver(options.file, lambda: open_keys(options.keys, options.password_file))
