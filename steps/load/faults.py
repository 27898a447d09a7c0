"""EHC-PRF-006: a load on a way that loses one answer in twenty, and on a platform that loses its power."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from pytest_bdd import then, when

from certification.catalogue import Text
from certification.observations import Cell
from loadtests.record import SEND_DELAY, LoadRecord
from rigs.drivers.fault_proxy import fault_proxy
from rigs.fault_proxy.faults import Faults
from steps.load.answers import observe_answers
from steps.load.bad_way import observe_way
from steps.load.effects import effects
from steps.load.integrity import observe_audit
from steps.load.minutes import share, whole_minutes
from steps.load.offering import Offered, next_folder, offer, plan_of, refuse_invalid, table_of
from steps.load.outages import Outages, cut_moments
from steps.load.schedule import stages_of
from steps.platform.apart import Apart
from steps.sampling import Sampler

HOLD = "hold"
ATTEMPTS = 4
BAD_WAY = Faults(latency_ms=50, jitter_ms=20, reset=0.05)
CUT_LOAD_S = 60.0
CUT_WAY = Faults(reset=0.05)
"""Without delay: an answer on its way would be lost with the platform, and nobody would miss what it acknowledged."""
CUT_ATTEMPTS, CUT_TIMEOUT_S = 6, 15.0
"""Enough for those who lost their answer by a power cut to come back when there is somebody to ask."""


@when(
    "one request in twenty is reset and everything delayed on the way, and the load is offered",
    target_fixture="offered",
)
@when("在每二十个请求复位一个、往返均有时延的线路上施加负载", target_fixture="offered")
def offer_through_faults(sampler: Sampler, loaded: Apart) -> Offered:
    """The proxy stands between users and platform; what else asks the platform goes past it."""
    faults = replace(BAD_WAY, seed=sampler.run.seed)
    stages = stages_of(table_of(sampler), sampler.requirement)
    with fault_proxy(loaded.link.host_and_port, faults, sampler.run.bench.journal) as proxy:
        plan = plan_of(sampler, loaded, stages, through=proxy.address, attempts=ATTEMPTS)
        offered = offer(sampler, loaded, plan)
        did = proxy.counts()
    observe_way(sampler, faults, did, offered.record)
    return offered


@then("each minute tells how many were served in the end")
@then("逐分钟记录重试之后办成的比例")
def served_in_the_end(sampler: Sampler, offered: Offered) -> None:
    """A request that was spoilt on the way and made again counts by what came of it in the end."""
    for number, minute in enumerate(whole_minutes(offered.record, HOLD), 1):
        sampler.observe(
            "success_share",
            round(share(minute.offered - minute.wrong, minute.offered), 4),
            unit="%",
            cell={"minute": number},
            detail={"offered": minute.offered, "not_served": minute.wrong},
        )


@then("no report is counted twice and nobody has two cards")
@then("同一上报未计两次，同一人未得两卡")
def no_effect_twice(sampler: Sampler, loaded: Apart, offered: Offered) -> None:
    """Told by the platform's audit since the load began."""
    _observe_effects(sampler, loaded, offered.record, {})


def _observe_effects(sampler: Sampler, platform: Apart, record: LoadRecord, cell: Cell) -> None:
    api = platform.api()
    try:
        if not api.reads_audit:
            return
        found = effects(api.audit_lines(int(record.totals.begun * 1000)))
    finally:
        api.close()
    persons = sum(count for _, count in record.histogram("registration", log=SEND_DELAY))
    # On a platform that others use too, cards are made that this load did not ask for.
    too_many = max(0, found.cards - persons) if platform.host is not None else 0
    sampler.observe(
        "double_effects", found.reports_again, cell={**cell, "kind": "usage"}, detail={"reports": found.reports}
    )
    sampler.observe(
        "double_effects",
        found.cards_again + too_many,
        cell={**cell, "kind": "registration"},
        detail={"cards": found.cards, "persons": persons},
    )


@then("what was acknowledged is on the audit once when the power is cut in mid-load again and again")
@then("负载之中数次断电重启之后，已应答者仍均在审计中且仅一次")
def cut_in_mid_load(sampler: Sampler, chance: Random, loaded: Apart) -> None:
    """On a way that still loses answers, so that requests are made again at a platform that was started again."""
    run = sampler.run
    if loaded.host is None:
        run.remarks.append(_not_cut(sampler.requirement.id))
        return
    seconds = min(CUT_LOAD_S, table_of(sampler).seconds or CUT_LOAD_S)
    [stage] = stages_of(table_of(sampler), sampler.requirement)
    stages = (replace(stage, seconds=seconds),)
    moments = cut_moments(seconds, chance)
    outages, drawn = Outages(loaded.host, moments, chance, seconds), len(moments)
    way = replace(CUT_WAY, seed=run.seed)
    with fault_proxy(loaded.link.host_and_port, way, run.bench.journal) as proxy:
        plan = plan_of(
            sampler,
            loaded,
            stages,
            through=proxy.address,
            attempts=CUT_ATTEMPTS,
            timeout_s=CUT_TIMEOUT_S,
        )
        record = run.bench.load.run(plan, next_folder(sampler), outages.watch)
        did = proxy.counts()
    refuse_invalid(record)
    cell: Cell = {"kill": "yes"}
    observe_way(sampler, way, did, record, cell)
    observe_answers(sampler, record, cell)
    starts_s = outages.starts_within(record.totals.begun, record.totals.seconds)
    sampler.observe(
        "power_cuts", len(starts_s), cell=cell, detail={"longest_start_s": round(max(starts_s), 2), "drawn": drawn}
    )
    observe_audit(sampler, loaded, record, cell=cell)
    _observe_effects(sampler, loaded, record, cell)


def _not_cut(requirement: str) -> Text:
    return Text(
        zh=f"{requirement}：卡管平台不由测试台启动，未在负载中断电重启",
        en=f"{requirement}: the bench does not run the platform, so its power was not cut in mid-load",
    )
