"""The public listing as a folder: made whole beside its place, then put there in place of the one before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from certification.errors import PlanError
from evidence.keys.signer import Signer
from evidence.signed import sign
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


def export(book: Book, folder: Path, signer: Signer, now: datetime) -> int:
    """Write the listing; returns how many certificates are in it.

    Args:
        folder: new or empty, or one with an earlier listing of this register, which it takes the place of.
        signer: the authoriser who answers for the listing.
        now: the moment it is made and signed.

    Raises:
        BrokenRegisterError: the register does not verify, or has lost what an earlier listing told.
        PlanError: the folder holds something else, or cannot be written.
        SignatureError: the signer may not sign now.
    """
    history, lines = book.read_lines()
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
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() and not (folder / LISTING).is_file():
        raise PlanError("holds something that is no listing", where=str(folder), remedy="name a new folder")


def _signature(listing: bytes, signer: Signer, now: datetime) -> bytes:
    with tempfile.TemporaryDirectory(prefix="xiangka-listing-") as made:
        file = Path(made) / LISTING
        file.write_bytes(listing)
        return sign(file, signer, now).read_bytes()


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    made, old = (folder.with_name(f".{folder.name}.{word}") for word in ("part", "old"))
    shutil.rmtree(made, ignore_errors=True)
    try:
        write_files(made, files)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
        made.rename(folder)
    finally:
        if not folder.exists() and old.exists():
            old.rename(folder)
        shutil.rmtree(made, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
