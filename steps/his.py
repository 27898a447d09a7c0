"""The hospital system behind the window: it registers residents, fetches codes, checks what the terminal read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from pytest_bdd import given, when

from certification.clauses import PercentileClause
from certification.decision import Outcome
from fixtures.residents import resident
from rigs.errors import RigError
from rigs.optics.frames import Frame
from rigs.optics.stimulus import Stimulus
from rigs.roles import PlatformAnswer
from steps.samples import symbol
from steps.sampling import Sampler, Trial

REGISTER_STEP, WINDOW, WINDOW_CHANNEL = "010101", "01", "0100"
CODES_PER_FETCH = 20
"""Dynamic codes are fetched few at a time, so that none outlives its minute before it is shown."""


def _call(sampler: Sampler, method: str, content: dict[str, str]) -> PlatformAnswer:
    answer = sampler.run.bench.platform.call(method, content)
    if not answer.accepted:
        raise _refused(method, answer)
    return answer


def _refused(method: str, answer: PlatformAnswer) -> RigError:
    return RigError(
        f"the platform refused {method} ({answer.code} {answer.message})",
        where="platform",
        remedy="check the platform's log and the institution's standing",
    )


def _stamp() -> str:
    return time.strftime("%Y%m%d%H%M%S")


def register(sampler: Sampler, number: int) -> str:
    """Register the n-th synthetic resident of the row; returns their card's id."""
    chance = sampler.run.random(f"{sampler.requirement.id}/residents/{number}")
    content = {"register_no": f"{sampler.run.seed}-{number}", "register_time": _stamp(), **resident(chance)}
    return str(_call(sampler, "ehc.ehealthcard.register", content).content["ehealth_card_id"])


def dynamic_codes(sampler: Sampler, card_id: str, wanted: int) -> list[str]:
    """Fetch dynamic codes of a card."""
    content = {
        "ehealth_card_id": card_id,
        "ewmbs": "0",
        "count": str(wanted),
        "generate_no": f"{time.monotonic_ns()}",
        "generate_time": _stamp(),
    }
    codes = _call(sampler, "ehc.ehealthcode.generate", content).content["ehealth_codes"]
    assert isinstance(codes, list | tuple)
    return [str(code) for code in codes]


@given("dynamic card codes fetched from the platform, refreshed card by card", target_fixture="trials")
@given("由平台签发并逐卡刷新的动态电子健康卡码", target_fixture="trials")
def dynamic_sample(sampler: Sampler) -> Iterator[Trial]:
    """Endless: twenty codes of one card one after the other, then the next card."""
    return codes_of_residents(sampler, CODES_PER_FETCH)


@given("dynamic card codes fetched from the platform one at a time", target_fixture="trials")
@given("由平台逐个签发的动态电子健康卡码", target_fixture="trials")
def single_codes(sampler: Sampler) -> Iterator[Trial]:
    """Endless: each fetched only when it is asked for, so that whatever goes before may take its time."""
    return codes_of_residents(sampler, 1)


def codes_of_residents(sampler: Sampler, codes_each: int) -> Iterator[Trial]:
    """Endless: so many dynamic codes of each resident, who are registered as they come."""
    chance = sampler.run.random(f"{sampler.requirement.id}/masks")
    for number in count():
        card_id = register(sampler, number)
        for text in dynamic_codes(sampler, card_id, codes_each):
            yield Trial(Stimulus((symbol(text, chance),)), {"shape": "dynamic"})


@when("299 residents show their codes at the window and the hospital system asks the platform")
@when("299 位居民在窗口出示二维码，由医院信息系统向平台核验")
def visits(sampler: Sampler) -> None:
    """Timed from the code being fully shown to the platform's answer at the hospital system."""
    trials = codes_of_residents(sampler, 1)
    total = 299
    limit_ms = max(c.at_most for c in sampler.requirement.criterion if isinstance(c, PercentileClause))
    for trial, frame in sampler.prepared(trials):
        check_ms = _visit(sampler, trial, frame, limit_ms)
        sampler.step(total)
        if sampler.done == total or (check_ms > limit_ms / 2 and sampler.outcome() is Outcome.BROKEN):
            return


def ask_whose_code(sampler: Sampler, delivered: bytes) -> PlatformAnswer:
    """Ask the platform at the window whose code was read."""
    question = {
        "ehealth_code": delivered.decode("ascii", "replace"),
        "medstepcode": REGISTER_STEP,
        "terminalcode": WINDOW,
        "channelcode": WINDOW_CHANNEL,
    }
    return sampler.run.bench.platform.call("ehc.ehealthcode.verify", question)


def _visit(sampler: Sampler, trial: Trial, frame: Frame, limit_ms: float) -> float:
    reading = sampler.run.station.read(frame, trial.expected)
    exact = reading.outcome == "exact"
    journal = reading.journal
    code, check_ms = "no_read", limit_ms * 2
    if reading.deliveries:
        answer = ask_whose_code(sampler, reading.deliveries[0].data)
        journal = (reading.journal[0], answer.journal[1])
        code = answer.code
        if answer.accepted:
            check_ms = (time.monotonic_ns() - reading.shown.t_ns) / 1e6
        elif exact:
            raise _refused("ehc.ehealthcode.verify", answer)
    picture = sampler.keep(trial, frame, failure=not exact)
    sampler.observe(
        "check_time",
        round(check_ms, 3),
        unit="ms",
        uncertainty=reading.uncertainty_ms,
        cell={"step": REGISTER_STEP, "channel": WINDOW_CHANNEL},
        reading=replace(reading, journal=journal),
        detail={"answer": code, "read_ms": round(reading.latency_ms, 1)} if picture or check_ms > limit_ms / 2 else {},
        picture=picture,
    )
    return check_ms
