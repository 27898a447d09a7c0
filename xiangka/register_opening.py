"""The register a command works on, and what is said where it does not hold."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from certification.certificates import CHINA
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from evidence.signer_certificates import Centre, SignerCertificate
from register.book import Book
from register.errors import BrokenRegisterError
from register.history import History
from xiangka.register_commands import DATABASE
from xiangka.verifying import CENTRE


def told_as_broken(work: Callable[[], int]) -> int:
    """Do the work of a command; what does not verify is told in one line, exit 1."""
    try:
        return work()
    except BrokenRegisterError as error:
        print(f"xiangka: {' '.join(str(error).split())}", file=sys.stderr)
        return int(ExitCode.FAILED)


def place_of(options: argparse.Namespace) -> str:
    """The database an option or the environment names.

    Raises:
        PlanError: neither does.
    """
    place: str | None = options.database or os.environ.get(DATABASE)
    if not place:
        raise PlanError(
            "no register is named", where="--database", remedy=f"name a file or a URL, there or in ${DATABASE}"
        )
    return place


def open_book(options: argparse.Namespace) -> Book:
    """The register of a command.

    Raises:
        PlanError: there is none, or its database cannot be used.
    """
    return Book(place_of(options))


def read_book(book: Book, options: argparse.Namespace) -> History:
    """The register of a command as it stands; of the centre that an option or the environment names, where one does.

    Raises:
        PlanError: the centre's certificates cannot be read.
        BrokenRegisterError: its history does not hold, or is that of another centre.
    """
    history = book.read()
    named = centre_file(options)
    if named is not None:
        kept, trusted = roots_of(history.opening.centre.encode()), Centre(file_bytes(named, _NAME_CENTRE)).roots
        if not {root.der for root in kept} <= {root.der for root in trusted}:
            raise BrokenRegisterError(
                f"is the register of another centre: {centre_text(history)}",
                where=book.place,
                remedy=f"restore your own, or name that centre's certificates instead of {named}",
            )
    return history


def roots_of(centre: bytes) -> tuple[SignerCertificate, ...]:
    """SM2 roots of a centre, given as PEM."""
    return Centre(centre).roots


def centre_text(history: History) -> str:
    """The centre whose signers act in a register, by name and by the SM3 of its root."""
    roots = roots_of(history.opening.centre.encode())
    return ", ".join(f"{root.holder.organisation} {root.holder.name} (SM3 {root.sm3})" for root in roots)


def centre_file(options: argparse.Namespace) -> Path | None:
    """The centre's certificates that an option or the environment names."""
    named: Path | None = options.centre
    return named or (Path(os.environ[CENTRE]) if os.environ.get(CENTRE) else None)


def named_centre(options: argparse.Namespace) -> bytes:
    """The centre's certificates that a listing is checked against, PEM.

    Raises:
        PlanError: none are named, or they cannot be read.
    """
    named = centre_file(options)
    if named is None:
        raise PlanError(
            "a listing is checked against the centre's certificates, and none are named",
            where="--centre",
            remedy=f"name centre.pem, there or in ${CENTRE}",
        )
    return file_bytes(named, _NAME_CENTRE)


def file_bytes(file: Path, remedy: str) -> bytes:
    """A file that an option names.

    Raises:
        PlanError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise PlanError(f"cannot be read ({error.strerror})", where=str(file), remedy=remedy) from error


_NAME_CENTRE = "name the centre's centre.pem"


def now() -> datetime:
    """This moment in China, whole seconds."""
    return datetime.now(CHINA).replace(microsecond=0)


def day_of(options: argparse.Namespace) -> date:
    """The day asked about."""
    day: date | None = options.on
    return day or now().date()
