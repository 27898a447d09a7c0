"""Whether verification slows down with the number of cards: two platforms, few cards and many, loaded in turns."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from pytest_bdd import given, then, when

from loadtests.plan import LoadPlan, Stage
from loadtests.record import LoadRecord
from rigs.errors import BenchFileError, InvalidLoadError, NotAssessedError, SubjectFaultError
from rigs.platform_figures import read_figures
from steps.load.growing import Histogram, Rounds, percentile
from steps.load.integrity import observe_audit
from steps.load.offering import Offered, offer, plan_of, table_of
from steps.load.schedule import stages_of
from steps.platform.apart import UNLIMITED, Apart
from steps.sampling import Sampler

LIMIT = 20.0
LEAST_ROUNDS, TIMES = 6, 3
MOST_ROUNDS = LEAST_ROUNDS * TIMES
"""Rounds go on while they do not decide, to so many times the load that is registered."""
SHORTEST_S = 2.0
"""Of a round: with less than that, what ends with it weighs more than what it holds."""
FEWEST_ROUNDS = 3
"""In a load so short that not even rounds of ``SHORTEST_S`` fill it."""
AGAIN = 3
"""So often a round is offered again. It is so short that two late requests of the generator's can spoil it."""
WARM_S = 10.0
FRESH: Mapping[str, float] = {"verification": 1.0}
"""Static codes alone: to fetch a code of a card is to have the platform look it up before its verification is timed."""
WARM: Mapping[str, float] = {"verification": 0.6, "generation": 0.4}
WARM_REUSE = 0.2
"""A static code may be shown again, so that reuse is tried before the rounds, as often as in minutes of another row."""
IDLE, SETTLE_MOST_S = 0.1, 180
"""A platform that takes less than this share of a core has read in what it wants to have at hand."""


@dataclass(frozen=True)
class Base:
    """A platform, how many cards it holds, and a list of some of them, spread over all."""

    cards: int
    platform: Apart
    listed: Path


@dataclass(frozen=True)
class Timed:
    """What the rounds showed, the load they share out, and every load that counts, those that warmed among them."""

    stage: Stage
    few: Base
    many: Base
    rounds: Rounds
    loads: list[tuple[Base, Offered]]


@given("two platforms of this kind, one with few cards and one with many", target_fixture="bases")
@given("两台同样的卡管平台，一台卡量小，一台卡量大", target_fixture="bases")
def bases(sampler: Sampler) -> Iterator[tuple[Base, Base]]:
    """Both are there at once, so that loads can take turns; the one that waits takes nothing of the machine."""
    bench, table = sampler.run.bench, table_of(sampler)
    if bench.file.platform.reference is None:
        raise NotAssessedError(
            zh="需要同一平台的两个卡量不同的卡库，测试台无法为按 URL 接入的平台制备；本条只判定由测试台启动的平台",
            en="this needs two bases of one platform that differ in size, which the bench cannot make on a platform at "
            "a URL; only a platform that the bench starts is assessed by this row",
        )
    if table.cards_small >= table.cards_large:
        raise BenchFileError(
            "the larger base is not larger", where="load.cards_large", remedy="name more cards than in cards_small"
        )
    with ExitStack() as stack:
        made = []
        for cards in (table.cards_small, table.cards_large):
            host = stack.enter_context(bench.host.another(*UNLIMITED, cards=cards, keep=table.keep))
            made.append(Base(cards, Apart(host.link, host.credentials, bench.journal, host), host.card_list))
        yield made[0], made[1]


@when("verification at both is timed in turns", target_fixture="timed")
@when("轮流测量两台平台的验码时延", target_fixture="timed")
def time_both(sampler: Sampler, chance: Random, bases: tuple[Base, Base]) -> Timed:
    """Rounds take turns, and turns about who is first, so that whatever else slows this machine slows both."""
    [stage] = stages_of(table_of(sampler), sampler.requirement)
    least = max(FEWEST_ROUNDS, min(LEAST_ROUNDS, int(stage.seconds / SHORTEST_S)))
    length_s = stage.seconds / least
    few, many = bases
    timed = Timed(stage, few, many, Rounds(), [])
    for base in bases:
        timed.loads.append((base, _warm(sampler, base, stage)))
    for number in range(least * TIMES):
        for base in bases if number % 2 == 0 else reversed(bases):
            offered = _as_planned(sampler, base, _plan(sampler, base, stage, length_s, number + 1))
            timed.loads.append((base, offered))
            (timed.rounds.few if base is few else timed.rounds.many).append(_latencies(offered.record))
        sampler.step(least)
        if number + 1 >= least and abs(timed.rounds.growth() - LIMIT) > timed.rounds.uncertainty(chance):
            break
    return timed


