"""EHC-PRF-005: whether requests left when they were due."""

from __future__ import annotations

from pytest_bdd import then, when

from loadtests.record import SEND_DELAY
from steps.load.latencies import observe_times
from steps.load.minutes import minutes
from steps.load.offering import Offered, offer, plan_of, table_of
from steps.load.schedule import stages_of
from steps.platform.apart import Apart
from steps.sampling import Sampler

WHOLE_S = 50
"""Seconds of a stage from which a minute's share is told: between bursts no more of them are alike."""


@when("the declared rate is offered for a minute", target_fixture="offered")
@when("以声明的速率施加一分钟负载", target_fixture="offered")
def offer_a_minute(sampler: Sampler, loaded: Apart) -> Offered:
    """Or the load of bursts, where the bench has chosen that."""
    stages = stages_of(table_of(sampler), sampler.requirement)
    return offer(sampler, loaded, plan_of(sampler, loaded, stages))


@then("the moment every request left is compared with the moment it was due")
@then("将每个请求的实际发送时刻与计划时刻比对")
def compare_with_plan(sampler: Sampler, offered: Offered) -> None:
    """A load that was late has ended its row before this, for then nothing follows from it."""
    record = offered.record
    for stage in record.stages:
        observe_times(sampler, "send_delay", record.histogram(stage=stage.name, log=SEND_DELAY), stage.name)
        for seconds in minutes(record.seconds, stage.name):
            sent, late = sum(second.sent for second in seconds), sum(second.late for second in seconds)
            if len(seconds) >= WHOLE_S and sent:
                sampler.observe("late_share", round(100 * late / sent, 4), unit="%", detail={"sent": sent})
