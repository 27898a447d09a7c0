"""Words that go into a register: everybody reads them, and nobody can take them out again."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from pathlib import Path

from certification.errors import PlanError
from evidence.clear_text import scan

_MOBILE = re.compile(r"(?<![0-9])(?:(?:\+|00)?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9])")
"""A mobile number as it is given in China, in groups or not; a person is called by it as surely as by a name."""


def demand_publishable(*words: str, where: str) -> None:
    """Demand that words hold no number of a person, no card number and no key, digits of any width.

    Args:
        where: the options they were given with.

    Raises:
        PlanError: they do.
    """
    text = unicodedata.normalize("NFKC", "\n".join(words))
    if _MOBILE.search(text):
        kind = "a mobile number"
    else:
        with tempfile.TemporaryDirectory(prefix="xiangka-words-") as folder:
            file = Path(folder) / "words"
            file.write_text(text, encoding="utf-8")
            kind = next((one.kind for one in scan(file)), "")
    if kind:
        raise PlanError(
            f"holds what looks like {kind} in clear, and is published for good", where=where, remedy="leave it out"
        )
