"""What must be on the audit after a load: everything that was acknowledged, once. What its answers showed is observed
where it is offered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pytest_bdd import then

from certification.catalogue import Text
from loadtests.record import LoadRecord
from steps.load.answers import examples
from steps.load.audit_search import Comparison, search
from steps.load.offering import Offered
from steps.platform.apart import Apart
from steps.sampling import Sampler

CLOCKS_S = 3.0
"""So far the platform's clock may be behind the generator's. Between two loads of a row there is more time than that:
records of the one before must not stand in for what this one lost."""


@then("nobody is taken for another, no code works twice, and what was acknowledged is on the audit once")
@then("无人被错认，无码被重用，已应答者均在审计中且仅一次")
def integrity(sampler: Sampler, loaded: Apart, offered: Offered) -> None:
    """As it must be after every load."""
    observe_audit(sampler, loaded, offered.record)


def observe_audit(
    sampler: Sampler,
    platform: Apart,
    record: LoadRecord,
    lost_as: str = "lost_uses",
    cell: Mapping[str, str | float] = MappingProxyType({}),
) -> Comparison | None:
    """What the audit shows; None where the bench may not read it, and the row then stays open.

    Args:
        sampler: of the row.
        platform: whose audit it is.
        record: of the load.
        lost_as: the measure under which acknowledged effects without a record are observed.
        cell: what tells these observations from those of another load of the row.

    Raises:
        SubjectFaultError: the audit is not told.
    """
    run, requirement = sampler.run, sampler.requirement.id
    api = platform.api()
    try:
        if not api.reads_audit:
            if (unread := _unread(requirement)) not in run.remarks:
                run.remarks.append(unread)
            return None
        begun_ms = int((record.totals.begun - CLOCKS_S) * 1000)
        found = search(
            record.acknowledged,
            api.audit_lines(max(0, begun_ms)),
            lambda read: run.live(requirement, f"核对审计 {read} 条 · audit, {read} records read"),
        )
    finally:
        api.close()
    told = examples(found.examples)
    for kind, acknowledged in found.acknowledged.items():
        detail = {"acknowledged": acknowledged, "unacknowledged": found.unacknowledged[kind], **told}
        sampler.observe(lost_as, found.lost[kind], cell={**cell, "kind": kind}, detail=detail)
    doubled = found.doubled + record.totals.double_accepted.count
    twice = {**told, **examples(record.totals.double_accepted.examples)}
    sampler.observe("double_effects", doubled, cell=dict(cell), detail=twice)
    return found


def _unread(requirement: str) -> Text:
    return Text(
        zh=f"{requirement}：凭据文件中没有审计令牌（auditor_token），无法核对审计，该项不能判为合格",
        en=f"{requirement}: the credentials hold no auditor_token, so the audit was not compared and the row cannot be "
        "met",
    )
