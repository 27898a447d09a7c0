"""The error families of a bench: what is the bench's own fault, and what only the subject can be blamed for."""

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


class InvalidLoadError(RigError):
    """A load was not what its plan says, so that nothing follows from it about the platform, for good or ill.

    Args:
        zh: why, Chinese.
        en: the same in English.
        where: the load.
    """

    def __init__(self, zh: str, en: str, *, where: str) -> None:
        super().__init__(en, where=where, remedy="add workers or hosts to the generator, or lower the rate")
        self.zh = zh

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_load, (self.zh, self.what, self.where)


def _rebuild_load(zh: str, en: str, where: str) -> InvalidLoadError:
    return InvalidLoadError(zh, en, where=where)


class SilentDeviceError(RigError):
    """The device has ignored its host for longer than any hang; whether it or its line is dead is not known yet."""


class PlatformStoppedError(RigError):
    """The bench itself has stopped the platform, so that no answer is what is to be expected."""


class SubjectFaultError(Exception):
    """The subject failed in a way no measure names: it stopped answering, or refused what it must grant.

    Args:
        what: what it did, in one sentence without a full stop.
        where: the role it failed in.
        journal: first and last journal record, where bytes were exchanged.
    """

    def __init__(self, what: str, *, where: str, journal: tuple[int, int] | None = None) -> None:
        super().__init__(what, where)
        self.what = what
        self.where = where
        self.journal = journal

    def __str__(self) -> str:
        if self.journal is None:
            return f"{self.where}: {self.what}"
        first, last = self.journal
        return f"{self.where}: {self.what} (journal {first if first == last else f'{first}–{last}'})"


class NotAssessedError(Exception):
    """A row could not be assessed, and neither the bench nor the subject is to blame; the run goes on with the next.

    Args:
        zh: why, Chinese.
        en: the same in English.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return self.en


class OperatorTimeoutError(NotAssessedError):
    """The person at the bench gave no valid answer in time."""


class OperatorDeclinedError(NotAssessedError):
    """The person at the bench declined to do or to say what was asked."""
