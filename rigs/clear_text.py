"""Looking for texts at rest: in every file below some folders, in every form a careless program would write them in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from evidence.spellings import forms
from rigs.errors import RigError

_LEAD = 6
"""Bytes by which a place is recognised before it is compared in full; no form of a name is shorter."""
_CHUNK = 1 << 22


def files_below(folders: Iterable[Path]) -> Iterator[Path]:
    """Every file below the folders, and those named themselves.

    Raises:
        RigError: this user may not look into one of the folders.
    """
    for folder in folders:
        if not folder.is_dir():
            yield folder
            continue
        below = [Path(place) / name for place, _, names in os.walk(folder, onerror=_unsearched) for name in names]
        yield from sorted(path for path in below if path.is_file())


def content_of(path: Path, most: int = -1) -> bytes:
    """What stands in a file that is searched, or its first ``most`` bytes.

    Raises:
        RigError: it cannot be read, so that nobody knows.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except OSError as error:
        _unsearched(error)


def _unsearched(error: OSError) -> NoReturn:
    raise RigError(
        f"{error.filename} cannot be searched ({error.strerror})",
        where="files",
        remedy="run as a user who may read it, while no program takes files away there",
    ) from error


def found_in_clear(texts: Mapping[str, str], files: Iterable[Path]) -> dict[str, tuple[str, str]]:
    """Which texts stand somewhere in clear, by their key, with form and name of the file; as ``places_in_clear``."""
    return {key: (form, path.name) for key, (form, path) in places_in_clear(texts, files).items()}


def places_in_clear(texts: Mapping[str, str], files: Iterable[Path]) -> dict[str, tuple[str, Path]]:
    """Which texts stand somewhere in clear, by their key, with the form and the file.

    Args:
        texts: what is looked for, by a key that may be told.
        files: where.

    Raises:
        RigError: a file cannot be read.
    """
    if not texts:
        return {}
    needles: dict[int, list[tuple[bytes, str, str]]] = {}
    for key, text in texts.items():
        for name, made in forms(text).items():
            for form in made:
                needles.setdefault(int.from_bytes(form[:_LEAD], "little"), []).append((form, key, name))
    leads = np.sort(np.fromiter(needles, dtype=np.uint64, count=len(needles)))
    found: dict[str, tuple[str, Path]] = {}
    for path in files:
        content = content_of(path)
        for place, lead in _candidates(content, leads):
            for form, key, name in needles[lead]:
                if content.startswith(form, place):
                    found.setdefault(key, (name, path))
    return found


def _candidates(content: bytes, leads: NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    """Places where the first bytes of something looked for stand, and those bytes as a number."""
    for start in range(0, len(content), _CHUNK):
        raw = np.frombuffer(content[start : start + _CHUNK + _LEAD - 1], dtype=np.uint8).astype(np.uint64)
        if len(raw) < _LEAD:
            return
        windows = np.zeros(len(raw) - _LEAD + 1, dtype=np.uint64)
        for step in range(_LEAD):
            windows |= raw[step : step + len(windows)] << np.uint64(8 * step)
        near = np.minimum(np.searchsorted(leads, windows), len(leads) - 1)
        for place in np.flatnonzero(leads[near] == windows):
            yield start + int(place), int(windows[place])
