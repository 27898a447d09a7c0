"""EHC-PRF-005: whether requests left when they were due."""

from __future__ import annotations

from pytest_bdd import then, when

from certification.catalogue import Requirement
from certification.clauses import PercentileClause
from loadtests.record import LATE_MS, LATE_SHARE, SEND_DELAY
from rigs.errors import InvalidLoadError
from steps.load.latencies import RESOLUTION, observe_times
from steps.load.minutes import NEARLY, share
from steps.load.offering import FOLDER, Offered, offer, plan_of, table_of
from steps.load.schedule import stages_of
from steps.platform.apart import Apart
from steps.sampling import Sampler


@when("the declared rate is offered for a minute", target_fixture="offered")
@when("以声明的速率施加一分钟负载", target_fixture="offered")
def offer_a_minute(sampler: Sampler, loaded: Apart) -> Offered:
    """Or the load of bursts, where the bench has chosen that."""
    stages = stages_of(table_of(sampler), sampler.requirement)
    return offer(sampler, loaded, plan_of(sampler, loaded, stages))


@then("the moment every request left is compared with the moment it was due")
@then("将每个请求的实际发送时刻与计划时刻比对")
def compare_with_plan(sampler: Sampler, offered: Offered) -> None:
    """Lateness is the generator's: beyond its limit the load is invalid, and below it nothing fails the platform.

    Raises:
        InvalidLoadError: more left late than may. A load that says so itself has ended its row before this.
    """
    record = offered.record
    delays = {stage.name: record.histogram(stage=stage.name, log=SEND_DELAY) for stage in record.stages}
    sends = [send for histogram in delays.values() for send in histogram]
    sent, late = (sum(times for ms, times in sends if ms * (1 - RESOLUTION) > beyond) for beyond in (-1.0, LATE_MS))
    if late > LATE_SHARE * sent:
        raise InvalidLoadError(
            f"发生器迟发：{sent} 次请求中 {late} 次比计划晚 {LATE_MS:.0f} ms 以上，限值 {LATE_SHARE:.1%}",
            f"the generator was late: {late} of {sent} requests left more than {LATE_MS:.0f} ms after the plan, "
            f"at most {LATE_SHARE:.1%} may",
            where=f"{FOLDER}/{record.folder.name}",
        )
    # Of fewer than registered one alone breaks the clause: it is no more than may be late, and shows nothing.
    if not late or sent > _registered(sampler.requirement):
        for stage, histogram in delays.items():
            observe_times(sampler, "send_delay", histogram, stage)
    if len(record.seconds) >= NEARLY:
        sampler.observe("late_share", round(share(late, sent), 4), unit="%", detail={"sent": sent})


def _registered(requirement: Requirement) -> int:
    """How many sends the row registers."""
    clauses = (clause for clause in requirement.criterion if isinstance(clause, PercentileClause))
    return max((clause.trials for clause in clauses if clause.measure == "send_delay"), default=0)
