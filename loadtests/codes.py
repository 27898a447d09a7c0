"""Dynamic codes that the load's own requests fetched, kept until they are shown or too old."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from reference_impl.wire.exchange import Biz

USUAL_LIFE_S = 60.0
"""How long a code is taken to live where the platform does not say."""

_MARGIN_S = 15.0
"""A code with less of its life left is not shown any more: its request waits to be sent, and may be sent again."""

MOST_AT_ONCE = 500


class DynamicCodes:
    """A stock of codes, the oldest shown first."""

    def __init__(self) -> None:
        self._stock: deque[tuple[float, str]] = deque()

    def put(self, codes: Iterable[str], life_s: float, now: float) -> None:
        """Keep fetched codes.

        Args:
            codes: fetched just now.
            life_s: how long they live.
            now: by the same clock as in ``take``.
        """
        good_until = now + life_s - min(_MARGIN_S, life_s / 2)
        self._stock.extend((good_until, code) for code in codes)

    def take(self, now: float) -> str | None:
        """Return a code nobody has shown, None if there is none."""
        while self._stock:
            good_until, code = self._stock.popleft()
            if good_until > now:
                return code
        return None


def life_s(biz: Biz) -> float:
    """Return how long the codes of an answer live, seconds."""
    try:
        told_s = (int(str(biz["expires_ms"])) - int(str(biz["issued_ms"]))) / 1000
    except (KeyError, ValueError, OverflowError):
        return USUAL_LIFE_S
    return max(0.0, told_s)


def wanted_at_once(mix: Mapping[str, float]) -> int:
    """Return how many codes each request for codes asks for, so that every verification finds one."""
    share = mix.get("generation", 0.0)
    needed = 1.25 * mix.get("verification", 0.0) / share if share else 1.0
    return max(1, min(MOST_AT_ONCE, round(needed + 0.5)))
