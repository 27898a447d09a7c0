"""What a fault proxy is told to do to the connections that run through it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rigs.errors import BenchFileError

Shape = Literal["uniform", "normal"]


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one proxy; with all of them at rest it passes every byte on as it came.

    Attributes:
        latency_ms: delay of every write, in each direction, ms.
        jitter_ms: ``uniform``: half the width around the delay; ``normal``: its standard deviation, ms.
        shape: how the delay is spread. A delay is never negative.
        reset: share of requests whose connection is reset (RST to both ends).
        black_hole: share of requests that are swallowed and never answered.
        truncate: share of requests whose answer breaks off and is followed by a clean close.
        slow_close_ms: how much later than the last byte an end of stream is passed on, ms.
        bandwidth: bytes a second of each connection in each direction, or None for no limit.
        slice_bytes: longest piece that is written at once, or None for as it comes.
        seed: what every draw begins from.

    Raises:
        BenchFileError: a number that means nothing.
    """

    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    shape: Shape = "uniform"
    reset: float = 0.0
    black_hole: float = 0.0
    truncate: float = 0.0
    slow_close_ms: float = 0.0
    bandwidth: float | None = None
    slice_bytes: int | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        for what, where, remedy in self._complaints():
            raise BenchFileError(what, where=where, remedy=remedy)

    def _complaints(self) -> Iterator[tuple[str, str, str]]:
        shares = {"--reset": self.reset, "--black-hole": self.black_hole, "--truncate": self.truncate}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                yield f"{share:g} is no share of requests", name, "give a number from 0 to 1, such as 0.05"
        if sum(shares.values()) > 1:
            yield "the shares add up to more than all requests", ", ".join(shares), "let them add up to at most 1"
        times = {"--latency": self.latency_ms, "--jitter": self.jitter_ms, "--slow-close": self.slow_close_ms}
        for name, milliseconds in times.items():
            if not 0 <= milliseconds < 3_600_000:
                yield f"{milliseconds:g} ms cannot be waited for", name, "give milliseconds, from 0 to an hour"
        for name, most in {"--bandwidth": self.bandwidth, "--slice": self.slice_bytes}.items():
            if most is not None and not 1 <= most < 1 << 40:
                yield f"{most:g} bytes let nothing through", name, "give at least 1, or leave it out"
