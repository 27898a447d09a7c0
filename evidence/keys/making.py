"""How a centre and its signers get their folders. A folder is made beside its place and renamed: never half of one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evidence.errors import SignatureError
from evidence.keys.file_keys import FileKeys, new_key_files
from evidence.keys.folder import IN_FILES, TOKEN, armoured, public_files, write_new
from evidence.keys.sealed_pkcs8 import ITERATIONS
from evidence.keys.signer import Keys, Signer
from evidence.keys.token_keys import TokenKeys, new_token_keys
from evidence.keys.token_session import TokenPlace
from evidence.signer_certificates import CENTRE, P256, Holder, Validity, holders_certificate, issue_root, issue_signer

MakeKeys = Callable[[Path], tuple[Keys, Mapping[str, Any]]]
"""Makes new keys, with their files in this folder if they have any; gives them and how to find them again."""


def make_centre(folder: Path, name: str, organisation: str, validity: Validity, make_keys: MakeKeys) -> None:
    """Make the folder of a centre: two keys and a root certificate of its own for each.

    Raises:
        SignatureError: the folder exists.
        OSError: it cannot be written.
    """
    holder = Holder(name, CENTRE, organisation)

    def fill(place: Path) -> None:
        keys, where = make_keys(place)
        roots = (
            issue_root(holder, keys.public, validity, keys.sign),
            issue_root(holder, keys.p256_public, validity, keys.sign_p256, P256),
        )
        write_new(place, public_files(where, roots, b"".join(map(armoured, roots))))

    whole_folder(folder, fill)


def make_signer(folder: Path, holder: Holder, validity: Validity, centre: Signer, make_keys: MakeKeys) -> None:
    """Make the folder of a signer: two keys, and certificates for them by the centre.

    Raises:
        SignatureError: the folder exists, ``centre`` is none, or its own certificates do not cover that time.
        OSError: it cannot be written.
    """
    require_issuing(centre, validity)

    def fill(place: Path) -> None:
        keys, where = make_keys(place)
        certificates = issue_both(holder, keys.public, keys.p256_public, validity, centre)
        write_new(place, public_files(where, certificates, centre.centre))

    whole_folder(folder, fill)


def require_issuing(centre: Signer, validity: Validity) -> None:
    """Refuse a centre that is none, or whose own certificates do not cover a time.

    Raises:
        SignatureError: it is one of these.
    """
    if centre.role != CENTRE:
        raise SignatureError(f"{centre.name} is no centre and gives no certificates", "name the centre's own folder")
    own = holders_certificate(centre.certificate).validity
    if not own.begin <= validity.begin <= validity.end <= own.end:
        raise SignatureError(
            f"the centre's own certificate is valid from {own.begin:%Y-%m-%d} to {own.end:%Y-%m-%d} only",
            "give a time within that (--from, --days), or make a new centre",
        )


def issue_both(
    holder: Holder, public: bytes, p256_public: bytes, validity: Validity, centre: Signer
) -> tuple[bytes, bytes]:
    """A signer's certificates by the centre, DER: with SM2, and with P-256."""
    return (
        issue_signer(holder, public, validity, centre.certificate, centre.sign),
        issue_signer(holder, p256_public, validity, centre.pdf_certificate, centre.sign_p256, P256),
    )


def keys_in_files(password: str, iterations: int = ITERATIONS) -> MakeKeys:
    """Keys in encrypted files of the folder."""

    def make(place: Path) -> tuple[Keys, Mapping[str, Any]]:
        write_new(place, new_key_files(password, iterations))
        return FileKeys(place, password), IN_FILES

    return make


def keys_in_token(place: TokenPlace, pin: str) -> MakeKeys:
    """Keys in a token; the folder holds what the token cannot."""

    def make(folder: Path) -> tuple[Keys, Mapping[str, Any]]:
        files, told = new_token_keys(place, pin)
        write_new(folder, files)
        return TokenKeys(folder, told, pin), {"kind": TOKEN, **told}

    return make


def whole_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Make a folder, for its owner alone, that is there with all that ``fill`` puts into it or not at all.

    Raises:
        SignatureError: it exists.
        OSError: it cannot be written.
    """
    if folder.exists() or folder.is_symlink():
        raise SignatureError("exists already", "name a folder that is not there yet", str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fill(beside)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
