"""Random programs against a model of the card, while the clock is turned, keys change and the platform is killed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from pytest_bdd import given, when

from fixtures.card_model import ACTIVE, CLOSED, CardModel, Code, KeyModel, program
from fixtures.population import passport
from fixtures.population import people as population
from rigs.drivers.hn_a import HnAPlatform
from rigs.drivers.platform_api import PlatformApi, TurnedClock
from rigs.errors import RigError
from rigs.platform_link import CHANNEL, PlatformLink
from steps.platform.apart import UNLIMITED, Apart, apart
from steps.platform.asking import ask, dynamic_codes, life_of, register, registration, stamp, told, verify
from steps.platform.keys import active_version, revoke_version
from steps.sampling import Sampler

PROGRAMS, LENGTH = 10_000, 50
GRACE_S = 30
"""Of a rotation within a program: shorter than most codes live, so that the key ends some of them."""
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
    """Runs numbered programs on one platform, each on a card of its own, all on one key.

    Args:
        platform: the platform.
        line: a line to it.
        api: its interface.
        seed: source of every program.
        block: of the residents its programs use.
    """

    def __init__(self, platform: Apart, line: HnAPlatform, api: PlatformApi, seed: int, block: int) -> None:
        self._platform = platform
        self._line = line
        self._api = api
        self._seed = seed
        self._people = population(seed, block)
        self._passports = count(1)
        self._clock = TurnedClock(platform.link, api)
        self._clock.read()
        self._life_ms = life_of(line, register(line, next(self._people))) * 1000
        self._keys = KeyModel(active_version(api))

    def broken_at(self, number: int) -> str:
        """Run one program; returns the step that broke an invariant, "" if none did."""
        held = _Held(self._line, self._platform.link, dict(next(self._people)), self._life_ms, self._keys)
        for place, step in enumerate(program(self._seed, number, LENGTH), 1):
            if not self._do(held, step.operation, step.choice, step.wait_s):
                return f"{place}: {step.operation}"
        return ""

    def _do(self, held: _Held, operation: str, choice: int, wait_s: float) -> bool:
        match operation:
            case "wait":
                self._clock.pass_seconds(wait_s)
            case "kill" if self._platform.host is not None:
                self._platform.host.kill()
                self._platform.host.start()
            case "revoke" if {"officer", "officer2"} <= self._platform.credentials.tokens.keys():
                revoke_version(self._api, self._keys.active)
                self._keys.revoke(self._keys.active, active_version(self._api))
            case "kill" | "revoke" | "rotate":
                self._api.tell("POST", "/api/v1/keys/token/rotation", {"grace_s": GRACE_S})
                until_ms = self._platform.link.now_ms() + GRACE_S * 1000
                self._keys.rotate(active_version(self._api), until_ms)
            case "replace" if self._platform.host is not None:
                return held.replace(passport(next(self._passports)))
            case "query" | "replace":
                # It is for good: somebody's platform would not know these residents when asked under this seed again.
                return held.query()
            case "generate":
                return held.generate()
            case "verify" | "verify again":
                return held.verify(again=operation != "verify", choice=choice)
            case "register again":
                return held.register_again()
            case _:
                return held.change(operation)
        return True


class _Held:
    """A resident's card beside its model: whether each answer about it is what the model expects."""

    def __init__(
        self, line: HnAPlatform, link: PlatformLink, resident: dict[str, str], life_ms: float, keys: KeyModel
    ) -> None:
        self._line = line
        self._link = link
        self._resident = resident
        self._card_id = register(line, resident)
        self._model = CardModel(life_ms, keys=keys)

    def query(self) -> bool:
        return self._is(self._card_id, self._model.state)

    def _is(self, card_id: str, state: str) -> bool:
        answer = ask(self._line, "ehc.ehealthcode.query", {"ehealth_card_id": card_id})
        return answer.accepted and answer.content.get("card_state") == state

    def change(self, operation: str) -> bool:
        asked = {"ehealth_card_id": self._card_id, _TIMES[operation]: stamp()}
        if operation == "close":
            asked["revoke_no"] = self._card_id[:16]
        return ask(self._line, f"ehc.ehealthcard.{operation}", asked).accepted == self._model.change(operation)

    def register_again(self) -> bool:
        answer = ask(self._line, "ehc.ehealthcard.register", registration(self._resident))
        return answer.accepted == self._model.register_again()

    def replace(self, number: str) -> bool:
        """Another document, another card; the one given up must stay closed, whoever registers with its document."""
        document = {"id_type": "03", "id_no": number, "name": self._resident["name"]}
        answer = ask(self._line, "ehc.ehealthcard.alterinfo", {"ehealth_card_id": self._card_id, **document})
        given_up, resident = self._card_id, self._resident
        successor = self._model.replace()
        if successor is None or not answer.accepted:
            return answer.accepted == (successor is not None)
        self._card_id, self._model = told(answer, "ehealth_card_id"), successor
        self._resident = {**resident, **document, "birthday": ""}
        again = ask(self._line, "ehc.ehealthcard.register", registration(resident))
        return not again.accepted and self._is(given_up, CLOSED) and self.query()

    def generate(self) -> bool:
        before_ms = self._link.now_ms()
        if self._model.state == ACTIVE:
            [text] = dynamic_codes(self._line, self._card_id, 1)
            self._model.fresh.append(Code(text, before_ms, self._link.now_ms(), key=self._model.keys.active))
            return True
        asked = {"ehealth_card_id": self._card_id, "ewmbs": "0", "generate_no": "1", "generate_time": stamp()}
        return not ask(self._line, "ehc.ehealthcode.generate", asked).accepted

    def verify(self, *, again: bool, choice: int) -> bool:
        model = self._model
        codes = model.shown if again else model.fresh
        if not codes:
            return True
        code = codes[choice % len(codes)]
        before_ms = self._link.now_ms()
        answer = verify(self._line, code.text)
        expected = model.expects(code, before_ms, self._link.now_ms())
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
def run_programs(sampler: Sampler) -> None:
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
