"""The public listing as a folder: made whole within it, then each file put in place of the one before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from certification.errors import PlanError
from evidence.keys.signer import Signer
from evidence.signed import sign
from register.authorisers import demand_authoriser_of
from register.book import Book
from register.files import write_files
from register.listing import (
    ACTS,
    LISTING,
    LISTING_SIGNATURE,
    acts_bytes,
    demand_continued,
    listing_bytes,
    parsed_listing,
)
from register.pages import documents_of, pages

CENTRE = "centre.pem"
_OF_THE_VOLUME = ("lost+found", "System Volume Information")
"""What a disk or a stick has in it when it is new."""
_STAGE = ".listing.part"


def export(book: Book, folder: Path, signer: Signer, now: datetime) -> int:
    """Write the listing; returns how many certificates are in it.

    Args:
        folder: new or empty, or one with an earlier listing of this register; a link is followed, and files of others
            in it stay.
        signer: the authoriser who answers for the listing.
        now: the moment it is made and signed.

    Raises:
        BrokenRegisterError: the register does not verify, or has lost what an earlier listing told.
        PlanError: the folder holds something else, or cannot be written.
        SignatureError: the signer is no authoriser of the register's centre, or may not sign now.
    """
    history, lines = book.read_lines()
    demand_authoriser_of(history.opening, signer, now)
    folder = folder.resolve()
    _demand_ours(folder)
    if (folder / LISTING).is_file():
        earlier = parsed_listing((folder / LISTING).read_bytes(), str(folder / LISTING))
        demand_continued(earlier, history.heads, str(folder / LISTING))
    files = {
        LISTING: listing_bytes(history, now),
        ACTS: acts_bytes(lines),
        CENTRE: history.opening.centre.encode(),
        **pages(history, now),
    }
    for certificate in history.certificates.values():
        for name, digest in documents_of(certificate).items():
            files[f"c/{certificate.number}/{name}"] = book.document(certificate.number, name, digest)
    files[LISTING_SIGNATURE] = _signature(files[LISTING], signer, now)
    try:
        _put(folder, files)
    except OSError as error:
        raise PlanError(
            f"cannot be written ({error.strerror})", where=str(folder), remedy="name a folder you may write to"
        ) from error
    return len(history.certificates)


def _demand_ours(folder: Path) -> None:
    if folder.is_dir() and all(one.name in _OF_THE_VOLUME for one in folder.iterdir()):
        return
    cut_short = (folder / _STAGE).is_dir()
    if folder.exists() and not cut_short and not (folder / LISTING).is_file():
        raise PlanError("holds something that is no listing", where=str(folder), remedy="name a new folder")


def _signature(listing: bytes, signer: Signer, now: datetime) -> bytes:
    with tempfile.TemporaryDirectory(prefix="xiangka-listing-") as made:
        file = Path(made) / LISTING
        file.write_bytes(listing)
        return sign(file, signer, now).read_bytes()


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Nothing is replaced before all is written; then what others lead to goes first, and the signed listing last.

    The folder itself stays: it may be where a disk is mounted, or what a web server holds open.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stage = folder / _STAGE
    shutil.rmtree(stage, ignore_errors=True)
    try:
        write_files(stage, files)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    for name in sorted(files, key=_late):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (stage / name).replace(target)
    shutil.rmtree(stage)


def _late(name: str) -> tuple[bool, bool, bool]:
    """Documents before the pages of their certificates, those before what stands above them, the listing at the end."""
    return name in (LISTING, LISTING_SIGNATURE), "/" not in name, name.endswith(".html")
