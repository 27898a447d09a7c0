"""The error of a register that does not hold."""

from __future__ import annotations


class BrokenRegisterError(Exception):
    """The history of a register, its listing, or a run it should rest on does not verify.

    Args:
        what: what does not hold, in one sentence without a full stop.
        where: the database, file or act it was found in.
        remedy: what the reader can do about it.
    """

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"
