"""What keeps a signature from being made or from holding."""

from __future__ import annotations


class SignatureError(Exception):
    """A signature, its signer's certificate or his key cannot be used.

    Args:
        what: what is wrong, in one sentence without a full stop.
        remedy: what the reader can do about it.
        where: the file or folder it was found in, if that is known.
    """

    def __init__(self, what: str, remedy: str, where: str = "") -> None:
        super().__init__(what, remedy, where)
        self.what = what
        self.remedy = remedy
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}" if self.where else f"{self.what}; {self.remedy}"

    def at(self, where: object) -> SignatureError:
        """The same with its place, unless it has one."""
        return SignatureError(self.what, self.remedy, self.where or str(where))
