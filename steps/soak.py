"""The terminal over days: a code every few seconds, counted hour by hour, going on where it was interrupted."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from random import Random

from pytest_bdd import given, when

from certification.catalogue import Requirement, Text
from certification.clauses import CountClause, LimitClause
from certification.observations import Observation
from fixtures.card_codes import static_codes
from rigs.endurance import BenchEndurance, Endurance
from rigs.errors import SilentDeviceError
from rigs.optics.frames import Frame
from rigs.optics.stimulus import Stimulus
from steps.samples import symbol
from steps.sampling import Sampler, Trial

HOST_HOURS, RECENT_HOURS = 12, 6
"""Hours at the beginning, and up to any hour, over which the host's own delays are compared: has it become slower?"""
DECK = 48
"""Codes that are shown again and again, in an order drawn anew each time round."""


@dataclass(frozen=True)
class SoakPlan:
    """How much a soak is, as the criterion registers it.

    Attributes:
        reads: readings in all.
        hours: hours in all.
    """

    reads: int
    hours: int

    @classmethod
    def of(cls, requirement: Requirement) -> SoakPlan:
        """The readings its count asks for, over as many hours as its drift compares."""
        reads = max(clause.trials for clause in requirement.criterion if isinstance(clause, CountClause))
        drifts = [c for c in requirement.criterion if isinstance(c, LimitClause) and c.statistic == "drift"]
        return cls(reads, drifts[0].trials)

    @property
    def an_hour(self) -> int:
        """Readings an hour."""
        return self.reads // self.hours

    @property
    def every_s(self) -> float:
        """Seconds from one reading to the next."""
        return 3600 / self.an_hour

    def hour(self, number: int) -> int:
        """The hour, from 1, that a reading belongs to; readings count from 0."""
        return number // self.an_hour + 1


class Soak:
    """A soak under way.

    Args:
        sampler: takes the sample; what earlier sittings observed stands in it already.
        bench: the bench for days.
        deck: what is shown, each with its picture.
        chance: the seed of the order in which it is shown.
    """

    def __init__(
        self, sampler: Sampler, bench: Endurance, deck: Sequence[tuple[Trial, Frame]], chance: str = "soak"
    ) -> None:
        self._sampler = sampler
        self._bench = bench
        self._deck = deck
        self._chance = chance
        self._plan = SoakPlan.of(sampler.requirement)
        earlier = sampler.run.evidence.of(sampler.requirement.id)
        self._reads = [one for one in earlier if one.measure == "read"]
        self._first = len(self._reads)
        hour = self._plan.hour(self._first)
        self._latencies = [float(one.detail["latency_ms"]) for one in self._reads if one.cell["hour"] == hour]
        self._host_ms = [_host_delay(one) for one in earlier if one.measure == "latency_p95"]
        self._stops = 0

    def run(self) -> None:
        """Read until the sample is complete, or no further reading could mend the criterion."""
        started = self._bench.now()
        self._sampler.done = self._first
        try:
            self._read_on(started)
        finally:
            self._tell(self._sampler.done - self._first, self._bench.now() - started)

    def _read_on(self, started: float) -> None:
        for number in range(self._first, self._plan.reads):
            self._bench.wait_until(started + (number - self._first) * self._plan.every_s)
            sound = self._read(number)
            if (number + 1) % self._plan.an_hour == 0:
                self._end_of_hour(self._plan.hour(number), started, number + 1 - self._first)
            self._sampler.run.evidence.flush()
            self._sampler.run.bench.journal.flush()
            self._sampler.step(self._plan.reads)
            if not sound and self._sampler.failed():
                return

    def _read(self, number: int) -> bool:
        """One reading; whether it was as it must be."""
        hour = self._plan.hour(number)
        trial, frame = self._shown(number)
        try:
            reading = self._bench.read(frame, trial.expected)
        except SilentDeviceError:
            self._stopped(hour)
            return False
        exact = reading.outcome == "exact"
        self._latencies.append(reading.latency_ms)
        self._sampler.observe(
            "read",
            reading.outcome.value,
            cell={"hour": hour},
            reading=reading,
            detail={"latency_ms": round(reading.latency_ms, 2)},
            picture=self._sampler.keep(trial, frame, failure=True) if not exact else None,
        )
        return exact

    def _shown(self, number: int) -> tuple[Trial, Frame]:
        """The code of a reading: the same whether or not the run was interrupted before it."""
        time_round, place = divmod(number, len(self._deck))
        order = Random(f"{self._chance}/{time_round}").sample(range(len(self._deck)), len(self._deck))  # noqa: S311 - an order of stimuli
        return self._deck[order[place]]

    def _stopped(self, hour: int) -> None:
        """The device has stopped: wait for it, and where only its supply brings it back, count that."""
        limit_ms = self._sampler.run.station.read_timeout_s * 1000
        self._latencies.append(limit_ms)
        self._sampler.observe("read", "no_read", cell={"hour": hour}, detail={"latency_ms": limit_ms})
        came_back = self._bench.bring_back()
        self._sampler.observe("stop", came_back, cell={"hour": hour})
        if came_back == "after_power_cycle":
            self._stops += 1
            self._sampler.observe("unrecovered_stops", 1, cell={"hour": hour})

    def _end_of_hour(self, hour: int, started: float, reads: int) -> None:
        """The series of the hour: what nothing but time can show."""
        delay_ms = self._bench.host_delay_ms()
        self._host_ms.append(delay_ms)
        at_first, of_late = self._host_ms[:HOST_HOURS], self._host_ms[-RECENT_HOURS:]
        changed_ms = abs(statistics.median(of_late) - statistics.median(at_first))
        took_s = (self._bench.now() - started) / reads * self._plan.an_hour
        values = sorted(self._latencies)
        cell: dict[str, str | float] = {"hour": hour}
        self._sampler.observe(
            "latency_p95",
            round(values[math.ceil(0.95 * len(values)) - 1], 3),
            unit="ms",
            # The bench's own offsets are the same in every hour and cancel; what has changed of the host does not.
            uncertainty=round(self._bench.hand_overs * changed_ms, 3),
            cell=cell,
            detail={"host_delay_ms": round(delay_ms, 3), "time_compression": round(3600 / took_s, 1)},
        )
        self._sampler.observe("memory", round(self._bench.memory_mib(), 2), unit="MiB", cell=cell)
        if (restarted := self._bench.restarted()) is not None:
            self._sampler.observe("resets", int(restarted), cell=cell)
        if not self._stops:
            self._sampler.observe("unrecovered_stops", 0, cell=cell)
        self._stops = 0
        self._latencies = []
        self._sampler.run.evidence.sync()
        self._sampler.run.bench.journal.sync()

    def _tell(self, reads: int, seconds: float) -> None:
        """Say how time was compressed; a reader must not take minutes for days."""
        if not self._bench.compressed or not reads or seconds <= 0:
            return
        id_, hours, minutes = self._sampler.requirement.id, reads / self._plan.an_hour, seconds / 60
        factor = f"×{hours * 60 / minutes:.0f}"
        zh = f"模拟设备的时间被压缩：{reads} 次识读按 {hours:.1f} h 计，实际用时 {minutes:.1f} min（{factor}）"
        en = f"time was compressed on the emulated device: {reads} readings count as {hours:.1f} h and took"
        self._sampler.run.remarks.append(Text(zh=f"{id_}：{zh}", en=f"{id_}: {en} {minutes:.1f} min ({factor})"))


