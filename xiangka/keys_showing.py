"""The work of ``xiangka keys show``: what a folder tells of its signer without its secret."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from certification.exit_codes import ExitCode
from evidence.errors import SignatureError
from evidence.keys.folder import describe
from evidence.signer_certificates import CENTRE, Centre, SignerCertificate, holders_certificate


def show_keys(folder: Path) -> int:
    """Tell whose keys these are; exit 1 if they may not sign now."""
    now = datetime.now(UTC)
    place, der, centre = describe(folder)
    certificate = holders_certificate(der)
    holder = certificate.holder
    print(f"{holder.name}, {holder.role}, {holder.organisation}")
    print(f"keys: {place['kind']}" + "".join(f", {key} {value}" for key, value in place.items() if key != "kind"))
    print(f"valid: {certificate.validity.begin.isoformat()} to {certificate.validity.end.isoformat()}")
    print(f"certificate: SM3 {certificate.sm3}")
    try:
        _require_now(certificate, centre, now)
    except SignatureError as error:
        print(f"may not sign now: {error}")
        return int(ExitCode.FAILED)
    return int(ExitCode.PASSED)


def _require_now(certificate: SignerCertificate, centre: bytes, now: datetime) -> None:
    if certificate.holder.role == CENTRE:
        certificate.require_valid(now)
    else:
        Centre(centre).check(certificate, now)
