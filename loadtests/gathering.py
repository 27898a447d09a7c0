"""What the workers tell, put together second by second and written to the record."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from loadtests.plan import LoadPlan
from loadtests.record import Acknowledged, Found, Second, StageTotals, WorkerTotals
from loadtests.record_writer import RecordWriter
from loadtests.schedule import Schedule
from loadtests.tally import ERROR, LATE, OK, REFUSED, RETRIED, SENT, SILENT

_EXAMPLES = 20

Samples = dict[tuple[str, str], list[int]]


class Gathering:
    """Takes messages about seconds from each worker, in each one's order.

    Args:
        plan: what is to be done.
        offered: requests that are due in each second of the plan.
        writer: the record.
        workers: names of the workers.
    """

    def __init__(
        self, plan: LoadPlan, offered: npt.NDArray[np.int64], writer: RecordWriter, workers: Iterable[str]
    ) -> None:
        self._plan = plan
        self._offered = offered
        self._writer = writer
        self._told: dict[str, int] = dict.fromkeys(workers, -1)
        self._open: defaultdict[int, list[Mapping[str, Any]]] = defaultdict(list)
        self._written = 0
        self._counts: Counter[tuple[str, str]] = Counter()
        self._sent: Counter[str] = Counter()
        self._late: Counter[str] = Counter()
        self._found: defaultdict[str, list[str]] = defaultdict(list)
        self._times: Counter[str] = Counter()
        self.cpu: defaultdict[str, list[float]] = defaultdict(list)
        """Each worker's share of a core, second by second."""
        self._ends = np.cumsum([stage.seconds for stage in plan.stages])

    def take(self, worker: str, message: Mapping[str, Any]) -> list[Second]:
        """Take in a message; returns the seconds about which every worker has spoken by now."""
        self._told[worker] = max(self._told.get(worker, -1), message["t"])
        self._open[message["t"]].append(message)
        self.cpu[worker].append(message["cpu"])
        for _, name, count in message["counts"]:
            self._sent[worker] += count if name == SENT else 0
            self._late[worker] += count if name == LATE else 0
        return self._over()

    def forget(self, worker: str) -> list[Second]:
        """Wait for a worker no longer; returns what could be written because of that."""
        self._told.pop(worker, None)
        return self._over()

    def finish(self) -> list[Second]:
        """Write what is left."""
        return [self._write(t) for t in range(self._written, max(self._open, default=-1) + 1)]

    def count(self, name: str) -> int:
        """Return how often something was counted, over all stages."""
        return sum(count for (_, what), count in self._counts.items() if what == name)

    def found(self, what: str) -> Found:
        """Return how often something happened that never may."""
        return Found(self._times[what], tuple(self._found[what]))

    def stages(self, schedules: Iterable[Schedule], seconds: float) -> tuple[StageTotals, ...]:
        """Return the totals by name of stage.

        Args:
            schedules: what each worker had to send, up to where it was ended.
            seconds: how long the load went on.
        """
        offered = sum(
            (one.per_stage(len(self._plan.stages)) for one in schedules), np.zeros(len(self._plan.stages), int)
        )
        begins = [0.0, *self._ends[:-1]]
        lengths: Counter[str] = Counter()
        due: Counter[str] = Counter()
        for stage, begin, count in zip(self._plan.stages, begins, offered, strict=True):
            lengths[stage.name] += max(0.0, min(stage.seconds, seconds - begin))
            due[stage.name] += int(count)
        return tuple(self._stage(name, float(lengths[name]), due[name]) for name in dict.fromkeys(due))

    def workers(self, clocks: Mapping[str, float]) -> tuple[WorkerTotals, ...]:
        """Return the totals by worker; ``clocks`` tells how far each one's was from the master's, seconds."""
        return tuple(
            WorkerTotals(
                name,
                self._sent[name],
                self._late[name],
                round(float(np.mean(shares)), 4) if (shares := self.cpu[name]) else 0.0,
                round(max(shares, default=0.0), 4),
                round(clocks.get(name, 0.0) * 1000, 3),
            )
            for name in clocks
        )

    def _stage(self, name: str, seconds: float, offered: int) -> StageTotals:
        mine = {what: count for (stage, what), count in self._counts.items() if stage == name}
        return StageTotals(
            name,
            seconds,
            offered,
            mine.get(SENT, 0),
            mine.get(OK, 0),
            _under(mine, REFUSED),
            mine.get(SILENT, 0),
            _under(mine, ERROR),
            mine.get(RETRIED, 0),
            mine.get(LATE, 0),
        )

    def _over(self) -> list[Second]:
        over = min(self._told.values(), default=-1)
        return [self._write(t) for t in range(self._written, over + 1)]

    def _write(self, t: int) -> Second:
        self._written = t + 1
        messages = self._open.pop(t, [])
        for message in messages:
            self._counts.update({(stage, name): count for stage, name, count in message["counts"]})
            for what, tag in message["found"]:
                self._times[what] += 1
                if len(self._found[what]) < _EXAMPLES:
                    self._found[what].append(tag)
            self._writer.acknowledged(Acknowledged(*effect) for effect in message["acknowledged"])
        latencies = _samples(messages, "latencies")
        second = self._second(t, messages, latencies)
        self._writer.second(second, latencies, _samples(messages, "delays"))
        return second

    def _second(self, t: int, messages: list[Mapping[str, Any]], latencies: Samples) -> Second:
        counts: Counter[str] = Counter()
        for message in messages:
            for _, name, count in message["counts"]:
                counts[name.partition(":")[0]] += count
        stage = self._plan.stages[min(int(np.searchsorted(self._ends, t, side="right")), len(self._ends) - 1)]
        p50, p95, p99 = _percentiles(list(chain.from_iterable(latencies.values())))
        return Second(
            t,
            stage.name,
            int(self._offered[t]) if t < len(self._offered) else 0,
            counts[SENT],
            counts[OK],
            counts["refused"],
            counts["error"],
            counts[LATE],
            sum(message["in_flight"] for message in messages),
            p50,
            p95,
            p99,
            round(max((message["cpu"] for message in messages), default=0.0), 4),
        )


def _under(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {what.removeprefix(prefix): count for what, count in sorted(counts.items()) if what.startswith(prefix)}


def _samples(messages: Iterable[Mapping[str, Any]], which: str) -> Samples:
    samples: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for message in messages:
        for stage, kind, values in message[which]:
            samples[stage, kind] += array("I", values)
    return dict(samples)


def _percentiles(values: list[int]) -> tuple[float | None, float | None, float | None]:
    if not values:
        return None, None, None
    p50, p95, p99 = np.percentile(values, (50, 95, 99), method="inverted_cdf") / 1000
    return round(float(p50), 3), round(float(p95), 3), round(float(p99), 3)
