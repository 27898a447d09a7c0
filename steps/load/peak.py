"""EHC-PRF-002: the load of a morning, five times the base within a minute."""

from __future__ import annotations

from pytest_bdd import then, when

from certification.catalogue import Requirement
from certification.clauses import LimitClause
from steps.load.integrity import observe_audit
from steps.load.latencies import observe_times
from steps.load.minutes import share, whole_minutes
from steps.load.offering import Offered, offer, plan_of, table_of
from steps.load.recovering import base_level_ms, recovery_s
from steps.load.schedule import stages_of
from steps.platform.apart import Apart
from steps.sampling import Sampler

BASE, HOLD, AFTER = "base", "hold", "after"


@when("the load rises to five times the base, is held, and falls again", target_fixture="offered")
@when("负载升至基线的五倍，保持后回落", target_fixture="offered")
def morning(sampler: Sampler, loaded: Apart) -> Offered:
    """Before and after, the base load tells what is usual."""
    stages = stages_of(table_of(sampler), sampler.requirement)
    return offer(sampler, loaded, plan_of(sampler, loaded, stages))


@then("verifications at the peak are timed and counted")
@then("记录高峰时段的验码时延与逐分钟答对比例")
def time_the_peak(sampler: Sampler, offered: Offered) -> None:
    """Who is not served at all has no latency, and is missing from the share of those who are."""
    observe_times(sampler, "verification_time", offered.record.histogram("verification", HOLD), HOLD)
    for number, minute in enumerate(whole_minutes(offered.record, HOLD), 1):
        served = round(share(minute.ok, minute.offered), 4)
        sampler.observe("achieved_share", served, unit="%", cell={"minute": number})


@then("nobody is taken for another, no code works twice, and no audit record is lost at the peak")
@then("高峰时段无人被错认，无码被重用，审计记录无一丢失")
def integrity_of_the_peak(sampler: Sampler, loaded: Apart, offered: Offered) -> None:
    """What was acknowledged is on the audit once: a lost use and a lost record are the same thing to see."""
    observe_audit(sampler, loaded, offered.record, lost_as="lost_audit_records")


@then("the time is taken until the platform is as fast again as before")
@then("记录回落后恢复至基线所需的时间")
def time_to_recover(sampler: Sampler, offered: Offered) -> None:
    """Counted from the end of the hold; see ``recovering`` for what counts as recovered."""
    seconds = offered.record.seconds
    base_ms = base_level_ms([second for second in seconds if second.stage == BASE])
    observe_recovery(sampler, offered, base_ms)


def observe_recovery(sampler: Sampler, offered: Offered, base_ms: float | None) -> None:
    """Record how long recovering took.

    What was not seen to recover counts as long as it was watched, if that is longer than it may take at all; a load
    that was cut shorter than that shows nothing.
    """
    after = [second for second in offered.record.seconds if second.stage == AFTER]
    if base_ms is None or not after:
        return
    took_s = recovery_s(after, base_ms)
    watched = float(len(after))
    if took_s is None and watched <= _longest_s(sampler.requirement):
        return
    sampler.observe(
        "recovery_time",
        watched if took_s is None else took_s,
        unit="s",
        detail={"base_p95_ms": round(base_ms, 2), "watched_s": watched, "recovered": "no" if took_s is None else "yes"},
    )


def _longest_s(requirement: Requirement) -> float:
    """How long recovering may take at most, s."""
    limits = (clause for clause in requirement.criterion if isinstance(clause, LimitClause))
    return max((clause.at_most or 0.0 for clause in limits if clause.measure == "recovery_time"), default=0.0)
