"""Looking for texts at rest: in every file below some folders, in every form a careless program would write them in."""

from __future__ import annotations

import base64
import mmap
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

FORMS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "hex", "base64", "reversed")


def forms(text: str) -> dict[str, tuple[bytes, ...]]:
    """The forms of a text that are looked for; base64 has one for each place it may begin at."""
    plain = text.encode()
    return {
        "utf-8": (plain,),
        "gb18030": (text.encode("gb18030"),),
        "utf-16-le": (text.encode("utf-16-le"),),
        "utf-16-be": (text.encode("utf-16-be"),),
        "hex": (plain.hex().encode(), plain.hex().upper().encode()),
        "base64": tuple(_base64_within(plain, before) for before in range(3)),
        "reversed": (text[::-1].encode(),),
    }


def _base64_within(plain: bytes, before: int) -> bytes:
    """The characters of a base64 text that depend on ``plain`` alone, whatever stands before and after it."""
    whole = base64.b64encode(bytes(before) + plain)
    first = (before * 8 + 5) // 6
    last = (before + len(plain)) * 8 // 6
    return whole[first:last]


def files_below(folders: Iterable[Path]) -> Iterator[Path]:
    """Every file below the folders, and those named themselves."""
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file()) if folder.is_dir() else (folder,)


def found_in_clear(texts: Mapping[str, str], files: Iterable[Path]) -> dict[str, tuple[str, str]]:
    """Which texts stand somewhere in clear, by their key, with the form and the name of the file.

    Args:
        texts: what is looked for, by a key that may be told.
        files: where.
    """
    wanted = {form: (key, name) for key, text in texts.items() for name, made in forms(text).items() for form in made}
    pattern = re.compile(b"|".join(re.escape(form) for form in sorted(wanted, key=len, reverse=True)))
    found: dict[str, tuple[str, str]] = {}
    for path in files:
        for match in _matches(pattern, path):
            key, form = wanted[match]
            found.setdefault(key, (form, path.name))
    return found


def _matches(pattern: re.Pattern[bytes], path: Path) -> Iterator[bytes]:
    if not path.stat().st_size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield from {match.group() for match in pattern.finditer(content)}
