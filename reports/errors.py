"""The error family of a run folder that cannot be told."""

from __future__ import annotations


class ReportError(Exception):
    """A run folder is incomplete or contradicts itself; no report was written.

    Args:
        what: what is wrong, in one sentence without a full stop.
        where: the file, and the line or field, it was found in.
        remedy: what the reader can do about it.
    """

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"
