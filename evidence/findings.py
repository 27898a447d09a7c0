"""What a verifier says of something that is not as it was signed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that does not match.

    Attributes:
        where: the file, with line or byte where they are known.
        what: what is wrong, in one sentence without a full stop.
        remedy: what to think of it or to do about it.
    """

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"


class UnreadableError(Exception):
    """Nothing can be said, because a file cannot be read here.

    Attributes:
        where: the file.
        what: why it cannot be read.
    """

    def __init__(self, where: str, what: str) -> None:
        super().__init__(where, what)
        self.where = where
        self.what = what

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class DamagedError(Exception):
    """What is read is no sound file of its kind any more.

    Attributes:
        finding: what to say of it.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding

    def __str__(self) -> str:
        return str(self.finding)
