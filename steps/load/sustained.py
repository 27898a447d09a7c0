"""EHC-PRF-001: the declared rate, held for half an hour or longer."""

from __future__ import annotations

from pytest_bdd import then, when

from steps.load.latencies import observe_times
from steps.load.minutes import share, whole_minutes
from steps.load.offering import Offered, offer, plan_of, table_of
from steps.load.schedule import stages_of
from steps.platform.apart import Apart
from steps.sampling import Sampler

HOLD = "hold"


@when("the declared rate is offered and held", target_fixture="offered")
@when("以声明的速率持续施加负载", target_fixture="offered")
def hold(sampler: Sampler, loaded: Apart) -> Offered:
    """Requests leave when the plan says, not when the last answer came."""
    stages = stages_of(table_of(sampler), sampler.requirement)
    return offer(sampler, loaded, plan_of(sampler, loaded, stages))


@then("every verification is timed from the moment it was due")
@then("每次验码自应发出之时起计时")
def time_verifications(sampler: Sampler, offered: Offered) -> None:
    """So that a platform that stands still cannot hide it by keeping callers from asking."""
    observe_times(sampler, "verification_time", offered.record.histogram("verification", HOLD), HOLD)


@then("each minute tells how much of what was asked was answered rightly")
@then("逐分钟记录所问之中答对的比例")
def minute_by_minute(sampler: Sampler, offered: Offered) -> None:
    """A request that is refused is one that was not answered as expected, here where nothing is too much."""
    for number, minute in enumerate(whole_minutes(offered.record, HOLD), 1):
        asked, wrong = minute.offered, minute.wrong
        cell: dict[str, str | float] = {"minute": number}
        sampler.observe(
            "achieved_share", round(share(minute.ok, asked), 4), unit="%", cell=cell, detail={"offered": asked}
        )
        sampler.observe(
            "error_share", round(100 - share(asked - wrong, asked), 4), unit="%", cell=cell, detail={"wrong": wrong}
        )
