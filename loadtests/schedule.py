"""The open arrival schedule: when each request is due, of what kind it is and whose it is. Pure, and drawn from a seed.

Arrivals do not wait for answers. A Poisson stage is drawn by time transformation: with Λ(t) the requests expected until
t, the arrivals of a process of rate 1 on (0, Λ(T)) are carried back by Λ⁻¹ (Lewis and Shedler 1979); an even stage
carries back equal distances. Of N workers number k takes arrivals k, k+N, k+2N, … of the one schedule, so that together
they send exactly the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from loadtests.plan import KINDS, LoadPlan, Stage

USERS = ("terminal", "kiosk", "window")
"""Who asks: a scanning terminal, a self-service kiosk, a window of the hospital."""

WHO_ASKS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "verification": MappingProxyType({"terminal": 0.95, "window": 0.05}),
        "generation": MappingProxyType({"kiosk": 1.0}),
        "query": MappingProxyType({"kiosk": 1.0}),
        "registration": MappingProxyType({"kiosk": 0.4, "window": 0.6}),
        "usage": MappingProxyType({"window": 1.0}),
    }
)
"""Share of each kind that comes from each of ``USERS``; this project's choice."""


@dataclass(frozen=True)
class Schedule:
    """Arrivals in the order of time; each array has one element an arrival.

    Attributes:
        number: place in the schedule of the whole plan, from 0.
        due: seconds since the schedule began.
        stage: which of the plan's stages.
        kind: which of ``KINDS``.
        user: which of ``USERS``.
        twin: whether the code is shown at two terminals at this instant, so that two requests leave.
    """

    number: npt.NDArray[np.int64]
    due: npt.NDArray[np.float64]
    stage: npt.NDArray[np.int16]
    kind: npt.NDArray[np.int8]
    user: npt.NDArray[np.int8]
    twin: npt.NDArray[np.bool_]

    @property
    def requests(self) -> int:
        """How many requests leave; retries are not counted."""
        return int(self.due.size + np.count_nonzero(self.twin))

    def part(self, worker: int, workers: int) -> Schedule:
        """Return the arrivals of one worker of several."""
        return self._of(slice(worker, None, workers))

    def until(self, seconds: float) -> Schedule:
        """Return the arrivals before a moment."""
        return self._of(slice(0, int(np.searchsorted(self.due, seconds))))

    def per_second(self, seconds: int) -> npt.NDArray[np.int64]:
        """Return how many requests are due in each of the first ``seconds`` seconds."""
        weights = 1 + self.twin.astype(np.int64)
        counted = np.bincount(self.due.astype(np.int64), weights=weights, minlength=seconds)[:seconds]
        return counted.astype(np.int64)

    def per_stage(self, stages: int) -> npt.NDArray[np.int64]:
        """Return how many requests are due in each of the plan's ``stages`` stages."""
        weights = 1 + self.twin.astype(np.int64)
        return np.bincount(self.stage, weights=weights, minlength=stages).astype(np.int64)

    def _of(self, which: slice) -> Schedule:
        # Copies: a worker shall not hold on to the arrivals of all the others.
        arrays: dict[str, Any] = {name: array[which].copy() for name, array in vars(self).items()}
        return Schedule(**arrays)


def draw(plan: LoadPlan) -> Schedule:
    """Draw the schedule of a plan; the same for the same stages, mix, share of reuse and seed."""
    random = np.random.default_rng(plan.seed)
    begins = np.cumsum([0.0, *(stage.seconds for stage in plan.stages)])
    dues = [begin + _arrivals(stage, random) for begin, stage in zip(begins[:-1], plan.stages, strict=True)]
    due = np.concatenate(dues)
    stage = np.repeat(np.arange(len(dues), dtype=np.int16), [one.size for one in dues])
    kind = _chosen(random, [plan.mix.get(name, 0.0) for name in KINDS], due.size)
    user = np.zeros(due.size, dtype=np.int8)
    for index, name in enumerate(KINDS):
        these = kind == index
        user[these] = _chosen(random, [WHO_ASKS[name].get(who, 0.0) for who in USERS], int(np.count_nonzero(these)))
    twin = (kind == KINDS.index("verification")) & (random.random(due.size) < plan.reuse_share)
    return Schedule(np.arange(due.size), due, stage, kind, user, twin)


def most_at_once(plan: LoadPlan, user: str) -> float:
    """Return the greatest rate at which requests of one of ``USERS`` are due, per second."""
    greatest = max(max(stage.rate, stage.rate_to) for stage in plan.stages)
    return greatest * sum(plan.mix.get(kind, 0.0) * WHO_ASKS[kind].get(user, 0.0) for kind in KINDS)


def _arrivals(stage: Stage, random: np.random.Generator) -> npt.NDArray[np.float64]:
    if stage.arrivals == "even":
        count = round(stage.expected)
        expected = (np.arange(count) + 0.5) * (stage.expected / max(1, count))
    else:
        # Given their number, the arrivals of a process of rate 1 are independent and uniform.
        expected = np.sort(random.random(random.poisson(stage.expected))) * stage.expected
    return _back(stage, expected)


def _back(stage: Stage, expected: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """Return when so many requests are expected to have come: the root of Λ(t) = a·t + (b - a)·t²/2T."""
    slope = (stage.rate_to - stage.rate) / stage.seconds
    root = np.sqrt(np.maximum(0.0, stage.rate**2 + 2 * slope * expected))
    moments: npt.NDArray[np.float64] = 2 * expected / np.maximum(stage.rate + root, 1e-300)
    # Rounding may carry the last one past the end of its stage.
    return np.minimum(moments, np.nextafter(stage.seconds, 0.0))


def _chosen(random: np.random.Generator, shares: list[float], count: int) -> npt.NDArray[np.int8]:
    edges = np.cumsum(shares)
    chosen = np.searchsorted(edges, random.random(count) * edges[-1], side="right")
    return chosen.astype(np.int8)  # type: ignore[no-any-return]
