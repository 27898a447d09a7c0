"""The terminal on its network: hour by hour, what it sends and to whom."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import closing
from random import Random

from pytest_bdd import when

from certification.catalogue import Requirement, Text
from certification.clauses import CountClause
from rigs.capture import CHANNEL
from rigs.errors import RigError
from rigs.optics.frames import Frame
from rigs.roles.network import NetworkTap, Traffic
from steps.samples import plain
from steps.sampling import Sampler, Trial

READS_AN_HOUR = 10
SETTLE_S = 5.0
"""How long a canary may take to come by, s."""
_LOOK_S = 0.05
HOSTS_TOLD = 6


@when("its network traffic is watched for twenty-four hours while it works")
@when("在其工作期间监视其网络流量二十四小时")
def watch(sampler: Sampler, requirement: Requirement, chance: Random) -> None:
    """Each hour between two canaries: its silence counts only where the capture is known to hear from end to end."""
    tap = sampler.run.bench.network
    hours = watched_hours(requirement)
    tap.begin(sampler.run.evidence.beside("captures", f"{requirement.id}.pcap"))
    prepared = sampler.prepared(Trial(plain(chance)) for _ in itertools.count())
    codes = ((trial, frame) for trial, frame in prepared if frame.reference_reads)
    with closing(_Ended(tap)):
        for hour in range(1, hours + 1):
            first = sampler.run.bench.journal.count + 1
            traffic = _canary(tap, hour, "beginning")
            _work(sampler, tap.hour_s, hour, codes)
            traffic += _canary(tap, hour, "end")
            _judge(sampler, hour, traffic, (first, sampler.run.bench.journal.count))
            sampler.step(hours)
            if sampler.failed():
                break
    _tell(sampler, tap)


def watched_hours(requirement: Requirement) -> int:
    """Hours its criterion registers."""
    clauses = (clause for clause in requirement.criterion if isinstance(clause, CountClause))
    return next(clause.trials for clause in clauses if clause.measure == "traffic_hour")


def _work(sampler: Sampler, hour_s: float, hour: int, codes: Iterator[tuple[Trial, Frame]]) -> None:
    """An hour of readings: a terminal that reads nothing has nothing to send and proves nothing."""
    begins = time.monotonic()
    for number in range(READS_AN_HOUR):
        trial, frame = next(codes)
        reading = sampler.run.station.read(frame, trial.expected)
        sampler.observe("control", reading.outcome.value, cell={"hour": hour}, reading=reading)
        _rest(begins + hour_s * (number + 1) / READS_AN_HOUR)


def _canary(tap: NetworkTap, hour: int, which: str) -> Traffic:
    """Everything captured until a canary of now has come by.

    Raises:
        RigError: it does not.
    """
    tap.send_canary()
    deadline = time.monotonic() + SETTLE_S
    traffic = tap.taken()
    while not traffic.canary:
        if time.monotonic() > deadline:
            raise RigError(
                f"the bench's own packet at the {which} of hour {hour} is not in the capture, so nobody knows what "
                "else is missing",
                where=CHANNEL,
                remedy="check that the interface of [network] sees the device, and its hardware address",
            )
        time.sleep(_LOOK_S)
        traffic += tap.taken()
    return traffic


class _Ended:
    """Ends a capture, however the row ends."""

    def __init__(self, tap: NetworkTap) -> None:
        self.close = tap.end


def _rest(until: float) -> None:
    time.sleep(max(0.0, until - time.monotonic()))


def _judge(sampler: Sampler, hour: int, traffic: Traffic, journal: tuple[int, int]) -> None:
    told = [f"{host} ×{count}" for host, count in traffic.undeclared.most_common(HOSTS_TOLD)]
    sampler.observe(
        "traffic_hour",
        "undeclared" if traffic.undeclared else "declared_only",
        cell={"hour": hour},
        journal=journal,
        detail={
            "packets": traffic.declared + traffic.undeclared.total(),
            "undeclared": ", ".join(told) or "—",
            "housekeeping": traffic.housekeeping,
        },
    )


def _tell(sampler: Sampler, tap: NetworkTap) -> None:
    if tap.hour_s == 3600:
        return
    id_, factor = sampler.requirement.id, f"×{3600 / tap.hour_s:.0f}"
    sampler.run.remarks.append(
        Text(
            zh=f"{id_}：模拟设备的时钟被加快，每小时按 {tap.hour_s:g} s 计（{factor}）",
            en=f"{id_}: the emulated device's clock was sped up, each of its hours lasted {tap.hour_s:g} s ({factor})",
        )
    )
