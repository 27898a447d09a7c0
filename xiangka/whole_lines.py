"""Files of one JSON object a line that a kill may have torn: what of them is whole, and cutting off what is not."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certification.json_text import json_value


@dataclass(frozen=True)
class WholeLines:
    """The whole records of a file.

    Attributes:
        path: the file.
        size: bytes of the whole records.
        torn: bytes behind them: the end of a line that was being written, or what a power cut left in its place.
        last: the last whole record; empty where there is none.
    """

    path: Path
    size: int
    torn: int
    last: dict[str, Any]

    def lines(self) -> list[bytes]:
        """Every whole line, in order, without its line feed."""
        return self.path.read_bytes()[: self.size].splitlines()

    def cut(self) -> None:
        """Cut off what is torn."""
        if self.torn:
            os.truncate(self.path, self.size)


def whole_lines(path: Path) -> WholeLines:
    """Look at a file from its end: everything before the last line that is a JSON object counts as whole.

    Raises:
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    end = data.rfind(b"\n") + 1
    while end:
        start = data.rfind(b"\n", 0, end - 1) + 1
        record = _record(data[start:end])
        if record is not None:
            return WholeLines(path, end, len(data) - end, record)
        end = start
    return WholeLines(path, 0, len(data), {})


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = json_value(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
