"""Nothing is signed or published in which something stands in clear."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from certification.errors import PlanError
from evidence.clear_numbers import BANK_CARD_NUMBER
from evidence.clear_text import DEEP, UNREADABLE, Finding, scan, scan_bytes


def require_nothing_in_clear(path: Path, of: Path | None = None, looked_at: Collection[str] = ()) -> None:
    """Look through a folder or a file, which is told as being ``of`` another where it has no place of its own yet.

    A file that cannot be read is left to those who need it: it tells nobody anything.

    Args:
        path: the folder or file.
        of: what it is told as.
        looked_at: places, as ``xiangka report scan`` tells them, where somebody has seen that no card's number stands
            but a random code that looks like one.

    Raises:
        PlanError: an identity number, the number of a bank card or a key stands in it, or what nobody looked into.
    """
    _refuse([one for one in scan(path) if one.kind != UNREADABLE and not _seen(one, looked_at)], of or path)


def _seen(one: Finding, looked_at: Collection[str]) -> bool:
    return one.kind == BANK_CARD_NUMBER and f"{one.file}: {one.place}" in looked_at


def require_nothing_told_in_clear(content: bytes, name: str, of: Path) -> None:
    """Look through what is about to be told of a run, under a name.

    Raises:
        PlanError: an identity number, the number of a bank card or a key stands in it.
    """
    _refuse(scan_bytes(content, name), of)


def _refuse(found: Sequence[Finding], where: Path) -> None:
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        raise PlanError(
            f"{_told(found[0])}{more}",
            where=str(where),
            remedy="`xiangka report scan` lists them; mend what wrote it and run the plan anew" + _or(found[0]),
        )


def _told(one: Finding) -> str:
    return str(one) if one.kind == DEEP else f"{one.kind} in clear at {one.file}, {one.place}"


def _or(one: Finding) -> str:
    """What else can be done where a random code may look like a number."""
    return ", or name the place to `report sign --looked-at`" if one.kind == BANK_CARD_NUMBER else ""
