"""Makes the errands of one worker, a little ahead of their time: so that sealing delays no request that is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

from loadtests import asking
from loadtests.callers import Asker
from loadtests.codes import DynamicCodes, wanted_at_once
from loadtests.errands import Errand, Twins
from loadtests.http_line import Address
from loadtests.people import PLACES
from loadtests.plan import KINDS, LoadPlan
from loadtests.schedule import Schedule

_STRIDE = 7919
"""Distance between the cards of neighbouring requests, so that no card is asked about twice in one millisecond."""


class Sealer:
    """Turns arrivals into errands, sealed with the moment they are due as their timestamp.

    Args:
        plan: what is to be done.
        part: this worker's arrivals.
        population: ids of cards that exist.
        able: who can ask for each kind.
        codes: dynamic codes fetched so far.
        address: the platform's.
        run: letters that stand in every tag of this load, and a number from which new residents are counted.
    """

    def __init__(
        self,
        plan: LoadPlan,
        part: Schedule,
        population: Sequence[str],
        able: Mapping[str, Sequence[Asker]],
        codes: DynamicCodes,
        address: Address,
        run: tuple[str, int],
    ) -> None:
        self._part = part
        self._stages = [stage.name for stage in plan.stages]
        self._population = population
        self._turns = {kind: cycle(some) for kind, some in able.items()}
        self._codes = codes
        self._address = address
        self._letters, self._first_place = run
        self._at_once = wanted_at_once(plan.mix)

    def make(self, index: int, begun: float, begun_ms: int, now: float) -> tuple[Errand, ...]:
        """Return the one or two sealed requests of an arrival.

        Args:
            index: place in this worker's part.
            begun: when the schedule begins, by ``time.perf_counter``.
            begun_ms: the same moment, Unix ms.
            now: this moment, by ``time.perf_counter``.
        """
        part = self._part
        number, due_s = int(part.number[index]), float(part.due[index])
        stage, kind = self._stages[part.stage[index]], KINDS[part.kind[index]]
        tag = f"{self._letters}-{number}"
        question = self._question(kind, tag, number, begun_ms / 1000 + due_s, now)
        errands = [Errand(begun + due_s, stage, question, self._next_asker(kind))]
        if part.twin[index]:
            twins = Twins() if question.dynamic else None
            other = asking.verification(f"{tag}t", question.code)
            errands[0].twin = twins
            errands.append(Errand(begun + due_s, stage, other, self._next_asker(kind), twins))
        for errand in errands:
            errand.seal(self._address, begun_ms + int(due_s * 1000))
        return tuple(errands)

    def fresh(self, errand: Errand, now: float) -> Errand:
        """Return the same errand with a fresh code, as whoever is told that theirs was used shows another one."""
        question = errand.question
        code = self._codes.take(now) or asking.static_code(question.card_id)
        return Errand(errand.due, errand.stage, asking.verification(f"{question.tag}f", code), errand.asker)

    def _question(self, kind: str, tag: str, number: int, at_s: float, now: float) -> asking.Question:
        card_id = self._population[number * _STRIDE % len(self._population)]
        match kind:
            case "verification":
                return asking.verification(tag, self._codes.take(now) or asking.static_code(card_id))
            case "generation":
                return asking.generation(tag, card_id, self._at_once)
            case "query":
                return asking.query(tag, card_id)
            case "registration":
                return asking.registering(tag, (self._first_place + number) % PLACES)
            case _:
                return asking.usage(tag, card_id, at_s)

    def _next_asker(self, kind: str) -> Asker:
        return next(self._turns[kind])
