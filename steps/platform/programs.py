"""Random programs against a model of the card, while the clock is turned, keys change and the platform is killed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random

from pytest_bdd import given, when

from fixtures.card_model import ACTIVE, CardModel, Code, program
from fixtures.population import people as population
from rigs.drivers.hn_a import HnAPlatform
from rigs.drivers.platform_api import PlatformApi, TurnedClock
from rigs.errors import RigError
from rigs.platform_link import CHANNEL
from steps.platform.apart import UNLIMITED, Apart, apart
from steps.platform.asking import ask, dynamic_codes, life_of, register, stamp, verify
from steps.sampling import Sampler

PROGRAMS, LENGTH = 10_000, 50
BETWEEN_FAULTS = 100
PLANTED = "resurrects-closed-card"
SEARCHED = 200
BLOCK = 16
_TIMES = {
    "lost": "lost_time",
    "found": "found_time",
    "freeze": "freeze_time",
    "unfreeze": "unfreeze_time",
    "close": "revoke_time",
}


class Programs:
    """Runs numbered programs on one platform, each on a card of its own.

    Args:
        platform: the platform.
        seed: source of every program.
        block: of the residents its programs use.
    """

    def __init__(self, platform: Apart, line: HnAPlatform, api: PlatformApi, seed: int, block: int) -> None:
        self._platform = platform
        self._line = line
        self._seed = seed
        self._people = population(seed, block)
        self._clock = TurnedClock(platform.link, api)
        self._clock.read()
        self._life_ms = life_of(line, register(line, next(self._people))) * 1000

    def broken_at(self, number: int) -> str:
        """Run one program; returns the step that broke an invariant, "" if none did."""
        card_id = register(self._line, next(self._people))
        model = CardModel(self._life_ms)
        for place, step in enumerate(program(self._seed, number, LENGTH), 1):
            if not self._do(card_id, model, step.operation, step.choice, step.wait_s):
                return f"{place}: {step.operation}"
        return ""

    def _do(self, card_id: str, model: CardModel, operation: str, choice: int, wait_s: float) -> bool:
        match operation:
            case "wait":
                self._clock.pass_seconds(wait_s)
                return True
            case "query":
                answer = ask(self._line, "ehc.ehealthcode.query", {"ehealth_card_id": card_id})
                return answer.accepted and answer.content.get("card_state") == model.state
            case "generate":
                return self._generate(card_id, model)
            case "verify" | "verify again":
                return self._verify(model, again=operation != "verify", choice=choice)
            case _:
                asked = {"ehealth_card_id": card_id, _TIMES[operation]: stamp()}
                if operation == "close":
                    asked["revoke_no"] = card_id[:16]
                return ask(self._line, f"ehc.ehealthcard.{operation}", asked).accepted == model.change(operation)

    def _generate(self, card_id: str, model: CardModel) -> bool:
        before_ms = self._platform.link.now_ms()
        if model.state == ACTIVE:
            [text] = dynamic_codes(self._line, card_id, 1)
            model.fresh.append(Code(text, before_ms, self._platform.link.now_ms()))
            return True
        asked = {"ehealth_card_id": card_id, "ewmbs": "0", "generate_no": "1", "generate_time": stamp()}
        return not ask(self._line, "ehc.ehealthcode.generate", asked).accepted

    def _verify(self, model: CardModel, *, again: bool, choice: int) -> bool:
        codes = model.shown if again else model.fresh
        if not codes:
            return True
        code = codes[choice % len(codes)]
        before_ms = self._platform.link.now_ms()
        answer = verify(self._line, code.text)
        expected = model.expects(code, before_ms, self._platform.link.now_ms())
        if answer.accepted:
            code.good = False
            if not again:
                model.fresh.remove(code)
                model.shown.append(code)
        return expected is None or answer.accepted == expected


@given("a planted defect is found by a program, and found again from its seed")
@given("预置缺陷由某个程序发现，并可由其种子再次发现")
def replayed(sampler: Sampler) -> None:
    """On platforms of their own, so that nothing but the seed is the same."""
    if sampler.run.bench.file.platform.reference is None:
        raise RigError(
            "no defect can be planted in this platform", where=CHANNEL, remedy="use a platform that the bench starts"
        )
    number, first = _search(sampler, range(SEARCHED))
    _, second = _search(sampler, [number])
    sampler.observe(
        "failure_replay",
        "replayed" if first and first == second else "not_replayed" if first else "not_found",
        detail={"defect": PLANTED, "seed": sampler.run.seed, "program": number, "step": first},
    )


def _search(sampler: Sampler, numbers: Sequence[int]) -> tuple[int, str]:
    with apart(sampler.run, *UNLIMITED, defect=PLANTED) as platform, _running(sampler, platform) as programs:
        for number in numbers:
            if step := programs.broken_at(number):
                return number, step
    return -1, ""


@contextmanager
def _running(sampler: Sampler, platform: Apart) -> Iterator[Programs]:
    with platform.lines(1, digests_only=True) as [line]:
        api = platform.api()
        try:
            yield Programs(platform, line, api, sampler.run.seed, BLOCK)
        finally:
            api.close()


@when("random programs are run while its clock is turned, its keys change and it is killed")
@when("在调快时钟、轮换密钥和断电的同时，执行随机程序")
def run_programs(sampler: Sampler, chance: Random) -> None:
    """Ended by the first program that fails: its number and the run's seed bring it back."""
    with apart(sampler.run, *UNLIMITED) as platform, _running(sampler, platform) as programs:
        for number in range(PROGRAMS):
            step = programs.broken_at(number)
            sampler.observe(
                "program",
                "invariant_broken" if step else "invariants_held",
                detail={"seed": sampler.run.seed, "program": number, "step": step} if step else {},
            )
            sampler.observe("program_planned_steps", LENGTH)
            sampler.step(PROGRAMS)
            if step and sampler.failed():
                return
            if number % BETWEEN_FAULTS == BETWEEN_FAULTS - 1:
                _fault(platform, chance)


def _fault(platform: Apart, chance: Random) -> None:
    if platform.host is not None and chance.random() < 0.5:
        platform.host.kill()
        platform.host.start()
        return
    api = platform.api()
    try:
        api.tell("POST", "/api/v1/keys/token/rotation", {"grace_s": 600})
    finally:
        api.close()
