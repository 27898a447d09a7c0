"""Figures of the running platform for Prometheus: cheap to count, put into the library's words only when asked.

What is counted on the way of a request is plain dictionary arithmetic on the event loop. Every worker leaves its
figures in a file beside the others', so that whichever worker is asked tells those of all, by ``worker``.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from reference_impl.door.process_figures import cpu_seconds, private_bytes, resident_bytes
from reference_impl.records.clear_words import OTHER

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
ITEMS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)

_PREFIX = "metrics-"


@dataclass
class Histogram:
    """Counts by bucket; ``bounds`` are the upper ends, one more bucket holds what is above."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def cumulated(self) -> list[tuple[str, float]]:
        """Return what Prometheus calls buckets: upper end as text, and how many values were at most that."""
        told, below = [], 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            below += count
            told.append((bound, float(below)))
        return told


class Metrics:
    """The figures of one worker.

    Args:
        worker: name of the worker, its audit lane.
        methods: names of the gateway's methods; any other is counted as ``OTHER``, for a caller must not be able to
            fill the memory with names.
        folder: where the workers leave their figures for each other; None for a worker alone.
    """

    def __init__(self, worker: str, methods: Iterable[str], folder: Path | None = None) -> None:
        self.worker = worker
        self.queue: Callable[[], int] = int
        """Tells how many requests wait for the writer."""
        self.refused: Callable[[], int] = int
        """Tells how many were refused because too many waited, or for too long."""
        self._methods = frozenset(methods)
        self._folder = folder
        self._answers: dict[tuple[str, str], int] = {}
        self._seconds: dict[str, Histogram] = {}
        self._api: dict[tuple[str, str], int] = {}
        self._batches = Histogram(ITEMS)
        self._lock_outs = 0

    def observe(self, method: str, outcome: str, seconds: float) -> None:
        """Count one answer of the gateway: its method, its three-digit outcome, how long the caller waited.

        Requests over a limit are those of outcome 112, locked out are those of 113.
        """
        name = method if method in self._methods else OTHER
        key = (name, outcome)
        self._answers[key] = self._answers.get(key, 0) + 1
        held = self._seconds.get(name)
        if held is None:
            held = self._seconds[name] = Histogram(SECONDS)
        held.add(seconds)

    def observe_api(self, route: str, status: int) -> None:
        """Count one answer outside the gateway by the template of its path."""
        key = (route, str(status))
        self._api[key] = self._api.get(key, 0) + 1

    def batch(self, items: int) -> None:
        """Count one durable transaction and what shared it."""
        self._batches.add(items)

    def locked_out(self) -> None:
        """Count the beginning of one lock-out."""
        self._lock_outs += 1

    def figures(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "answers": [[*key, count] for key, count in self._answers.items()],
            "seconds": {name: [h.counts, h.total] for name, h in self._seconds.items()},
            "api": [[*key, count] for key, count in self._api.items()],
            "batches": [self._batches.counts, self._batches.total],
            "queue": self.queue(),
            "refused": self.refused(),
            "lock_outs": self._lock_outs,
            "cpu_s": cpu_seconds(),
            "resident": resident_bytes(),
            "private": private_bytes(),
        }

    def leave(self) -> None:
        """Write the figures where the other workers find them; whole or not at all."""
        if self._folder is None:
            return
        # Figures that cannot be left are missing from a picture; they must never end a worker.
        with contextlib.suppress(OSError):
            with tempfile.NamedTemporaryFile("w", dir=self._folder, prefix=".", delete=False) as file:
                json.dump(self.figures(), file)
            Path(file.name).replace(self._folder / f"{_PREFIX}{self.worker}.json")

    def all_workers(self) -> dict[str, dict[str, Any]]:
        """Return the figures of every worker by its name; this one's own are of this moment."""
        found: dict[str, dict[str, Any]] = {}
        for path in sorted(self._folder.glob(f"{_PREFIX}*.json")) if self._folder else ():
            with contextlib.suppress(OSError, ValueError):
                found[path.stem.removeprefix(_PREFIX)] = json.loads(path.read_text())
        return {**found, self.worker: self.figures()}


def registry_of(metrics: Metrics) -> CollectorRegistry:
    """Return a registry of its own in which these figures stand."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(metrics))
    return registry


class _Figures(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        workers = self._metrics.all_workers()
        answers = CounterMetricFamily(
            "xiangka_gateway_answers", "Answers of the gateway", labels=("method", "outcome", "worker")
        )
        seconds = HistogramMetricFamily(
            "xiangka_gateway_seconds", "Time from request to answer", labels=("method", "worker"), unit="seconds"
        )
        api = CounterMetricFamily("xiangka_api_answers", "Answers of the API", labels=("route", "status", "worker"))
        batches = HistogramMetricFamily(
            "xiangka_batch_items", "Requests that shared one durable transaction", labels=("worker",)
        )
        queue = GaugeMetricFamily("xiangka_queue_items", "Requests waiting for the writer", labels=("worker",))
        refused = CounterMetricFamily(
            "xiangka_overload_refusals", "Requests refused with 503 for the wait", labels=("worker",)
        )
        locks = CounterMetricFamily("xiangka_lock_outs", "Lock-outs begun", labels=("worker",))
        for worker, told in workers.items():
            for method, outcome, count in told["answers"]:
                answers.add_metric((method, outcome, worker), count)
            for method, (counts, total) in told["seconds"].items():
                seconds.add_metric((method, worker), Histogram(SECONDS, counts).cumulated(), total)
            for route, status, count in told["api"]:
                api.add_metric((route, status, worker), count)
            counts, total = told["batches"]
            batches.add_metric((worker,), Histogram(ITEMS, counts).cumulated(), total)
            queue.add_metric((worker,), told["queue"])
            refused.add_metric((worker,), told["refused"])
            locks.add_metric((worker,), told["lock_outs"])
        yield from (answers, seconds, api, batches, queue, refused, locks)
        yield from _of_processes(workers)


def _of_processes(workers: dict[str, dict[str, Any]]) -> Iterator[Metric]:
    # Named as the library's own collector names them, which knows of no other process than the one that is asked.
    cpu = CounterMetricFamily("process_cpu_seconds", "User and system processor time, seconds", labels=("worker",))
    memory = GaugeMetricFamily("process_resident_memory_bytes", "Resident memory, bytes", labels=("worker",))
    private = GaugeMetricFamily("xiangka_private_memory_bytes", "Memory less that of mapped files", labels=("worker",))
    for worker, told in workers.items():
        cpu.add_metric((worker,), told["cpu_s"])
        for family, held in ((memory, told["resident"]), (private, told["private"])):
            if held is not None:
                family.add_metric((worker,), held)
    yield from (cpu, memory, private)
