"""The register a command works on, and what is said where it does not hold."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import date, datetime

from certification.certificates import CHINA
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from register.book import Book
from register.errors import BrokenRegisterError
from xiangka.register_commands import DATABASE


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


def now() -> datetime:
    """This moment in China, whole seconds."""
    return datetime.now(CHINA).replace(microsecond=0)


def day_of(options: argparse.Namespace) -> date:
    """The day asked about."""
    day: date | None = options.on
    return day or now().date()
