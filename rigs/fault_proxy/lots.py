"""What befalls the n-th request: drawn from the seed and n alone, so that a run can be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from rigs.fault_proxy.faults import Faults


class Fate(StrEnum):
    """What becomes of a request."""

    PASSED = "passed"
    RESET_BEFORE = "reset_before"
    """Reset before a byte of it was forwarded."""
    RESET_IN_REQUEST = "reset_in_request"
    """Reset when a part of it was forwarded."""
    RESET_UNANSWERED = "reset_unanswered"
    """Reset when its answer came back, and before a byte of that was forwarded: what it asked for is done."""
    RESET_IN_ANSWER = "reset_in_answer"
    """Reset when a part of its answer was forwarded."""
    BLACK_HOLE = "black_hole"
    """Swallowed; nothing is ever answered on its connection again."""
    TRUNCATED = "truncated"
    """A part of its answer forwarded, then a clean close."""


RESETS = (Fate.RESET_BEFORE, Fate.RESET_IN_REQUEST, Fate.RESET_UNANSWERED, Fate.RESET_IN_ANSWER)
ENDED_IN_ANSWER = frozenset((Fate.RESET_UNANSWERED, Fate.RESET_IN_ANSWER, Fate.TRUNCATED))


@dataclass(frozen=True, slots=True)
class Lot:
    """One draw.

    Attributes:
        fate: what becomes of the request.
        cut: where request or answer is broken off, as a share of it, within (0, 1).
    """

    fate: Fate
    cut: float

    def kept(self, size: int) -> int:
        """Bytes of ``size`` that still pass: at least one and never all, of a single byte none."""
        return min(size - 1, max(1, int(self.cut * size)))


def lot(faults: Faults, number: int) -> Lot:
    """Draw for the request of this number, counted over all connections of a proxy in order of arrival."""
    chance = Random(f"{faults.seed}/request/{number}")  # noqa: S311 - repeatable on purpose
    drawn, cut, moment = chance.random(), chance.random(), chance.choice(RESETS)
    shares = ((faults.reset, moment), (faults.black_hole, Fate.BLACK_HOLE), (faults.truncate, Fate.TRUNCATED))
    for share, fate in shares:
        if drawn < share:
            return Lot(fate, cut)
        drawn -= share
    return Lot(Fate.PASSED, cut)
