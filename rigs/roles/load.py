"""What a scenario may ask of a load generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from loadtests.plan import LoadPlan
from loadtests.record import LoadRecord


@dataclass(frozen=True)
class LiveSecond:
    """What the generator says of a second while it runs; counts are of that second.

    Attributes:
        t: seconds since the schedule began.
        stage: the stage of this second.
        offered, sent, ok, refused, errors, late: as in ``loadtests.record.Second``.
        p50, p95, p99: latencies of its answers, ms; None if there were none.
        generator_cpu: the busiest worker's share of a core.
    """

    t: float
    stage: str = ""
    offered: int = 0
    sent: int = 0
    ok: int = 0
    refused: int = 0
    errors: int = 0
    late: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    generator_cpu: float = 0.0


Watch = Callable[[LiveSecond], bool]
"""Told of every second; whether the load is to go on."""


class LoadGenerator(Protocol):
    """Offers a platform the load of a plan."""

    def run(self, plan: LoadPlan, folder: Path, watch: Watch) -> LoadRecord:
        """Offer the load, to the plan's end or until ``watch`` has seen enough.

        Args:
            plan: what to do.
            folder: where the record goes; made if it is not there.
            watch: told of every second.

        Raises:
            RigError: the generator failed, or left no record. Whether its record is valid stands in the record.
        """
