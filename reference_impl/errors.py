"""The error of a platform that cannot start or go on: its files, its options or its host are at fault."""

from __future__ import annotations


class PlatformError(Exception):
    """The platform cannot serve.

    Args:
        what: what is wrong, in one sentence without a full stop.
        where: the file, option or address it was found in.
        remedy: what the operator can do about it.
    """

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"
