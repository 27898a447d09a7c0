"""The error of a register that does not hold."""

from __future__ import annotations

from certification.errors import PlacedError


class BrokenRegisterError(PlacedError):
    """The history of a register, its listing, or a run it should rest on does not verify."""
