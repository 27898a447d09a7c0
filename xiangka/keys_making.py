"""The work of ``xiangka keys`` that makes keys."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from certification.errors import PlanError
from certification.exit_codes import ExitCode
from evidence.keys.folder import CENTRE_FILE
from evidence.keys.making import MakeKeys, keys_in_files, keys_in_token, make_centre, make_signer
from evidence.keys.specimen import PASSWORD_FILE, make_specimen
from evidence.keys.token_session import TokenPlace
from evidence.signer_certificates import Holder, Validity
from xiangka.key_secret import new_password, open_keys, secret_of

_NAME_LENGTH = 64
"""Most characters of a name in a certificate (RFC 5280, upper bounds)."""


def new_centre(options: argparse.Namespace) -> int:
    """Make a centre's folder."""
    folder: Path = options.folder
    with writable(folder):
        validity = validity_of(options)
        password = new_password(options.password_file)
        make_centre(folder, _name(options.name), _name(options.organisation), validity, keys_in_files(password))
    print(f"Keys of the centre {options.name}: {folder}, valid until {validity.end:%Y-%m-%d}")
    print(
        "Keep the folder away from networks, with a copy elsewhere: who has it and its password certifies in its name"
    )
    print(f"Everybody who verifies needs {folder / CENTRE_FILE}, and may have it")
    return int(ExitCode.PASSED)


def new_signer(options: argparse.Namespace) -> int:
    """Make a signer's folder."""
    folder: Path = options.folder
    with writable(folder):
        validity = validity_of(options)
        holder = holder_of(options)
        centre = open_keys(options.centre, options.centre_password_file)
        make_signer(folder, holder, validity, centre, keys_of(options))
    print(f"Keys of {options.name} ({options.role}): {folder}, valid until {validity.end:%Y-%m-%d}")
    return int(ExitCode.PASSED)


def holder_of(options: argparse.Namespace) -> Holder:
    """The signer the options name.

    Raises:
        PlanError: a name is none.
    """
    return Holder(_name(options.name), options.role, _name(options.organisation))


def keys_of(options: argparse.Namespace) -> MakeKeys:
    """Where new keys shall be by the options: in files, or in a token.

    Raises:
        PlanError: the options contradict each other, or a password is none.
        SignatureError: the file of a password cannot be used.
    """
    if options.module is None and options.token is None:
        return keys_in_files(new_password(options.password_file))
    if options.module is None or options.token is None:
        raise PlanError("go together", where="--module, --token", remedy="give both, or neither for keys in files")
    place = TokenPlace(options.module, options.token)
    return keys_in_token(place, secret_of(options.password_file, f"PIN of the {place}: "))


def new_specimen(folder: Path) -> int:
    """Make a folder of specimen keys."""
    with writable(folder):
        make_specimen(folder, datetime.now(UTC))
    print(f"SPECIMEN 样本 keys: {folder}, password in {folder / PASSWORD_FILE}. They prove nothing")
    return int(ExitCode.PASSED)


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Tell a place that cannot be written as a mistake of the user.

    Raises:
        PlanError: in place of what the system says.
    """
    try:
        yield
    except OSError as error:
        raise PlanError(
            f"cannot be written ({error.strerror})", where=str(folder), remedy="name a place you may write to"
        ) from error


def validity_of(options: argparse.Namespace) -> Validity:
    """How long certificates shall be valid by the options.

    Raises:
        PlanError: that is no time.
    """
    if options.days < 1:
        raise PlanError("is no number of days", where="--days", remedy="give a number from 1")
    try:
        return Validity.days(options.begin or datetime.now(UTC), options.days)
    except OverflowError as error:
        raise PlanError("is more than time lasts", where="--days", remedy="give fewer days") from error


def _name(text: str) -> str:
    if not text.strip() or len(text) > _NAME_LENGTH or not text.isprintable():
        raise PlanError(
            f"a name has 1 to {_NAME_LENGTH} characters on one line",
            where="--name, --organisation",
            remedy="write it as it shall stand in the certificate",
        )
    return text.strip()