def _host_delay(observation: Observation) -> float:
    return float(observation.detail["host_delay_ms"])


@given("a deck of card codes", target_fixture="deck")
@given("一组电子健康卡码", target_fixture="deck")
def deck(chance: Random) -> Iterator[Trial]:
    """Static codes of both shapes; a soak shows the same ones again and again, as a rig with printed codes does."""
    return (
        Trial(Stimulus((symbol(text, chance),)), {"shape": shape}) for shape, text in islice(static_codes(chance), DECK)
    )


@when("the terminal is shown a code every six seconds for seventy-two hours")
@when("在七十二小时内每六秒向终端出示一个码")
def soak(sampler: Sampler, deck: Iterator[Trial], requirement: Requirement) -> None:
    """From a power cycle on, where the bench has a supply; after an interruption, from where it stopped."""
    run = sampler.run
    _after_an_interruption(sampler) if requirement.id in run.pauses else _from_cold(sampler)
    shown = [(trial, frame) for trial, frame in sampler.prepared(deck) if frame.reference_reads]
    with closing(BenchEndurance(run.bench, run.station)) as bench:
        Soak(sampler, bench, shown, f"{run.seed}/{requirement.id}").run()


def _from_cold(sampler: Sampler) -> None:
    if sampler.run.bench.power is not None:
        sampler.run.bench.power.cycle()
        sampler.run.bench.scanner.reopen()


def _after_an_interruption(sampler: Sampler) -> None:
    reads = [one for one in sampler.run.evidence.of(sampler.requirement.id) if one.measure == "read"]
    hour = SoakPlan.of(sampler.requirement).hour(len(reads))
    pause_s = round(sampler.run.pauses[sampler.requirement.id], 1)
    sampler.observe("interruption", pause_s, unit="s", cell={"hour": hour}, detail={"reads_before": len(reads)})
