"""The error family of files and options that are wrong."""

from __future__ import annotations


class PlanError(Exception):
    """A file or an option given by the user is wrong; nothing was tested.

    Args:
        what: what is wrong, in one sentence without a full stop.
        where: the file, key or option it was found in.
        remedy: what the reader can do about it.
    """

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"
