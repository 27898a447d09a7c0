"""The client's counts against the platform's own: both ends must tell of the same load."""

from __future__ import annotations

from collections import Counter

from pytest_bdd import then

from certification.catalogue import Text
from steps.load.audit_search import ACCEPTED, OPERATIONS
from steps.load.offering import Offered
from steps.platform.apart import Apart
from steps.sampling import Sampler

COMPARED = ("verification", "usage")
"""Registrations also come from getting ready, which the client does not count."""


@then("the platform's own figures tell of the same load")
@then("平台自身的指标与客户端计数一致")
def both_ends_agree(sampler: Sampler, loaded: Apart, offered: Offered) -> None:
    """The platform must count what it acknowledged, and, where nobody else asks it, no more than that and what was lost
    on the way."""
    before, after = offered.before, offered.after
    if before is None or after is None:
        sampler.run.remarks.append(_untold(sampler.requirement.id))
        return
    acknowledged = Counter(one.kind for one in offered.record.acknowledged())
    unanswered = sum(count for stage in offered.record.stages for count in stage.errors.values())
    retried = sum(stage.retried for stage in offered.record.stages)
    for method, kind in OPERATIONS.items():
        if kind in COMPARED and acknowledged[kind]:
            counted = after.since(before, method, ACCEPTED)
            too_few = acknowledged[kind] - counted
            too_many = counted - acknowledged[kind] - unanswered - retried if loaded.host is not None else 0
            sampler.observe(
                "metrics_deviation",
                round(100 * max(0, too_few, too_many) / acknowledged[kind], 4),
                unit="%",
                cell={"kind": kind},
                detail={"client": acknowledged[kind], "platform": counted, "unanswered": unanswered},
            )


def _untold(requirement: str) -> Text:
    return Text(
        zh=f"{requirement}：平台未提供可读的指标（/metrics），两端计数未核对",
        en=f"{requirement}: the platform tells no figures at /metrics, so the counts of both ends were not compared",
    )
