"""The life of codes: for how long they are good, that they are good once, and what a closed card's codes are."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pytest_bdd import given, then, when

from rigs.drivers.hn_a import HnAPlatform
from rigs.errors import RigError, SubjectFaultError
from rigs.platform_link import CHANNEL
from rigs.roles import PlatformAnswer
from steps.platform.asking import (
    FETCHED,
    LINES,
    cards,
    close_card,
    dynamic_codes,
    life_of,
    outcome,
    register,
    spread,
    static_code,
    verify,
)
from steps.sampling import Sampler

EACH_AGE = 100
CODES_A_CARD = 10
TOLERANCE_S = 0.9
"""A verification that ends so much later than planned is not counted: it says nothing of the age it stands for."""
ATTEMPTS = 20
PAIRS = 1000
REVOKED = 100
POINTS_S = (0.1, 0.5, 1.0, 2.0, 5.0, 7.5, 10.0)


@given("the platform says how long a dynamic code lives", target_fixture="life_s")
@given("平台给出动态码的有效期", target_fixture="life_s")
def code_life(sampler: Sampler, people: Iterator[dict[str, str]]) -> float:
    """Recorded as it is, s."""
    line = sampler.run.bench.platform
    first = sampler.run.bench.journal.count + 1
    life_s = life_of(line, register(line, next(people)))
    sampler.observe("ttl", life_s, unit="s", journal=(first, sampler.run.bench.journal.count))
    return life_s


@when("codes are verified fresh, just before their end, at it, just after it, and a minute after")
@when("分别在刚生成、到期前一秒、到期时、到期后一秒和到期后一分钟验码")
def verify_at_ages(sampler: Sampler, people: Iterator[dict[str, str]], life_s: float) -> None:
    """Again and again from new codes, until each age has its sample; the exact end is reported and not judged."""
    past_ttl = (-life_s, -1.0, 0.0, 1.0, 60.0)
    wanted = dict.fromkeys(past_ttl, EACH_AGE)
    with sampler.run.bench.callers(LINES) as lines:
        held = cards(lines, people, EACH_AGE // CODES_A_CARD)
        for _ in range(ATTEMPTS):
            _verify_once_at_ages(sampler, lines, held, life_s, wanted)
            if not any(wanted.values()) or sampler.failed():
                return


def _verify_once_at_ages(
    sampler: Sampler, lines: list[HnAPlatform], held: list[str], life_s: float, wanted: dict[float, int]
) -> None:
    clock = sampler.run.bench.clock
    begun_ms = clock.now_ms()
    each = {past: -(-count // len(held)) for past, count in wanted.items() if count}
    fetched = list(spread(lines, held, lambda line, card_id: dynamic_codes(line, card_id, sum(each.values()))))
    issued_ms = clock.now_ms()
    for past, count in each.items():
        codes = [code for of_card in fetched for code in of_card[:count]]
        fetched = [of_card[count:] for of_card in fetched]
        # Before its end, a code's age is counted from the first moment it may be issued; after it, from the last.
        start_ms = (begun_ms if past < 0 else issued_ms) + (life_s + past) * 1000
        if (ahead_s := (start_ms - clock.now_ms()) / 1000) > 0:
            clock.pass_seconds(ahead_s)

        def at_age(line: HnAPlatform, code: str) -> tuple[float, PlatformAnswer]:
            answer = verify(line, code)
            return clock.now_ms(), answer

        for answered_ms, answer in spread(lines, codes[: wanted[past]], at_age):
            if past < 0 and answered_ms - start_ms > TOLERANCE_S * 1000:
                continue
            sampler.observe(
                "dynamic_code",
                outcome(answer),
                unit="s",
                cell={"past_ttl": past},
                journal=answer.journal,
                detail={"answer": answer.code},
            )
            wanted[past] -= 1
            sampler.step(EACH_AGE * len(wanted))


@when("each of many dynamic codes is verified at two terminals at the same moment")
@when("同一动态码同时在两台终端上验码，逐码进行")
def verify_in_pairs(sampler: Sampler, people: Iterator[dict[str, str]]) -> None:
    """Two threads meet before every code, so that both questions are on their way at once."""
    bench = sampler.run.bench
    if len(bench.credentials.terminals) < 2:
        raise RigError(
            "the credentials name one terminal only", where=CHANNEL, remedy="add `terminals` to the credentials file"
        )
    senders = [bench.credentials.at(terminal) for terminal in bench.credentials.terminals[:2]]
    with bench.lines(senders) as pair, ThreadPoolExecutor(2) as pool:
        for _ in range(PAIRS // FETCHED):
            codes = dynamic_codes(bench.platform, register(bench.platform, next(people)), FETCHED)
            meeting = threading.Barrier(2, timeout=60)

            def ask_all(
                line: HnAPlatform, codes: list[str] = codes, meeting: threading.Barrier = meeting
            ) -> list[PlatformAnswer]:
                answers = []
                try:
                    for code in codes:
                        meeting.wait()
                        answers.append(verify(line, code))
                except BaseException:
                    meeting.abort()
                    raise
                return answers

            asked = [pool.submit(ask_all, line) for line in pair]
            for both in zip(*_results(asked), strict=True):
                _observe_pair(sampler, both)
            if sampler.failed():
                return


def _results(asked: list) -> list[list[PlatformAnswer]]:  # type: ignore[type-arg]
    errors = [error for future in asked if (error := future.exception()) is not None]
    for error in errors:
        if not isinstance(error, threading.BrokenBarrierError):
            raise error
    return [future.result() for future in asked]


def _observe_pair(sampler: Sampler, both: tuple[PlatformAnswer, ...]) -> None:
    accepted = sum(answer.accepted for answer in both)
    records = [record for answer in both for record in answer.journal]
    sampler.observe(
        "replay_pair",
        ("none_accepted", "one_accepted", "both_accepted")[accepted],
        journal=(min(records), max(records)),
        detail={"answer": " / ".join(answer.code for answer in both)},
    )
    sampler.step(PAIRS)


@dataclass(frozen=True)
class Revoked:
    """A card that was used, then closed.

    Attributes:
        code: a dynamic code of it, never shown.
        static: its static code.
        answers: what its codes were answered at each of ``POINTS_S`` after the closing was confirmed.
    """

    code: str
    static: str
    answers: list[PlatformAnswer]


@when("cards in use are closed, and their codes shown again for ten seconds", target_fixture="revoked")
@when("注销使用中的卡，此后十秒内反复出示其二维码", target_fixture="revoked")
def revoke(sampler: Sampler, people: Iterator[dict[str, str]]) -> list[Revoked]:
    """All at the same time, a line for each card."""
    closed = []
    with sampler.run.bench.callers(REVOKED) as lines:
        for card in spread(lines, [next(people) for _ in range(REVOKED)], _use_and_close):
            for point_s, answer in zip(POINTS_S, card.answers, strict=True):
                sampler.observe(
                    "revoked_card",
                    outcome(answer),
                    unit="s",
                    cell={"since_revocation": point_s},
                    journal=answer.journal,
                    detail={"answer": answer.code},
                )
            closed.append(card)
            sampler.step(REVOKED)
    return closed


def _use_and_close(line: HnAPlatform, resident: dict[str, str]) -> Revoked:
    """Verified once before it is closed, so that whatever keeps cards in memory has this one there."""
    card_id = register(line, resident)
    static, codes = static_code(line, card_id), dynamic_codes(line, card_id, len(POINTS_S) + 2)
    for good in (static, codes.pop()):
        _must_accept(line, good, "a good code")
    close_card(line, card_id)
    closed_s = time.monotonic()
    answers = []
    for place, point_s in enumerate(POINTS_S):
        time.sleep(max(0.0, closed_s + point_s - time.monotonic()))
        answers.append(verify(line, static if place % 2 else codes[place]))
    return Revoked(codes[-1], static, answers)


@then("none of them is accepted after the platform was started again")
@then("平台重启后，这些卡的二维码均不被接受")
def after_restart(sampler: Sampler, people: Iterator[dict[str, str]], revoked: list[Revoked]) -> None:
    """The platform is killed, not asked to end; a card that was not closed goes on working."""
    bench = sampler.run.bench
    standing = dynamic_codes(bench.platform, register(bench.platform, next(people)), 1)[0]
    bench.host.kill()
    bench.host.start()
    with bench.callers(LINES) as lines:
        for answer in spread(lines, [code for card in revoked for code in (card.static, card.code)], verify):
            sampler.observe(
                "revoked_card_after_restart", outcome(answer), journal=answer.journal, detail={"answer": answer.code}
            )
        _must_accept(lines[0], standing, "a good code after its restart")


def _must_accept(line: HnAPlatform, code: str, what: str) -> None:
    answer = verify(line, code)
    if not answer.accepted:
        raise SubjectFaultError(f"refused {what} ({answer.code})", where=CHANNEL, journal=answer.journal)
