"""The terminal on its network: hour by hour, what it sends and to whom."""

from __future__ import annotations

import itertools
import time
from contextlib import closing
from random import Random

from pytest_bdd import when

from certification.catalogue import Requirement, Text
from certification.clauses import CountClause
from rigs.capture import CHANNEL
from rigs.errors import RigError
from rigs.roles.network import NetworkTap, Traffic
from steps.samples import plain
from steps.sampling import Sampler, Trial

READS_AN_HOUR = 10
SETTLE_S = 0.2
"""How long a canary may take to come by, s."""
HOSTS_TOLD = 6


@when("its network traffic is watched for twenty-four hours while it works")
@when("在其工作期间监视其网络流量二十四小时")
def watch(sampler: Sampler, requirement: Requirement, chance: Random) -> None:
    """Each hour with a canary: an hour of silence counts only where the capture is known to hear."""
    tap = sampler.run.bench.network
    hours = max(clause.trials for clause in requirement.criterion if isinstance(clause, CountClause))
    tap.begin(sampler.run.evidence.beside("captures", f"{requirement.id}.pcap"))
    codes = sampler.prepared(Trial(plain(chance)) for _ in itertools.count())
    with closing(_Ended(tap)):
        for hour in range(1, hours + 1):
            first = sampler.run.bench.journal.count + 1
            tap.send_canary()
            ends = time.monotonic() + tap.hour_s
            for reading in range(READS_AN_HOUR):
                trial, frame = next(codes)
                sampler.run.station.read(frame, trial.expected)
                _rest(min(ends, ends - tap.hour_s * (1 - (reading + 1) / READS_AN_HOUR)))
            _rest(ends)
            _judge(sampler, hour, tap.taken(), (first, sampler.run.bench.journal.count))
            sampler.step(hours)
            if sampler.failed():
                break
    _tell(sampler, tap)


class _Ended:
    """Ends a capture, however the row ends."""

    def __init__(self, tap: NetworkTap) -> None:
        self.close = tap.end


def _rest(until: float) -> None:
    time.sleep(max(0.0, until - time.monotonic()))


def _judge(sampler: Sampler, hour: int, traffic: Traffic, journal: tuple[int, int]) -> None:
    if not traffic.canary:
        raise RigError(
            f"the bench's own packet of hour {hour} is not in the capture, so nobody knows what else is missing",
            where=CHANNEL,
            remedy="check that the interface of [network] sees the device, and its hardware address",
        )
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
