"""Files of a folder, each written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evidence.whole_file import write_whole


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is made; each is there whole or as it was before.

    Raises:
        OSError: one cannot be written.
    """
    for name, body in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, body)
