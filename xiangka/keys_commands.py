"""``xiangka keys``: who signs, and with what."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from xiangka.key_secret import add_password

if TYPE_CHECKING:
    from xiangka.cli import Commands

_CENTRE_DAYS = 7300
_SIGNER_DAYS = 730
_OPENS_NEW = "file of mode 0600 with the new password, or with the PIN of the token; asked for without it"


def add_keys(commands: Commands) -> None:
    """Add the command and its actions."""
    actions = commands.add_parser("keys", help="make and show the keys that sign").add_subparsers(
        required=True, metavar="ACTION"
    )
    _centre(actions)
    _signer(actions)
    _request(actions)
    _issue(actions)
    _accept(actions)
    _specimen(actions)
    _show(actions)


def _centre(actions: Commands) -> None:
    centre = actions.add_parser("centre", help="make the keys of a centre, which gives signers their certificates")
    centre.add_argument("folder", type=Path, metavar="DIR", help="new folder")
    _named(centre)
    _valid(centre, _CENTRE_DAYS)
    add_password(centre, "file of mode 0600 with the new password; asked for without it")

    def command(options: argparse.Namespace) -> int:
        from xiangka.keys_making import new_centre

        return new_centre(options)

    centre.set_defaults(command=command)


def _signer(actions: Commands) -> None:
    signer = actions.add_parser("signer", help="make the keys of a signer where the centre's are, with certificates")
    signer.add_argument("folder", type=Path, metavar="DIR", help="new folder")
    _signer_named(signer)
    _valid(signer, _SIGNER_DAYS)
    signer.add_argument("--centre", type=Path, required=True, metavar="DIR", help="folder of the centre's keys")
    signer.add_argument("--centre-password-file", type=Path, metavar="F", help="file of mode 0600 with its password")
    add_password(signer, _OPENS_NEW)

    def command(options: argparse.Namespace) -> int:
        from xiangka.keys_making import new_signer

        return new_signer(options)

    signer.set_defaults(command=command)


def _request(actions: Commands) -> None:
    request = actions.add_parser(
        "request", help="make the keys of a signer where he is, and a request for certificates to send to the centre"
    )
    request.add_argument("folder", type=Path, metavar="DIR", help="new folder")
    _signer_named(request)
    add_password(request, _OPENS_NEW)

    def command(options: argparse.Namespace) -> int:
        from xiangka.keys_requests import new_request

        return new_request(options)

    request.set_defaults(command=command)


def _issue(actions: Commands) -> None:
    issue = actions.add_parser("issue", help="answer a request: the centre gives a signer certificates")
    issue.add_argument("request", type=Path, metavar="REQUEST", help="his request.pem")
    issue.add_argument("--centre", type=Path, required=True, metavar="DIR", help="folder of the centre's keys")
    issue.add_argument("--out", type=Path, required=True, metavar="F", help="the answer; must not be there yet")
    _valid(issue, _SIGNER_DAYS)
    add_password(issue, "file of mode 0600 with the centre's password; asked for without it")

    def command(options: argparse.Namespace) -> int:
        from xiangka.keys_requests import answer_request

        return answer_request(options)

    issue.set_defaults(command=command)


def _accept(actions: Commands) -> None:
    accept = actions.add_parser("accept", help="put the centre's answer into the folder whose request it answers")
    accept.add_argument("folder", type=Path, metavar="DIR", help="folder made by `keys request`")
    accept.add_argument("answer", type=Path, metavar="F", help="what the centre sent")

    def command(options: argparse.Namespace) -> int:
        from xiangka.keys_requests import accept_answer

        return accept_answer(options.folder, options.answer)

    accept.set_defaults(command=command)


def _specimen(actions: Commands) -> None:
    specimen = actions.add_parser("specimen", help="make specimen keys of a centre and both signers, to try things out")
    specimen.add_argument("folder", type=Path, metavar="DIR", help="new folder")

    def command(options: argparse.Namespace) -> int:
        from xiangka.keys_making import new_specimen

        return new_specimen(options.folder)

    specimen.set_defaults(command=command)


def _show(actions: Commands) -> None:
    show = actions.add_parser("show", help="tell whose keys a folder holds, where they are, until when they may sign")
    show.add_argument("folder", type=Path, metavar="DIR")

    def command(options: argparse.Namespace) -> int:
        from xiangka.keys_showing import show_keys

        return show_keys(options.folder)

    show.set_defaults(command=command)


def _signer_named(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role", required=True, choices=("laboratory", "authoriser"), help="what the signer answers for"
    )
    _named(parser)
    parser.add_argument("--module", type=Path, metavar="F", help="PKCS#11 module, for keys in a token")
    parser.add_argument("--token", metavar="LABEL", help="label of the token")


def _named(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="name in the certificate: of the person, or of the centre")
    parser.add_argument(
        "--organisation", required=True, help="whom the person works for, or what the centre belongs to"
    )


def _valid(parser: argparse.ArgumentParser, days: int) -> None:
    parser.add_argument("--days", type=int, default=days, metavar="N", help=f"days of validity (default: {days})")
    parser.add_argument(
        "--from", dest="begin", type=_day, metavar="DATE", help="first day of validity, as 2026-01-31 (default: now)"
    )


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
