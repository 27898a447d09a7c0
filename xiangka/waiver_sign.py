"""``xiangka waiver sign``: a signature beside a waiver."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from certification.catalogue import load_catalogue
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from certification.waivers import SIGNERS
from evidence.errors import SignatureError
from evidence.signed import sign
from reports.waiver_files import read_waiver

if TYPE_CHECKING:
    from evidence.keys.signer import Signer


def sign_waiver(path: Path, signer: Callable[[], Signer]) -> int:
    """Sign a waiver; returns the exit code.

    Args:
        path: the waiver, filled in.
        signer: opens the signer's keys, once nothing else is wrong.

    Raises:
        PlanError: the waiver is none or has expired, the signer's role cannot sign it, or his certificate is not valid.
    """
    waiver = read_waiver(path, load_catalogue())
    now = datetime.now(UTC).astimezone()
    if waiver.expires < now.date():
        raise PlanError(f"expired on {waiver.expires}", where=str(path), remedy="give it a day that is still to come")
    by = signer()
    if by.role not in SIGNERS[waiver.kind]:
        raise PlanError(
            f"a {waiver.kind.replace('_', ' ')} is signed by the {' or '.join(sorted(SIGNERS[waiver.kind]))}, "
            f"{by.name} signs as {by.role}",
            where=str(path),
            remedy="let the authoriser sign it",
        )
    try:
        place = sign(path, by, now)
    except SignatureError as error:
        raise PlanError(error.what, where=str(path), remedy=error.remedy) from error
    except OSError as error:
        raise PlanError(
            f"{error.filename} cannot be written ({error.strerror})", where=str(path), remedy="look at the folder"
        ) from error
    print(f"{waiver.id}: {by.name} → {place}")
    return ExitCode.PASSED
