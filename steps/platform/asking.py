"""Asking the platform under test: what it must grant, what it may refuse, and many questions at once."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TypeVar

import pytest
from pytest_bdd import given

from certification.catalogue import Requirement
from fixtures.population import people as population
from fixtures.run import Run
from rigs.drivers.hn_a import HnAPlatform
from rigs.errors import RigError, SubjectFaultError
from rigs.platform_link import CHANNEL
from rigs.roles import ApiAnswer, Platform, PlatformAnswer

Line = TypeVar("Line")
Job = TypeVar("Job")
Result = TypeVar("Result")

LINES = 4
"""Connections at once where a step has many questions and their order does not matter."""
PLACE = {"medstepcode": "010101", "terminalcode": "01", "channelcode": "0100"}
"""Registering at a window."""
FETCHED = 50
"""Dynamic codes fetched in one call."""
ACTIVE = "2"
TOO_FAST, LOCKED_OUT = "112", "113"
CHINA_AHEAD_S = 8 * 3600
PATIENCE_S = 5.0
"""How long a caller who asks too fast goes on asking, s."""


@pytest.fixture
def people(run: Run, requirement: Requirement) -> Iterator[dict[str, str]]:
    """Residents no other row meets."""
    return population(run.seed, int(requirement.id[-3:]))


@given("the platform answers on the bench")
@given("卡管平台已在测试台上应答")
def answers(run: Run) -> None:
    """Ask it who it is."""
    run.bench.identify()


def ask(line: Platform, method: str, content: Mapping[str, object]) -> PlatformAnswer:
    """Ask, and ask again where the platform says that this caller asks too fast.

    Raises:
        RigError: the platform has locked this caller out, so that its answers say nothing more of what is asked.
    """
    return patiently(lambda: line.call(method, content))


def patiently(call: Callable[[], PlatformAnswer]) -> PlatformAnswer:
    """Make a call again where the platform says that this caller asks too fast; raises as ``ask``."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = call()
        if answer.code == LOCKED_OUT:
            raise RigError(
                "has locked the bench out for too many wrong tries",
                where=CHANNEL,
                remedy="let the platform take more of them from the bench's address, or wait until the lock ends",
            )
        if not (answer.code == TOO_FAST or answer.status == HTTPStatus.TOO_MANY_REQUESTS):
            return answer
        if time.monotonic() > deadline:
            return answer
        time.sleep(0.02)


def granted(line: Platform, method: str, content: Mapping[str, object]) -> PlatformAnswer:
    """Ask for what the platform must grant.

    Raises:
        SubjectFaultError: it refuses.
    """
    return must_grant(ask(line, method, content), method)


def must_grant(answer: PlatformAnswer, method: str) -> PlatformAnswer:
    """The answer to what the platform must grant.

    Raises:
        SubjectFaultError: it is a refusal.
    """
    if not answer.accepted:
        said = f"{answer.code or answer.status} {answer.message}"
        raise SubjectFaultError(f"refused {method} ({said})", where=CHANNEL, journal=answer.journal)
    return answer


def register(line: Platform, resident: Mapping[str, str]) -> str:
    """Issue a card to a resident at the window; returns its id."""
    return told(granted(line, "ehc.ehealthcard.register", registration(resident)), "ehealth_card_id")


def registration(resident: Mapping[str, str]) -> dict[str, str]:
    """The fields of an application made now."""
    return {"register_no": f"{time.monotonic_ns()}", "register_time": stamp(), **resident}


def close_card(line: Platform, card_id: str) -> PlatformAnswer:
    """Close a card, as its holder asks."""
    revocation = {"ehealth_card_id": card_id, "revoke_no": card_id[:16], "revoke_time": stamp()}
    return granted(line, "ehc.ehealthcard.close", revocation)


def dynamic_codes(line: Platform, card_id: str, wanted: int) -> list[str]:
    """Fresh dynamic codes of a card."""
    codes: list[str] = []
    while len(codes) < wanted:
        count = min(FETCHED, wanted - len(codes))
        fetched = fetch(line, card_id, count).content.get("ehealth_codes")
        if not isinstance(fetched, list | tuple) or len(fetched) != count:
            raise SubjectFaultError(f"did not give the {count} codes asked for", where=CHANNEL)
        codes.extend(str(code) for code in fetched)
    return codes


def fetch(line: Platform, card_id: str, count: int) -> PlatformAnswer:
    """Ask for dynamic codes; the answer says when they were issued and when they expire."""
    asked = {
        "ehealth_card_id": card_id,
        "ewmbs": "0",
        "count": str(count),
        "generate_no": f"{time.monotonic_ns()}",
        "generate_time": stamp(),
    }
    return granted(line, "ehc.ehealthcode.generate", asked)


def life_of(line: Platform, card_id: str) -> float:
    """How long a dynamic code of a card lives, by the times of issue and expiry in the platform's answer, s.

    Raises:
        SubjectFaultError: the answer does not say.
    """
    answer = fetch(line, card_id, 1)
    try:
        return (int(told(answer, "expires_ms")) - int(told(answer, "issued_ms"))) / 1000
    except ValueError as error:
        raise SubjectFaultError("does not say how long a code lives", where=CHANNEL, journal=answer.journal) from error


def static_code(line: Platform, card_id: str) -> str:
    """The static code of a card."""
    asked = {"ehealth_card_id": card_id, "ewmbs": "1", "generate_no": card_id[:16], "generate_time": stamp()}
    return told(granted(line, "ehc.ehealthcode.generate", asked), "ehealth_code")


def verify(line: Platform, code: str) -> PlatformAnswer:
    """Ask whether a code is good, at the window."""
    return ask(line, "ehc.ehealthcode.verify", {"ehealth_code": code, **PLACE})


def told(answer: PlatformAnswer | ApiAnswer, name: str) -> str:
    """A field an answer must have.

    Raises:
        SubjectFaultError: it has not.
    """
    value = answer.content.get(name) if isinstance(answer.content, Mapping) else None
    if not isinstance(value, str) or not value:
        raise SubjectFaultError(f"answered without {name}", where=CHANNEL, journal=answer.journal)
    return value


def outcome(answer: PlatformAnswer) -> str:
    """What a clause calls an answer."""
    return "accepted" if answer.accepted else "refused"


def china_time(now_ms: int) -> str:
    """A moment, Unix ms, as the gateway's fields write it where it is compared: the time in China."""
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(now_ms / 1000 + CHINA_AHEAD_S))


def stamp() -> str:
    """The time as the gateway's fields write it."""
    return time.strftime("%Y%m%d%H%M%S")


def spread(lines: Sequence[Line], jobs: Iterable[Job], work: Callable[[Line, Job], Result]) -> Iterator[Result]:
    """Results in the order of the jobs, each line doing one at a time in a thread of its own.

    The first error ends it, as does whoever stops listening.
    """
    free: queue.SimpleQueue[Line] = queue.SimpleQueue()
    for line in lines:
        free.put(line)

    def one(job: Job) -> Result:
        line = free.get()
        try:
            return work(line, job)
        finally:
            free.put(line)

    pool = ThreadPoolExecutor(len(lines), thread_name_prefix="line")
    try:
        yield from pool.map(one, jobs)
    finally:
        pool.shutdown(cancel_futures=True)


def cards(lines: Sequence[HnAPlatform], people: Iterator[dict[str, str]], wanted: int) -> list[str]:
    """Cards of so many new residents."""
    return list(spread(lines, [next(people) for _ in range(wanted)], register))
