"""What keeps a signature from being made or from holding."""

from __future__ import annotations


class SignatureError(Exception):
    """A signature, its signer's certificate or his key cannot be used.

    Args:
        what: what is wrong, in one sentence without a full stop.
        remedy: what the reader can do about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"
