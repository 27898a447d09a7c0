"""A folder of a signer, or of the centre: ``signer.json``, his keys or where they are, his certificates, the centre's.

``centre.pem`` is what a verifier needs, and all of a folder that may be given to anybody.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asn1crypto import pem

from evidence.errors import SignatureError
from evidence.keys.file_keys import FileKeys
from evidence.keys.signer import Keys, Signer
from evidence.keys.token_keys import TokenKeys
from evidence.signer_certificates import holders_certificate, pem_certificates

ABOUT, SM2_CERTIFICATE, P256_CERTIFICATE, CENTRE_FILE = "signer.json", "sm2.crt", "p256.crt", "centre.pem"
SCHEMA = 1
IN_FILES: Mapping[str, Any] = {"kind": "file"}
TOKEN = "token"  # noqa: S105 - a kind of place


def load_signer(folder: Path, secret: str) -> Signer:
    """Open a signer's folder.

    Args:
        folder: made by ``xiangka keys``.
        secret: the password of its files, or the PIN of its token.

    Raises:
        SignatureError: no such folder, a wrong secret, or the parts of the folder do not belong together.
    """
    keys = _keys(folder, _about(folder), secret)
    certificate = holders_certificate(_certificate(folder / SM2_CERTIFICATE))
    if keys.public != certificate.public:
        raise SignatureError("key and certificate are not a pair", "restore the folder from its backup", str(folder))
    pdf_certificate = _certificate(folder / P256_CERTIFICATE)
    return Signer(certificate.holder, certificate.der, pdf_certificate, _read(folder / CENTRE_FILE), keys)


def describe(folder: Path) -> tuple[Mapping[str, Any], bytes, bytes]:
    """What a folder tells without its secret: where its keys are, its SM2 certificate, the centre's certificates.

    Raises:
        SignatureError: it is no signer's folder.
    """
    return _about(folder), _certificate(folder / SM2_CERTIFICATE), _read(folder / CENTRE_FILE)


def public_files(place: Mapping[str, Any], certificates: tuple[bytes, bytes], centre: bytes) -> dict[str, bytes]:
    """The files of a folder beside its keys.

    Args:
        place: where the keys are, ``kind`` among it.
        certificates: SM2 and P-256, DER.
        centre: the centre's root certificates, PEM.
    """
    return {
        ABOUT: about_keys(place),
        SM2_CERTIFICATE: armoured(certificates[0]),
        P256_CERTIFICATE: armoured(certificates[1]),
        CENTRE_FILE: centre,
    }


def about_keys(place: Mapping[str, Any]) -> bytes:
    """The content of ``signer.json``."""
    return (json.dumps({"schema": SCHEMA, "keys": dict(place)}, indent=1, ensure_ascii=False) + "\n").encode()


def armoured(certificate: bytes) -> bytes:
    """A DER certificate as PEM."""
    return bytes(pem.armor("CERTIFICATE", certificate))


def write_new(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files that must not be there yet, mode 0600, through to the disk."""
    for name, content in files.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads(_read(folder / ABOUT))
        place = about["keys"]
        known = about["schema"] == SCHEMA and isinstance(place, dict) and isinstance(place["kind"], str)
    except (ValueError, TypeError, KeyError, RecursionError):
        known = False
    if not known:
        raise SignatureError("is not one of a signer's folder", "restore it from its backup", str(folder / ABOUT))
    return dict(place)


def _keys(folder: Path, place: Mapping[str, Any], secret: str) -> Keys:
    if place == IN_FILES:
        return FileKeys(folder, secret)
    if place["kind"] == TOKEN:
        return TokenKeys(folder, place, secret)
    raise SignatureError(
        f"names keys of the unknown kind {place['kind']!r}",
        "use the harness that made the folder",
        str(folder / ABOUT),
    )


def _certificate(path: Path) -> bytes:
    try:
        found = pem_certificates(_read(path))
    except SignatureError as error:
        raise error.at(path) from error
    if len(found) != 1:
        raise SignatureError(f"holds {len(found)} certificates instead of one", "restore it from its backup", str(path))
    return found[0]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SignatureError(
            f"cannot be read ({error.strerror})", "name a folder made by xiangka keys, as its owner", str(path)
        ) from error
