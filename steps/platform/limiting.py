"""Quotas under ten times their load: where they bite, and what the callers beside notice of it."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from statistics import median, stdev

from pytest_bdd import given, when

from reference_impl.wire.envelope import Credentials
from rigs.errors import RigError, SubjectFaultError
from rigs.flood import Flood, Reply
from rigs.platform_link import CHANNEL, TIMEOUT_S
from steps.platform.apart import Apart, apart
from steps.platform.asking import register
from steps.platform.enrolling import Enrolment, sender
from steps.sampling import Sampler

QUERY = "ehc.ehealthcode.query"
QUOTAS = {"app": 6, "terminal": 4, "address": 8}
"""Requests a second, so low that ten times as many are nothing to the platform or to this machine."""
OVER = 10
BESIDE = 8
SHARE = 0.8
"""Of its quota, what a caller beside asks for."""
ON_S, SETTLED_S = 2.0, 0.4
LEAST_ROUNDS, MOST_ROUNDS = 6, 60
LIMIT = 20.0
DRAWS = 300
ACCEPTED = "000"


@dataclass(frozen=True)
class Limited:
    """A platform with quotas, and who may call it.

    Attributes:
        platform: the platform.
        quotas: requests a second by scope, as it tells them.
        card_id: a card to ask for.
        greedy: applications that ask too much, each with its terminals.
        beside: senders of other applications, each of which stays below its quota.
    """

    platform: Apart
    quotas: dict[str, float]
    card_id: str
    greedy: list[list[Credentials]]
    beside: list[Credentials]


@dataclass
class Measured:
    """What several rounds showed: answers beside without and with the load, and the rates let through."""

    without: list[list[float]] = field(default_factory=list)
    under: list[list[float]] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    def increase(self) -> float:
        """By how much p95 rose, percent."""
        return _increase(self.without, self.under)

    def uncertainty(self, chance: Random) -> float:
        """Twice the standard deviation of the increase, from rounds drawn again and again, percent."""
        rounds = range(len(self.under))
        drawn = [chance.choices(rounds, k=len(self.under)) for _ in range(DRAWS)]
        return 2 * stdev(_increase([self.without[i] for i in d], [self.under[i] for i in d]) for d in drawn)


def _increase(without: Sequence[Sequence[float]], under: Sequence[Sequence[float]]) -> float:
    return (_p95(under) / _p95(without) - 1) * 100


def _p95(rounds: Sequence[Sequence[float]]) -> float:
    values = sorted(itertools.chain.from_iterable(rounds))
    return values[math.ceil(len(values) * 0.95) - 1]


@given("a platform with quotas, and institutions that share it", target_fixture="limited")
@given("一台设有配额、由多家机构共用的卡管平台", target_fixture="limited")
def limited_platform(sampler: Sampler, people: Iterator[dict[str, str]]) -> Iterator[Limited]:
    """The greedy have as many terminals as it takes for no other quota to bite first."""
    options = [part for name, quota in QUOTAS.items() for part in ("--quota", f"{name}={quota}")]
    with apart(sampler.run, *options) as platform:
        api = platform.api()
        try:
            told = api.tell("GET", "/api/v1/limits").content
            quotas = {name: float(told[name]["per_second"]) for name in QUOTAS}
            if not all(quotas.values()):
                raise SubjectFaultError("sets no limit on its callers", where=CHANNEL)
            enrolment = Enrolment(api)
            needed = math.ceil(OVER * quotas["app"] / quotas["terminal"] * 1.5)
            greedy = [_application(enrolment, needed if first == 0 else 3) for first in range(4)]
            beside = [_application(enrolment, 1)[0] for _ in range(BESIDE)]
        finally:
            api.close()
        with platform.lines(1) as [line]:
            card_id = register(line, next(people))
        yield Limited(platform, quotas, card_id, greedy, beside)


def _application(enrolment: Enrolment, terminals: int) -> list[Credentials]:
    access = enrolment.institution("3", "hospital", ["query"])
    senders = [sender(access)]
    for _ in range(terminals - 1):
        term_id = enrolment.terminal(access.org_code, access.app_id)
        enrolment.stand(f"apps/{access.app_id}/terminals/{term_id}", "authorised")
        senders.append(sender(access, term_id=term_id))
    return senders


@when("a terminal, an application and an address each ask for ten times their quota")
@when("一台终端、一个应用、一个地址先后以十倍配额发出请求")
def overload(sampler: Sampler, chance: Random, limited: Limited) -> None:
    """Rounds with and without the load take turns, so that whatever else slows this machine slows both."""
    for scope in ("terminal", "app", "address"):
        first = sampler.run.bench.journal.count + 1
        measured = Measured()
        for done in range(1, MOST_ROUNDS + 1):
            _round(sampler, limited, scope, measured)
            if done < LEAST_ROUNDS:
                continue
            increase, spread = measured.increase(), measured.uncertainty(chance)
            if abs(increase - LIMIT) > spread:
                break
        journal = (first, sampler.run.bench.journal.count)
        quota = limited.quotas[scope]
        let_through = median(measured.rates)
        sampler.observe(
            "limit_deviation",
            round((let_through / quota - 1) * 100, 1),
            unit="%",
            cell={"scope": scope},
            journal=journal,
            detail={"quota": quota, "offered": OVER * quota, "let_through": round(let_through, 2)},
        )
        sampler.observe(
            "other_tenants_p95_increase",
            round(increase, 1),
            unit="%",
            uncertainty=round(spread, 1),
            cell={"scope": scope},
            journal=journal,
            detail={
                "p95_without_ms": round(_p95(measured.without) * 1000, 1),
                "p95_under_ms": round(_p95(measured.under) * 1000, 1),
                "rounds": len(measured.under),
            },
        )


def _round(sampler: Sampler, limited: Limited, scope: str, measured: Measured) -> None:
    measured.without.append(_beside(sampler, limited))
    with ThreadPoolExecutor(1) as pool:
        flood = pool.submit(_flood, sampler, limited, scope)
        measured.under.append(_beside(sampler, limited))
        replies, begun = flood.result()
    if not any(reply.status for reply in replies):
        raise RigError("none of the greedy was answered", where=CHANNEL, remedy="run on a machine with less to do")
    measured.rates.append(_rate(replies, begun))
    sampler.step(3 * LEAST_ROUNDS)


def _rate(replies: Sequence[Reply], begun: float) -> float:
    """Requests a second let through once what may come at once has come."""
    times = [reply.sent_s for reply in replies if reply.code == ACCEPTED and reply.sent_s > begun + SETTLED_S]
    return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0


def _beside(sampler: Sampler, limited: Limited) -> list[float]:
    """Seconds each request of the others took; one that is refused counts as long as one may take at all."""
    each = SHARE * min(limited.quotas.values())
    total = round(each * len(limited.beside) * ON_S)
    senders = itertools.islice(itertools.cycle(limited.beside), total)
    flood = Flood(limited.platform.link, BESIDE, _sources(limited, 70, BESIDE))
    begun = time.monotonic() + 0.05
    replies = flood.send(
        [_request(limited, one) for one in senders],
        sampler.run.bench.journal,
        due=lambda number: begun + number / (each * len(limited.beside)),
    )
    return [reply.seconds if reply.code == ACCEPTED else TIMEOUT_S for reply in replies]


def _flood(sampler: Sampler, limited: Limited, scope: str) -> tuple[list[Reply], float]:
    rate = OVER * limited.quotas[scope]
    first = limited.greedy[0]
    senders = {"terminal": first[:1], "app": first, "address": [one for app in limited.greedy for one in app[:3]]}
    places = 1 if scope == "address" else math.ceil(rate / limited.quotas["address"] * 2)
    asked = itertools.islice(itertools.cycle(senders[scope]), round(rate * ON_S))
    flood = Flood(limited.platform.link, max(8, places), _sources(limited, 80, places))
    bodies = [_request(limited, one) for one in asked]
    begun = time.monotonic() + 0.05
    replies = flood.send(bodies, sampler.run.bench.journal, due=lambda number: begun + number / rate)
    return sorted(replies, key=lambda reply: reply.sent_s), begun


def _sources(limited: Limited, net: int, number: int) -> list[str]:
    return [f"127.{net}.0.{1 + place}" for place in range(number)] if limited.platform.link.loopback else []


def _request(limited: Limited, one: Credentials) -> bytes:
    return limited.platform.sealed(QUERY, {"ehealth_card_id": limited.card_id}, one)
