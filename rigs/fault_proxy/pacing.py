"""When bytes may go on, and in which pieces. Times are seconds on one monotonic clock."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from rigs.fault_proxy.faults import Faults

SMOOTH_S = 0.02
"""A limited line carries this much time's worth at once."""


class Delays:
    """Delays of the writes of one connection in one direction; none overtakes the one before.

    Args:
        faults: what the proxy does.
        connection: number of the connection.
        direction: name of the direction; each has draws of its own.
    """

    def __init__(self, faults: Faults, connection: int, direction: str) -> None:
        self._faults = faults
        self._chance = Random(f"{faults.seed}/{direction}/{connection}")  # noqa: S311 - repeatable on purpose
        self._latest_s = 0.0

    def due_s(self, arrived_s: float) -> float:
        """When the write that arrived then goes on."""
        self._latest_s = max(self._latest_s, arrived_s + self._drawn_ms() / 1000)
        return self._latest_s

    def _drawn_ms(self) -> float:
        middle, spread = self._faults.latency_ms, self._faults.jitter_ms
        if not spread:
            return middle
        if self._faults.shape == "uniform":
            return max(0.0, self._chance.uniform(middle - spread, middle + spread))
        return max(0.0, self._chance.gauss(middle, spread))


class Line:
    """A line of limited bandwidth, one connection in one direction.

    Args:
        bandwidth: bytes a second, or None for no limit.
        slice_bytes: longest piece, or None for any.
    """

    def __init__(self, bandwidth: float | None, slice_bytes: int | None) -> None:
        self._bandwidth = bandwidth
        at_once = [] if bandwidth is None else [max(1, int(bandwidth * SMOOTH_S))]
        self._longest = min([*at_once, *([] if slice_bytes is None else [slice_bytes])], default=None)
        self._free_s = 0.0

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The data in the pieces it is written in."""
        size = self._longest or len(data) or 1
        for start in range(0, len(data), size):
            yield data[start : start + size]

    def through_s(self, now_s: float, size: int) -> float:
        """When the last of ``size`` bytes that are handed to the line now has come through."""
        if self._bandwidth is None:
            return now_s
        self._free_s = max(self._free_s, now_s) + size / self._bandwidth
        return self._free_s
