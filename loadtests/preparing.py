"""What must be there before the first request is due: cards to ask about."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import gevent
from gevent.pool import Pool

from loadtests.asking import METHODS, Question, fetched_codes, generation, registering
from loadtests.callers import Asker
from loadtests.codes import MOST_AT_ONCE, USUAL_LIFE_S, life_s
from loadtests.errands import Errand, Outcome
from loadtests.errors import GeneratorError
from loadtests.http_line import Address, CannotCallError, HttpLine, LostAnswerError
from loadtests.people import beforehand
from loadtests.plan import LoadPlan

MOST_CARDS = 100_000
"""So many cards of a population are asked about at most, spread evenly over all of them."""

_FIRST_S, _FIRST_CARDS = 5.0, 20
_LINES = 16
_TRIES = 4
_PAUSE_S = 0.3
_COMING_AGAIN = ("http-429", "http-503", "code-112", "code-114")


def population(plan: LoadPlan, able: Sequence[Asker]) -> list[str]:
    """Return ids of cards that exist: those of the plan's file, else those of residents who are registered now.

    The file has a JSON object with ``card_id`` on each line.

    Raises:
        GeneratorError: the file cannot be read, or the platform does not register residents.
    """
    return _register(plan, able) if plan.population is None else _read(plan.population)


def _read(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8") as lines:
            cards = [str(json.loads(line)["card_id"]).upper() for line in lines if line.strip()]
        if not cards or any(len(bytes.fromhex(card)) != 32 for card in cards):
            raise ValueError("not a card id on each line")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GeneratorError(
            f"the population cannot be used ({type(error).__name__}: {error})",
            where=str(file),
            remedy='give a file with a line {"card_id": "<64 hex>"} for each card, as `platform seed --list` writes',
        ) from error
    step = max(1, len(cards) // MOST_CARDS)
    return cards[::step][:MOST_CARDS]


@dataclass(frozen=True)
class FirstCodes:
    """Dynamic codes fetched just before the load, and how long they live, seconds."""

    codes: tuple[str, ...]
    life_s: float


def first_codes(plan: LoadPlan, cards: Sequence[str], able: Sequence[Asker]) -> FirstCodes:
    """Return codes for the first seconds, until requests of the load itself have fetched some.

    None for a load that fetches none at all. A platform that gives out fewer than it is asked for, or none, is no
    reason to stop: what is lacking is shown as static codes.
    """
    if not plan.mix.get("generation") or not plan.mix.get("verification"):
        return FirstCodes((), USUAL_LIFE_S)
    wanted = ceil(plan.stages[0].rate * plan.mix["verification"] * _FIRST_S) + 1
    each = min(MOST_AT_ONCE, ceil(wanted / min(len(cards), _FIRST_CARDS)))
    address = _address(plan)
    line = HttpLine(address, plan.timeout_s)
    codes: list[str] = []
    life = USUAL_LIFE_S
    for number in range(min(len(cards), ceil(wanted / each))):
        question = generation(f"C-{number}", cards[number], each)
        outcome = _tried(line, address, Errand(time.perf_counter(), "", question, able[number % len(able)]))
        if outcome.accepted:
            codes += fetched_codes(outcome.biz)
            life = life_s(outcome.biz)
    line.close()
    return FirstCodes(tuple(codes), life)


def _tried(line: HttpLine, address: Address, errand: Errand) -> Outcome:
    errand.seal(address, time.time_ns() // 1_000_000)
    try:
        return errand.judge(line.ask(errand.body))
    except LostAnswerError as lost:
        return Outcome(lost.at, error=lost.kind, lost=True)
    except CannotCallError as error:
        raise _cannot_call(error, address.url) from error


def _address(plan: LoadPlan) -> Address:
    try:
        return Address(plan.target)
    except CannotCallError as error:
        raise _cannot_call(error, plan.target) from error


def _cannot_call(error: CannotCallError, url: str) -> GeneratorError:
    return GeneratorError(str(error), where=url, remedy="see that the platform can be called from here")


def _register(plan: LoadPlan, able: Sequence[Asker]) -> list[str]:
    """Register residents over a few lines, directly at the platform even where users call through something else."""
    if not able:
        raise GeneratorError(
            "no dialect of the load registers residents",
            where=", ".join(plan.dialects),
            remedy="name a population, or a dialect more",
        )
    address = _address(plan)
    lines = [HttpLine(address, plan.timeout_s) for _ in range(_LINES)]
    pool = Pool(_LINES)
    places = beforehand(plan.lot, plan.registered)

    def one(number: int) -> str | GeneratorError:
        line = lines.pop()
        try:
            return _registered(line, address, able[number % len(able)], registering(f"P-{number}", places[number]))
        except GeneratorError as error:
            return error
        finally:
            lines.append(line)

    cards: list[str] = []
    try:
        for card in pool.imap(one, range(plan.registered)):
            if isinstance(card, GeneratorError):
                raise card
            cards.append(card)
        return cards
    finally:
        pool.kill()
        for line in lines:
            line.close()


def _registered(line: HttpLine, address: Address, asker: Asker, question: Question) -> str:
    errand = Errand(time.perf_counter(), "", question, asker)
    outcome = Outcome(0.0)
    for attempt in range(_TRIES):
        gevent.sleep(_PAUSE_S * 2**attempt if attempt else 0.0)
        outcome = _tried(line, address, errand)
        if outcome.accepted:
            return str(outcome.biz["ehealth_card_id"])
        if not outcome.lost and outcome.refusal not in _COMING_AGAIN:
            break
    raise GeneratorError(
        f"no residents could be registered before the load ({outcome.refusal or outcome.error})",
        where=f"{METHODS['registration']} over {asker.dialect}",
        remedy="see that the platform answers there and that the application may issue cards, or name a population",
    )
