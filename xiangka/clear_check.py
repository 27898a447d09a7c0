"""Nothing is signed or published in which something stands in clear."""

from __future__ import annotations

from pathlib import Path

from certification.errors import PlanError
from evidence.clear_text import UNREADABLE, scan


def require_nothing_in_clear(path: Path, of: Path | None = None) -> None:
    """Look through a folder or a file, which is told as being ``of`` another where it has no place of its own yet.

    A file that cannot be read is left to those who need it: it tells nobody anything.

    Raises:
        PlanError: an identity number, the number of a bank card or a key stands in it.
    """
    if found := [one for one in scan(path) if one.kind != UNREADABLE]:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        raise PlanError(
            f"{found[0].kind} in clear at {found[0].file}, {found[0].place}{more}",
            where=str(of or path),
            remedy="`xiangka report scan` lists them; mend what wrote it and run the plan anew",
        )
