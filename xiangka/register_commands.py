"""``xiangka register``: the register of certificates, its options and which module does the work of each action."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from xiangka.key_secret import add_signer

if TYPE_CHECKING:
    from xiangka.cli import Commands

DATABASE = "XIANGKA_REGISTER"
"""Environment variable that names the database where no option does; a password in a URL stands there unseen."""
FIRST_REASON, FIRST_REASON_EN = "首次签发", "first issue"
Command = Callable[[argparse.Namespace], int]


def add_register(commands: Commands) -> None:
    """Add the command and its actions."""
    actions = commands.add_parser("register", help="the register of certificates").add_subparsers(
        required=True, metavar="ACTION"
    )
    _init(actions)
    _issue(actions)
    _renew(actions)
    _amend(actions)
    for act, about in _STANDINGS.items():
        _set_standing(actions, act, about)
    _show(actions)
    _check(actions)
    _warnings(actions)
    _export(actions)


_STANDINGS = {
    "suspend": "suspend a certificate until it is reinstated",
    "reinstate": "lift the suspension of a certificate",
    "withdraw": "withdraw a certificate for good",
}


def _init(actions: Commands) -> None:
    parser = actions.add_parser("init", help="make a register")
    _database(parser)
    parser.add_argument("--name", required=True, metavar="TEXT", help="who keeps it and for what, in Chinese")
    parser.add_argument("--name-en", metavar="TEXT", help="the same in English (default: as in Chinese)")
    parser.add_argument("--url", required=True, metavar="URL", help="address under which its listing is published")
    parser.add_argument("--specimen", action="store_true", help="keep specimens, which may rest on emulated devices")
    add_signer(parser)
    _work(parser, "init")


def _issue(actions: Commands) -> None:
    parser = actions.add_parser("issue", help="issue a certificate on a signed run that passed")
    _database(parser)
    parser.add_argument("runs", type=Path, nargs=1, metavar="RUN", help="folder of the run")
    _until(parser)
    parser.add_argument(
        "--reason", default=FIRST_REASON, metavar="TEXT", help=f"why, in Chinese (default: {FIRST_REASON})"
    )
    parser.add_argument(
        "--reason-en", metavar="TEXT", help=f"why, in English (default: {FIRST_REASON_EN}, or as in Chinese)"
    )
    _signer(parser)
    _out(parser)
    _work(parser, "issue")


def _renew(actions: Commands) -> None:
    parser = actions.add_parser("renew", help="renew a certificate on new runs of firmware it covers")
    _database(parser)
    _number(parser)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folders of the runs")
    _until(parser)
    _why(parser)
    _out(parser)
    _work(parser, "renew")


def _amend(actions: Commands) -> None:
    parser = actions.add_parser("amend", help="change which firmware a certificate covers, or correct its words")
    _database(parser)
    _number(parser)
    parser.add_argument(
        "--run", dest="runs", type=Path, action="append", default=[], metavar="RUN", help="cover what this run shows"
    )
    parser.add_argument("--drop", action="append", default=[], metavar="SHA256", help="cover this firmware no longer")
    parser.add_argument(
        "--correct",
        action="append",
        default=[],
        metavar="FIELD=TEXT",
        help="correct the filing_number, or the spelling of the vendor",
    )
    _why(parser)
    _out(parser)
    _work(parser, "amend")


def _set_standing(actions: Commands, act: str, about: str) -> None:
    parser = actions.add_parser(act, help=about)
    _database(parser)
    _number(parser)
    _why(parser)
    parser.set_defaults(act=act)
    _work(parser, "set_standing")


def _show(actions: Commands) -> None:
    parser = actions.add_parser("show", help="list the certificates, or tell everything of one; checks the history")
    _database(parser)
    parser.add_argument("number", nargs="?", metavar="NUMBER", help="number of a certificate")
    _day(parser)
    _centre(parser, "the centre whose register it must be")
    parser.add_argument(
        "--listing", type=Path, metavar="DIR", help="the last listing exported: no act it tells may be missing"
    )
    parser.add_argument("--documents", type=Path, metavar="DIR", help="write the certificate's files here")
    parser.add_argument("--json", action="store_true", help="as JSON")
    _work(parser, "show", "register_showing")


def _check(actions: Commands) -> None:
    parser = actions.add_parser("check", help="tell whether a device is covered, or a certificate genuine; exit 0 or 1")
    _database(parser)
    parser.add_argument("--listing", type=Path, metavar="DIR", help="ask a published listing instead of the database")
    _centre(parser, "the centre whose listing or register it must be")
    parser.add_argument("--firmware-hash", metavar="SHA256", help="SHA-256 of the device's firmware")
    parser.add_argument("--subject", type=Path, metavar="F", help="subject file of the device")
    parser.add_argument("--number", metavar="NUMBER", help="ask this certificate only")
    parser.add_argument(
        "--document", type=Path, metavar="F", help="a certificate's PDF: is it in force, and does it cover the device"
    )
    _day(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")
    _work(parser, "check", "register_checking")


def _warnings(actions: Commands) -> None:
    parser = actions.add_parser("warnings", help="certificates that expire within 90, 30 or 7 days")
    _database(parser)
    _centre(parser, "the centre whose register it must be")
    _day(parser)
    parser.add_argument(
        "--new",
        action="store_true",
        help="only those not told before, also what expired untold; told for good once the day has come",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    _work(parser, "warnings", "register_warning")


def _export(actions: Commands) -> None:
    parser = actions.add_parser("export", help="write the public listing: pages with search, register.json, signature")
    _database(parser)
    _centre(parser, "the centre whose register it must be")
    parser.add_argument("folder", type=Path, metavar="DIR", help="new folder, or one with an earlier listing")
    add_signer(parser)
    _work(parser, "export", "register_publishing")


def _database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", metavar="F|URL", help=f"SQLite file or postgresql://… (else ${DATABASE})")


def _centre(parser: argparse.ArgumentParser, about: str) -> None:
    parser.add_argument("--centre", type=Path, metavar="F", help=f"certificates of {about} (else $XIANGKA_CENTRE)")


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="NUMBER", help="number of the certificate")


def _until(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--until", type=date.fromisoformat, metavar="DATE", help="last day of validity (default: after three years)"
    )


def _why(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, in Chinese")
    parser.add_argument("--reason-en", metavar="TEXT", help="why, in English (default: as in Chinese)")
    _signer(parser)


def _signer(parser: argparse.ArgumentParser) -> None:
    add_signer(parser)
    parser.add_argument(
        "--after-pause", action="store_true", help="the clock is right, though nothing was done for 400 days"
    )


def _out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write the certificate (default: beside the run)"
    )


def _day(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="as of this day (default: today)")


def _work(parser: argparse.ArgumentParser, name: str, module: str = "register_acts") -> None:
    def command(options: argparse.Namespace) -> int:
        from importlib import import_module

        from xiangka.register_opening import told_as_broken

        work: Command = getattr(import_module(f"xiangka.{module}"), name)
        return told_as_broken(lambda: work(options))

    parser.set_defaults(command=command)
