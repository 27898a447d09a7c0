"""What ends a load before its time, and is never the platform's verdict."""

from __future__ import annotations


class GeneratorError(Exception):
    """The load cannot be offered.

    Args:
        what: what happened, in one sentence without a full stop.
        where: the file, the address or the part it happened at.
        remedy: what to do about it.
    """

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy
