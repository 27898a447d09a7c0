"""Verifying for commands: what cannot be read, and a centre's file that is none, are mistakes of the user."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from certification.errors import PlanError
from evidence.errors import SignatureError
from evidence.findings import DamagedError, UnreadableError
from evidence.signer_certificates import ROLES
from evidence.verification import Verification, verify

CENTRE = "XIANGKA_CENTRE"
"""Environment variable that names the centre's certificates where no option does."""


def centre_file(option: Path | None) -> Path | None:
    """The centre's file by the option, else by the environment; None where neither names one."""
    named = os.environ.get(CENTRE)
    return option or (Path(named) if named else None)


def verified(path: Path, centre: Path | None, signed_by: Collection[str] = ROLES) -> Verification:
    """Verify a folder or a ZIP as of now.

    Args:
        path: a run's folder, its redacted twin, or a ZIP of either.
        centre: the centre's public certificates; None to trust nobody.
        signed_by: roles whose signatures it must bear.

    Raises:
        PlanError: a file cannot be read, or the centre's is none.
    """
    with told_as_input(path):
        try:
            trusted = None if centre is None else centre.read_bytes()
        except OSError as error:
            raise UnreadableError(str(centre), error.strerror or "cannot be read") from error
        try:
            return verify(path, trusted, datetime.now(UTC), signed_by)
        except SignatureError as error:
            raise PlanError(error.what, where=str(centre), remedy=error.remedy) from error


@contextlib.contextmanager
def told_as_input(path: Path) -> Iterator[None]:
    """Tell what cannot be read as a wrong input.

    Raises:
        PlanError: in place of what says that.
    """
    try:
        yield
    except UnreadableError as error:
        raise PlanError(error.what, where=error.where, remedy="name files that are there and may be read") from error
    except DamagedError as error:
        found = error.finding
        raise PlanError(found.what, where=found.where, remedy=found.remedy) from error
    except OSError as error:
        where = str(error.filename or path)
        raise PlanError(error.strerror or "cannot be used", where=where, remedy="name another place") from error
