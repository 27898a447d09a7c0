"""Errors that are told in one line: what is wrong, where, and what to do; the family of wrong files and options."""

from __future__ import annotations


class PlacedError(Exception):
    """Something is wrong at a place a person can look at.

    Args:
        what: what is wrong, in one sentence without a full stop.
        where: the file, key, option, line or act it was found in.
        remedy: what the reader can do about it.
    """

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"


class PlanError(PlacedError):
    """A file or an option given by the user is wrong; nothing was tested."""
