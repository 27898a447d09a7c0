"""Whether a use is tried again after an answer was lost, and with which code."""

from __future__ import annotations

from enum import Enum

from loadtests.errands import TOO_OLD, USED, Outcome

_PAUSE_S = 0.25
"""Before the first further attempt, doubled each time: a platform that was killed needs a moment to come back."""


def longest_hold_s(attempts: int, timeout_s: float) -> float:
    """Return how long one errand may take at the longest, seconds: every attempt with every code, and the pauses.

    Args:
        attempts: as of ``Retries``.
        timeout_s: how long an attempt takes at most.
    """
    a_code_s = attempts * timeout_s + _PAUSE_S * (2.0 ** (attempts - 1) - 1)
    return attempts * a_code_s + (attempts - 1) * _PAUSE_S


class Step(Enum):
    """What a caller does next."""

    SAME = "the same again, in a fresh envelope"
    FRESH_CODE = "the holder shows another code"


class Retries:
    """Attempts of one errand.

    A code that is refused as used, or as too old, after an answer to it was lost has been served or come too late: its
    holder shows another one. That is a use of its own with as many attempts, so that resets on the way are not laid to
    the platform. Without a lost answer before, such a refusal stands.

    Args:
        attempts: how often one code, or one request without a code, is tried at most; and how many codes are shown.
        replaceable: whether another code may be shown; not where two show the same one at once.
    """

    def __init__(self, attempts: int, *, replaceable: bool) -> None:
        self._attempts = attempts
        self._replaceable = replaceable
        self._tried = self._shown = 1
        self.unsure = False
        """Whether an answer was lost to what is being tried, so that it may have been served."""
        self.pause_s = 0.0
        """How long to wait before the next step."""

    def after(self, outcome: Outcome) -> Step | None:
        """Return what to do after an attempt; None to leave it at that."""
        if outcome.lost:
            self.unsure = True
            if self._tried == self._attempts:
                return None
            self.pause_s = _PAUSE_S * 2 ** (self._tried - 1)
            self._tried += 1
            return Step.SAME
        if self.unsure and self._replaceable and outcome.refusal in (USED, TOO_OLD) and self._shown < self._attempts:
            self.pause_s = _PAUSE_S
            self._shown, self._tried, self.unsure = self._shown + 1, 1, False
            return Step.FRESH_CODE
        return None