@then("the growth of the 95th percentile is known")
@then("得出验码 p95 的增长")
def observe_growth(sampler: Sampler, chance: Random, timed: Timed) -> None:
    """What a shorter or lower load or smaller bases show stands in the same measure, in a cell of their own."""
    rounds, few, many = timed.rounds, timed.few, timed.many
    for base, histograms in ((few, rounds.few), (many, rounds.many)):
        answers = sum(count for one in histograms for _, count in one)
        sampler.observe(
            "verification_p95",
            round(percentile(histograms), 3),
            unit="ms",
            cell={"cards": base.cards},
            detail={"p50_ms": round(percentile(histograms, 0.5), 3), "verifications": answers},
        )
    sampler.observe(
        "verification_p95_growth",
        round(rounds.growth(), 1),
        unit="%",
        uncertainty=round(rounds.uncertainty(chance), 1),
        cell={"from": few.cards, "to": many.cards, "seconds": timed.stage.seconds, "rate": timed.stage.rate},
        detail={"rounds": len(rounds.few)},
    )


@then("at neither is anyone taken for another, does a code work twice, or is anything acknowledged lost")
@then("两台平台均无人被错认，无码被重用，已应答者均在审计中且仅一次")
def integrity_of_both(sampler: Sampler, timed: Timed) -> None:
    """As after every load."""
    for base, offered in timed.loads:
        observe_audit(sampler, base.platform, offered.record)


def _plan(sampler: Sampler, base: Base, stage: Stage, seconds: float, number: int, **others: Any) -> LoadPlan:
    fields: Mapping[str, Any] = {"mix": FRESH, "reuse_share": 0.0, **others}
    return plan_of(
        sampler,
        base.platform,
        (Stage(stage.name, stage.rate, stage.rate_to, seconds, stage.arrivals),),
        population=cards_of_round(base.listed, number),
        # Both bases of a round meet the same arrivals; no two rounds do.
        seed=sampler.run.seed * MOST_ROUNDS + number,
        **fields,
    )


def cards_of_round(listed: Path, number: int) -> Path:
    """Write beside a list of cards the part of it that no other round asks for, spread over the whole base as well."""
    own = listed.with_name(f"round-{number}-{listed.name}")
    own.write_text("".join(listed.read_text().splitlines(keepends=True)[number :: MOST_ROUNDS + 1]))
    return own


def _warm(sampler: Sampler, base: Base, stage: Stage) -> Offered:
    """Let the platform read in what it wants to have at hand, then ask for dynamic codes too, and for other cards than
    any round; nothing of this is timed."""
    api = base.platform.api()
    try:
        for _ in range(SETTLE_MOST_S):
            before = read_figures(api)
            time.sleep(1)
            after = read_figures(api)
            if before is None or after is None or after.cpu_s - before.cpu_s < IDLE:
                break
    finally:
        api.close()
    seconds = min(WARM_S, stage.seconds / FEWEST_ROUNDS)
    plan = _plan(sampler, base, stage, seconds, 0, mix=WARM, reuse_share=WARM_REUSE)
    return _as_planned(sampler, base, plan)


def _as_planned(sampler: Sampler, base: Base, plan: LoadPlan) -> Offered:
    """A round that was what its plan says; one that was not is offered again, whatever it showed of the platform.

    Raises:
        InvalidLoadError: it was not again and again.
    """
    for _ in range(AGAIN):
        try:
            return offer(sampler, base.platform, plan)
        except InvalidLoadError as error:
            sampler.run.live(sampler.requirement.id, f"再施加一次：{error.zh} · once more: {error.what}")
    return offer(sampler, base.platform, plan)


def _latencies(record: LoadRecord) -> Histogram:
    """Of verifications; what was refused or failed counts as long as an answer may take at all.

    Raises:
        SubjectFaultError: nothing was verified.
    """
    found = record.histogram("verification")
    if not found:
        raise SubjectFaultError("verified nothing under load", where="load")
    limit_ms = record.plan.timeout_s * 1000
    lost = sum(sum(stage.refused.values()) + sum(stage.errors.values()) for stage in record.stages)
    return [*found, (limit_ms, lost)] if lost else found
