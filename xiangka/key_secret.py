"""The password or PIN of a signer's keys, from a file or from a person at a terminal, and the signer it opens."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from certification.errors import PlanError

if TYPE_CHECKING:
    from evidence.keys.signer import Signer

SHORTEST = 8
"""Characters of a new password at least."""


def add_signer(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add the options that name a signer's folder and what opens it."""
    parser.add_argument("--keys", type=Path, required=required, metavar="DIR", help="folder of the signer's keys")
    add_password(parser, "file of mode 0600 with the password or PIN of the keys; asked for without it")


def add_password(parser: argparse.ArgumentParser, about: str) -> None:
    """Add the option that names what opens a folder."""
    parser.add_argument("--password-file", "--pin-file", dest="password_file", type=Path, metavar="F", help=about)


def open_keys(folder: Path, password_file: Path | None) -> Signer:
    """Open a signer's folder.

    Raises:
        PlanError: no secret was given.
        SignatureError: the folder cannot be opened with this one.
    """
    from evidence.keys.folder import describe, load_signer

    describe(folder)  # nobody is asked for the password of a folder that is none
    return load_signer(folder, secret_of(password_file, f"Password or PIN of {folder}: "))


def secret_of(file: Path | None, question: str) -> str:
    """A secret from its file, or asked for.

    Raises:
        PlanError: there is nobody to ask.
        SignatureError: the file cannot be used.
    """
    from evidence.keys.secret_file import read_secret_file

    if file is not None:
        return read_secret_file(file)
    if not sys.stdin.isatty():
        raise PlanError(
            "a password is needed and nobody can be asked", where="--password-file", remedy="name a file that holds it"
        )
    return getpass.getpass(question)


def new_password(file: Path | None) -> str:
    """A password for new keys, asked for twice where no file holds it.

    Raises:
        PlanError: there is nobody to ask, it was not repeated alike, or it is too short.
        SignatureError: the file cannot be used.
    """
    password = secret_of(file, "New password: ")
    if file is None and getpass.getpass("Again: ") != password:
        raise PlanError("the passwords are not alike", where="password", remedy="type the same one twice")
    if len(password) < SHORTEST:
        raise PlanError(
            f"the password has fewer than {SHORTEST} characters",
            where=str(file or "password"),
            remedy="choose a longer one: it is all that protects the keys if the folder is copied",
        )
    return password
