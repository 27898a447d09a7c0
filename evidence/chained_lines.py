"""How far the chain of a file holds."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.chain import HIDE, SALT, BrokenChainError, Chain
from evidence.findings import Finding
from evidence.run_files import RunFiles

NUMBERED = "journal.jsonl"
"""The chained file whose records have numbers, ``n``, that rise from line to line."""
_LONGEST_LINE = 1 << 26
_THINK = "from here on this is not what was written during the run; what stands before it holds"


@dataclass(frozen=True)
class Followed:
    """How far a chain was followed.

    Attributes:
        records: lines that hold, from the first on.
        head: chain value of the last of them, hex.
        torn: bytes behind the last line feed.
        broken: the line that does not hold; None where all do.
    """

    records: int
    head: str
    torn: int
    broken: Finding | None


def follow_lines(files: RunFiles, name: str, chained: str, *, run: str, twin: bool) -> Followed:
    """Follow a chained file from its first line to its end, or to the line that breaks its chain.

    Args:
        files: where it stands.
        name: its name there.
        chained: name of the full file, with which its chain begins.
        run: name of the run.
        twin: whether it is the redacted twin of that file.

    Raises:
        UnreadableError: it cannot be read.
        DamagedError: it cannot be unpacked.
    """
    lines, place = _Lines(chained, run=run, twin=twin), 0
    with files.open(name) as stream:
        while line := stream.readline(_LONGEST_LINE):
            if not line.endswith(b"\n"):
                return Followed(lines.records, lines.head, len(line), None)
            if wrong := lines.wrong(line[:-1]):
                where = f"{name} line {lines.records + 1} (byte {place})"
                return Followed(lines.records, lines.head, 0, Finding(where, wrong, _THINK))
            place += len(line)
    return Followed(lines.records, lines.head, 0, None)


class _Lines:
    """Lines that hold so far."""

    def __init__(self, chained: str, *, run: str, twin: bool) -> None:
        self._chain = Chain(chained, run=run)
        self._twin = twin
        self._number = 0 if chained == NUMBERED else None
        self._keep()

    def wrong(self, line: bytes) -> str | None:
        """What is wrong with the next line; None where it holds."""
        try:
            record = self._chain.follow(line)
        except BrokenChainError as error:
            return error.what
        if self._twin and SALT in record:
            return "stands here in full, with what a publication hides"
        if not self._twin and HIDE in record and SALT not in record:
            return "stands here as in a redacted twin, without what it hides"
        if self._number is not None:
            following = record.get("n")
            if type(following) is not int or following <= self._number:
                return f"has no number above {self._number}"
            self._number = following
        self._keep()
        return None

    def _keep(self) -> None:
        self.records, self.head = self._chain.records, self._chain.head.hex()
