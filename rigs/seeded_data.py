"""A platform's data with as many cards as a row needs, filled before it is served."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rigs.errors import RigError
from rigs.platform_link import CHANNEL

LISTED = 50_000
"""Ids of cards that are listed for whoever asks for them: more than a round of load asks for."""
_LONGEST_S = 3 * 3600.0


def fill(data: Path, database: str | None, cards: int, listed: Path) -> None:
    """Give so many synthetic people a card each, unless they have one, and list some spread over all of them.

    Args:
        data: folder of the platform, made if it is not there; nobody serves it meanwhile.
        database: SQLAlchemy URL; None for the SQLite file in the folder.
        cards: how many.
        listed: file of the list, a JSON object ``{"card_id": …}`` a line.

    Raises:
        RigError: the data cannot be filled.
    """
    sample = min(cards, LISTED)
    arguments = ["--data", data, "--cards", cards, "--list", listed, "--sample", sample]
    ended = subprocess.run(
        [sys.executable, "-m", "xiangka", "platform", "seed", *map(str, arguments)]
        + ([] if database is None else ["--database", database]),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=_LONGEST_S,
    )
    if ended.returncode:
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RigError(
            f"{cards} cards could not be made ({said[-1] if said else 'no word from the command'})",
            where=CHANNEL,
            remedy=f"see that the disk holds about {cards * 0.6 / 1e6:.1f} GB more and that nobody else uses {data}",
        )
