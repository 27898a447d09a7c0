"""The client's counts and waits against the platform's own: both ends must tell of the same load."""

from __future__ import annotations

import math
from collections import Counter

from pytest_bdd import then

from certification.catalogue import Text
from loadtests.record import LoadRecord
from rigs.platform_figures import Figures
from steps.load.audit_lines import ACCEPTED
from steps.load.audit_search import OPERATIONS
from steps.load.offering import Offered
from steps.platform.apart import Apart
from steps.sampling import Sampler

COMPARED = ("verification", "usage")
"""Registrations also come from getting ready, which the client does not count."""
TIMED, SHARE = "verification", 0.99
FAR_TIMES, FAR_MS = 1.5, 100.0
"""What a client waits beyond both of these is more than its own end and the network explain: it is said in words."""


@then("the platform's own figures tell of the same load")
@then("平台自身的指标与客户端计数一致")
def both_ends_agree(sampler: Sampler, loaded: Apart, offered: Offered) -> None:
    """The platform must count what it acknowledged, and, where nobody else asks it, no more than that and what was lost
    on the way. How long it says that answers took is compared as well, but judged by nothing: where a request waits
    before the platform has it in hand, only the client sees it."""
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
    _compare_waits(sampler, offered.record, before, after)


def _compare_waits(sampler: Sampler, record: LoadRecord, before: Figures, after: Figures) -> None:
    """On the way of a proxy, and over attempts made again, a client rightly waits for what no platform knows of."""
    method = next(name for name, kind in OPERATIONS.items() if kind == TIMED)
    client_ms = record.percentile(100 * SHARE, kind=TIMED)
    told_s = after.time_since(before, method, SHARE)
    if client_ms is None or told_s is None or record.plan.through is not None:
        return
    # Beyond its last bound the platform tells of any wait whatever.
    platform_ms = client_ms if told_s == math.inf else 1000 * told_s
    sampler.observe(
        "untold_wait",
        round(max(0.0, client_ms - platform_ms), 3),
        unit="ms",
        cell={"kind": TIMED},
        detail={"client_p99_ms": round(client_ms, 3), "platform_p99_ms_at_most": round(platform_ms, 3)},
    )
    if client_ms > FAR_TIMES * platform_ms + FAR_MS:
        sampler.run.remarks.append(_untold_wait(sampler.requirement.id, client_ms, platform_ms))


def _untold(requirement: str) -> Text:
    return Text(
        zh=f"{requirement}：平台未提供可读的指标（/metrics），两端计数未核对",
        en=f"{requirement}: the platform tells no figures at /metrics, so the counts of both ends were not compared",
    )


def _untold_wait(requirement: str, client_ms: float, platform_ms: float) -> Text:
    return Text(
        zh=f"{requirement}：客户端验码 p99 为 {client_ms:.0f} ms，而平台自身指标称不超过 {platform_ms:.0f} ms；"
        "平台的指标未反映这段等待，以客户端所测为准",
        en=f"{requirement}: p99 of a verification was {client_ms:.0f} ms at the client, and at most "
        f"{platform_ms:.0f} ms by the platform's own figures; these do not tell of that wait, and "
        "what the client measured holds",
    )
