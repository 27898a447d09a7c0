"""How a centre and its signers get their folders. A folder is made beside its place and renamed: never half of one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from evidence.errors import SignatureError
from evidence.keys.file_keys import FileKeys, new_key_files
from evidence.keys.folder import IN_FILES, armoured, public_files, write_new
from evidence.keys.sealed_pkcs8 import ITERATIONS
from evidence.keys.signer import Keys, Signer
from evidence.signer_certificates import CENTRE, P256, Holder, Validity, issue_root, issue_signer

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

    _whole(folder, fill)


def make_signer(folder: Path, holder: Holder, validity: Validity, centre: Signer, make_keys: MakeKeys) -> None:
    """Make the folder of a signer: two keys, and certificates for them by the centre.

    Raises:
        SignatureError: the folder exists, or ``centre`` is none.
        OSError: it cannot be written.
    """
    if centre.role != CENTRE:
        raise SignatureError(f"{centre.name} is no centre and gives no certificates", "name the centre's own folder")

    def fill(place: Path) -> None:
        keys, where = make_keys(place)
        certificates = (
            issue_signer(holder, keys.public, validity, centre.certificate, centre.sign),
            issue_signer(holder, keys.p256_public, validity, centre.pdf_certificate, centre.sign_p256, P256),
        )
        write_new(place, public_files(where, certificates, centre.centre))

    _whole(folder, fill)


def keys_in_files(password: str, iterations: int = ITERATIONS) -> MakeKeys:
    """Keys in encrypted files of the folder."""

    def make(place: Path) -> tuple[Keys, Mapping[str, Any]]:
        write_new(place, new_key_files(password, iterations))
        return FileKeys(place, password), IN_FILES

    return make


def _whole(folder: Path, fill: Callable[[Path], None]) -> None:
    if folder.exists() or folder.is_symlink():
        raise SignatureError(f"{folder} exists already", "name a folder that is not there yet")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.with_name(folder.name + ".part")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700)
    try:
        fill(beside)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
