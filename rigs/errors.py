"""The error family of the bench: whatever it says is never the device's fault."""

from __future__ import annotations


class RigError(Exception):
    """The bench is at fault: a cable, a port, a process, an instrument.

    Args:
        what: what happened, in one sentence without a full stop.
        where: the bench part it happened at (role, port or address).
        remedy: what a technician can do about it.
    """

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.remedy)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"


def _rebuild(kind: type[RigError], what: str, where: str, remedy: str) -> RigError:
    return kind(what, where=where, remedy=remedy)


class BenchFileError(RigError):
    """A bench file is wrong: found before anything was opened."""
