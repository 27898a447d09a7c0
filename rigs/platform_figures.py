"""What a platform tells of itself at ``/metrics``, and what this machine tells of a platform that runs on it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from rigs.drivers.platform_api import PlatformApi
from rigs.errors import SubjectFaultError
from rigs.platform_link import CHANNEL

SETTLING_S = 1.5
"""How old the figures of a worker may be that is not asked itself, and half a second for a busy machine."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Figures:
    """A platform's figures at one moment, those of its workers taken together.

    Attributes:
        answers: how many answers its gateway gave, by method and three-digit outcome.
        by_worker: how many each worker gave; fewer than before means that the worker was started anew.
        resident: bytes of memory its processes hold, 0 where it does not tell.
        private: the same without those of mapped files, 0 where it does not tell.
        cpu_s: seconds of processor time, 0 where it does not tell.
        times: how many answers took at most so many seconds, by method and that bound; empty where it does not tell.
    """

    answers: Mapping[tuple[str, str], int]
    by_worker: Mapping[str, int]
    resident: int = 0
    private: int = 0
    cpu_s: float = 0.0
    times: Mapping[tuple[str, float], int] = field(default_factory=dict)

    def since(self, before: Figures, method: str, outcome: str) -> int:
        """How many answers of a method with an outcome were given since."""
        return self.answers.get((method, outcome), 0) - before.answers.get((method, outcome), 0)

    def time_since(self, before: Figures, method: str, share: float) -> float | None:
        """Seconds within which this share of a method's answers were given since, as the platform tells it.

        The end of the bucket it falls into, so no less than what is told; infinite beyond the last. None where the
        platform tells no times, or has counted from nothing meanwhile.
        """
        given = {
            bound: count - before.times.get((name, bound), 0)
            for (name, bound), count in sorted(self.times.items())
            if name == method
        }
        if not given or min(given.values()) < 0 or not (total := max(given.values())):
            return None
        return next(bound for bound, count in given.items() if count >= share * total)

    def begun_anew(self, before: Figures) -> int:
        """How many workers have counted from nothing since."""
        return sum(self.by_worker.get(worker, count) < count for worker, count in before.by_worker.items())


def figures_of(text: str) -> Figures:
    """Read the figures.

    Raises:
        ValueError: the text is not in Prometheus' format.
    """
    answers: Counter[tuple[str, str]] = Counter()
    by_worker: Counter[str] = Counter()
    times: Counter[tuple[str, float]] = Counter()
    resident = private = cpu_s = 0.0
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            match sample.name:
                case "xiangka_gateway_answers_total":
                    answers[sample.labels["method"], sample.labels["outcome"]] += int(sample.value)
                    by_worker[sample.labels.get("worker", "")] += int(sample.value)
                case "xiangka_gateway_seconds_bucket":
                    times[sample.labels["method"], float(sample.labels["le"])] += int(sample.value)
                case "process_resident_memory_bytes":
                    resident += sample.value
                case "xiangka_private_memory_bytes":
                    private += sample.value
                case "process_cpu_seconds_total":
                    cpu_s += sample.value
    return Figures(answers, by_worker, int(resident), int(private), cpu_s, times)


def read_figures(api: PlatformApi) -> Figures | None:
    """Ask a platform for its figures; None where it tells none, or not to this bench.

    Raises:
        SubjectFaultError, PlatformStoppedError: no answer.
    """
    answer = api.ask("GET", "/metrics", role=api.monitor)
    if answer.status != HTTPStatus.OK or not isinstance(answer.content, str):
        return None
    try:
        found = figures_of(answer.content)
    except ValueError as error:
        raise SubjectFaultError("tells figures nobody can read", where=CHANNEL, journal=answer.journal) from error
    return found if found.answers or found.resident else None


def resident_of_group(leader: int) -> int:
    """Bytes of memory that a process and those of its group hold without mapped files, 0 once it is gone."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                group = int((entry / "stat").read_text().rpartition(")")[2].split()[2])
                _, resident, shared, *_ = (entry / "statm").read_text().split()
                total += (int(resident) - int(shared)) * _PAGE if group == leader else 0
            except (OSError, IndexError, ValueError):
                continue  # it has ended meanwhile
    return total
