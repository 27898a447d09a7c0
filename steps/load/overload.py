"""EHC-PRF-003: twice what a platform can serve."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_bdd import then, when

from loadtests.plan import Stage, profile
from loadtests.record import StageTotals
from rigs.errors import RigError
from rigs.platform_figures import Figures
from steps.load.capacity import capacity_of
from steps.load.minutes import minutes, share
from steps.load.offering import Offered, offer, plan_of, table_of
from steps.load.peak import BASE, observe_recovery
from steps.load.recovering import base_level_ms
from steps.platform.apart import Apart
from steps.sampling import Sampler

OVERLOAD = "overload"
AT_REST = 0.2
"""Share of its capacity at which a platform is at rest, before and after."""
BEFORE_S = 30.0
UNDERSTATED = 1.25
"""A platform that serves so many times its capacity under overload was not overloaded."""
ORDERLY = ("http-429", "http-503")


@dataclass(frozen=True)
class Overloaded:
    """A platform's load beyond its capacity.

    Attributes:
        offered: the load.
        capacity: right answers a second the platform gives at most.
    """

    offered: Offered
    capacity: float


@when("twice its capacity is offered, and then the load is taken away", target_fixture="overloaded")
@when("施加两倍于容量的负载，随后撤除", target_fixture="overloaded")
def overload(sampler: Sampler, loaded: Apart) -> Overloaded:
    """The capacity is what the bench declares, or is searched for; a little of it before tells what is usual."""
    capacity = capacity_of(sampler, loaded)
    sampler.observe("capacity", round(capacity, 1), unit="1/s")
    seconds = table_of(sampler).seconds
    rest = capacity * AT_REST
    before = Stage(BASE, rest, rest, min(BEFORE_S, seconds or BEFORE_S))
    stages = (before, *profile("overload", rate=2 * capacity, base=rest, seconds=seconds))
    return Overloaded(offer(sampler, loaded, plan_of(sampler, loaded, stages)), capacity)


@when("what came of that is the load", target_fixture="offered")
@when("以该负载为准", target_fixture="offered")
def of_overload(overloaded: Overloaded) -> Offered:
    """Lets the sentences about every load speak of this one."""
    return overloaded.offered


@then("whatever cannot be served is refused in order, with the time to come again")
@then("不能受理的请求均有序拒绝，并告知何时重试")
def refused_in_order(sampler: Sampler, offered: Offered) -> None:
    """429 or 503 with Retry-After; whoever is refused otherwise, cut off or never answered was not refused in order."""
    [stage] = [stage for stage in offered.record.stages if stage.name == OVERLOAD]
    for reason, count in disorderly(stage).items():
        sampler.observe("rejections_without_429_or_503_and_retry_after", count, cell={"reason": reason})
    orderly = sum(stage.refused.get(reason, 0) for reason in ORDERLY) - stage.without_retry_after
    sampler.observe("rejections_without_429_or_503_and_retry_after", 0, detail={"orderly": orderly})


def disorderly(stage: StageTotals) -> dict[str, int]:
    """Requests that were neither served nor refused in order, by what happened to them."""
    found = {reason: count for reason, count in {**stage.refused, **stage.errors}.items() if reason not in ORDERLY}
    if stage.without_retry_after:
        found["no-retry-after"] = stage.without_retry_after
    return {reason: count for reason, count in found.items() if count}


@then("each minute tells how much of its capacity was still served")
@then("逐分钟记录有效吞吐占容量的比例")
def goodput(sampler: Sampler, overloaded: Overloaded) -> None:
    """Right answers in time, against what the platform serves at most.

    Raises:
        RigError: it served far more than that, so that it was not overloaded.
    """
    _refuse_too_little(overloaded)
    for number, seconds in enumerate(minutes(overloaded.offered.record.seconds, OVERLOAD), 1):
        served = sum(second.ok for second in seconds) / len(seconds)
        sampler.observe(
            "goodput_share",
            round(share(served, overloaded.capacity), 3),
            unit="%",
            cell={"minute": number},
            detail={"served_per_s": round(served, 1), "offered_per_s": round(2 * overloaded.capacity, 1)},
        )


def _refuse_too_little(overloaded: Overloaded) -> None:
    seconds = [second for second in overloaded.offered.record.seconds if second.stage == OVERLOAD]
    served = sum(second.ok for second in seconds) / max(1, len(seconds))
    if served > UNDERSTATED * overloaded.capacity:
        raise RigError(
            f"the platform served {served:.0f}/s where its capacity was said to be {overloaded.capacity:.0f}/s",
            where="load.capacity",
            remedy="declare what it serves at most, or leave `capacity` out to have it searched for",
        )


@then("no part of the platform has crashed")
@then("平台任何部分均未崩溃")
def crashes(sampler: Sampler, loaded: Apart, offered: Offered) -> None:
    """Its process ended, it no longer answers, or one of its workers counts from nothing."""
    gone = offered.silent or (loaded.host is not None and not loaded.host.running)
    sampler.observe("crashes", int(gone) + _begun_anew(offered.before, offered.after))


def _begun_anew(before: Figures | None, after: Figures | None) -> int:
    return 0 if before is None or after is None else after.begun_anew(before)


@then("the time is taken until it is as fast again as before the overload")
@then("记录撤除后恢复至过载之前所需的时间")
def recovered(sampler: Sampler, offered: Offered) -> None:
    """As after the morning peak."""
    seconds = offered.record.seconds
    observe_recovery(sampler, offered, base_level_ms([second for second in seconds if second.stage == BASE]))
