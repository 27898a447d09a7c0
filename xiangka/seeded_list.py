"""Ids of seeded cards for a load: spread over the whole base, so that what is asked is not what was asked before."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from reference_impl.errors import PlatformError
from reference_impl.keys.keyring import Keyring
from reference_impl.storage.seeded_people import seeded_person
from reference_impl.wire.sm import hmac_sm3

MOST = 100_000
"""How many are listed unless somebody says; a load asks each of them for codes."""


def check_list(file: Path | None, sample: int | None, cards: int) -> None:
    """Refuse what cannot be listed before minutes are spent on the cards.

    Raises:
        PlatformError: no such sample, or no folder to write to.
    """
    if sample is not None and file is None:
        raise PlatformError("a sample is drawn for a list", where="--sample", remedy="name the file with --list")
    if sample is not None and not 1 <= sample <= cards:
        raise PlatformError(
            f"{sample} of {cards} cards cannot be listed", where="--sample", remedy="name one to as many as --cards"
        )
    if file is not None and not (file.parent.is_dir() and os.access(file.parent, os.W_OK)):
        raise PlatformError(
            "nobody can write to its folder",
            where=str(file),
            remedy="name a file in another folder",
        )


def write_list(keyring: Keyring, seed: int, cards: int, sample: int | None, file: Path) -> int:
    """Write one JSON object a line, ``{"card_id": …}``, of cards spread evenly over all; return how many.

    Args:
        keyring: of the platform that they are cards of.
        seed: whom they were given to.
        cards: how many there are of that seed.
        sample: how many to list; None for ``MOST``, or all of fewer.
        file: where; it holds the whole list or what it held before.

    Raises:
        PlatformError: the file cannot be written.
    """
    wanted = min(cards, MOST) if sample is None else sample
    part = ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=file.parent, prefix=".", suffix=".part", delete=False, encoding="ascii"
        ) as out:
            part = out.name
            for number in range(wanted):
                person = seeded_person(seed, number * cards // wanted)
                out.write(json.dumps({"card_id": hmac_sm3(keyring.card_id, person.text).hex().upper()}) + "\n")
        Path(part).replace(file)
    except OSError as error:
        with suppress(OSError):
            Path(part).unlink()
        raise PlatformError(
            f"the list cannot be written ({error.strerror})", where=str(file), remedy="name another file"
        ) from error
    return wanted
