"""Media of every kind shown to a terminal: one after the other, which it has to tell apart, and two together."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import pytest
from pytest_bdd import given, when

from fixtures.card_deck import CardDeck, deck_of
from fixtures.cards import CardInHand, health_code
from fixtures.run import Run
from rigs.errors import RigError
from rigs.optics.frames import Frame
from rigs.optics.stimulus import Appearance, Pose, Stimulus, Symbol
from rigs.roles.cards import CardRecord, CardSession, CardTrouble, Medium
from steps.sampling import Sampler

EACH = 75
KINDS = 4
PAIRS = 50
ANSWER_S = 6.0
"""How long a medium may take until it is handed over: the PC/SC daemon looks about twice a second, a desk is slow."""
APART_S = 0.6
"""Between a code or a stripe and the next medium, at least: one patient after the other. Terminals take what comes
within half a second for shown together."""
TOGETHER_S = 0.3
"""Two media count as shown together when they came within so long."""
SECOND_S = 1.2
"""How long after the first record a second one is waited for."""
TOGETHER_TRIES = 20
"""How often a pair may miss ``TOGETHER_S`` before the machine counts as too slow for the row."""
CONTROL_EVERY = 10
"""Pairs between two media that are shown alone."""
IDENTITY_CARDS = 5
"""Identity cards shown in between, where the terminal has a module for them: reported, and not judged."""


@dataclass
class Desk:
    """The hand and the presenter of a bench, used together.

    Attributes:
        run: the run.
        session: what the host listens with.
    """

    run: Run
    session: CardSession
    _apart_s: float = 0.0
    _brief: bool = False

    def show(self, *media: tuple[CardInHand, Frame | None]) -> float:
        """Show media, codes in view and cards at their places, as nearly together as can be; how far apart, s."""
        time.sleep(max(0.0, self._apart_s - time.monotonic()))
        if self.run.bench.hand.prompt:
            self.session.ready()
        self._brief = any(medium.placed is None or medium.placed.place == "stripe" for medium, _ in media)
        started = time.monotonic()
        placed = [medium.placed for medium, _ in media if medium.placed is not None]
        code_first = media[0][0].placed is None
        for frame in (frame for _, frame in media if frame is not None and code_first):
            self.run.bench.presenter.show(frame)
        if placed:
            self.run.bench.hand.put(*placed)
        if not self.run.bench.hand.prompt:
            self.session.ready()  # a person's card lies there by now, so the code comes while it does
        for frame in (frame for _, frame in media if frame is not None and not code_first):
            self.run.bench.presenter.show(frame)
        return time.monotonic() - started

    def clear(self) -> list[CardRecord | CardTrouble]:
        """Take everything away, wait until the host has seen that nothing is left; what was still handed over."""
        self.run.bench.presenter.clear()
        self.session.rest()  # or it would hand over what it saw as soon as the cards are gone
        self.run.bench.hand.take()
        self.session.emptied(ANSWER_S)
        if self._brief:
            self._apart_s = time.monotonic() + APART_S
        return list(iter(lambda: self.session.next(0), None))


@pytest.fixture
def card_deck(run: Run) -> CardDeck:
    """The test cards of the bench."""
    table = run.bench.file.cards
    return deck_of(None if table is None else table.deck)


@given("card readers are ready on the bench")
@given("读卡器已在测试台上就绪")
def ready(run: Run) -> None:
    """Take away whatever an earlier scenario left, and let the code it may have shown last be a thing of the past."""
    run.bench.hand.take()
    run.bench.presenter.clear()
    time.sleep(APART_S)


@given("a shuffled deck of codes, social-security cards, visit cards and bank cards, 75 each", target_fixture="deck")
@given("打乱的电子健康卡码、社保卡、就诊卡和银行卡各 75 张", target_fixture="deck")
def shuffled_deck(chance: Random, card_deck: CardDeck) -> list[CardInHand]:
    """75 of each; social-security cards of three versions, visit cards on chip and stripe."""
    draw = card_deck.draw
    deck = [
        *(health_code(chance) for _ in range(EACH)),
        *(draw(Medium.SOCIAL_CARD, "contact", chance, 1 + number % 3) for number in range(EACH)),
        *(draw(Medium.VISIT_CARD, ("contactless", "stripe")[number % 2], chance) for number in range(EACH)),
        *(draw(Medium.BANK_CARD, "contactless", chance) for _ in range(EACH)),
    ]
    chance.shuffle(deck)
    return deck


@when("each medium is shown to the terminal, which nobody tells what to expect")
@when("向终端逐一出示介质，且不告知其种类")
def show_each_medium(sampler: Sampler, deck: list[CardInHand], card_deck: CardDeck, chance: Random) -> None:
    """One session of listening to every link; no mode is switched."""
    with sampler.run.bench.cards.session() as session:
        desk = Desk(sampler.run, session)
        for medium, frame in _with_frames(sampler, deck, chance):
            desk.show((medium, frame))
            found = session.next(ANSWER_S)
            _record_medium(sampler, medium, found, desk.clear())
            sampler.step(len(deck))
            if sampler.failed():
                return
        _show_identity_cards(sampler, desk, card_deck, chance)


def _show_identity_cards(sampler: Sampler, desk: Desk, card_deck: CardDeck, chance: Random) -> None:
    """Behind the others: the row names four media, and this is a fifth that some terminals read."""
    if "identity" not in sampler.run.bench.cards.names() or not card_deck.holds(Medium.IDENTITY_CARD, "identity"):
        return
    for _ in range(IDENTITY_CARDS):
        medium = card_deck.draw(Medium.IDENTITY_CARD, "identity", chance)
        desk.show((medium, None))
        found = desk.session.next(ANSWER_S)
        desk.clear()
        value, said = _reading_of(medium, found)
        detail: dict[str, str | float] = {} if value == "right" else {"delivered": said}
        sampler.observe("identity_card", value, journal=None if found is None else found.journal, detail=detail)


@when("two media are shown together fifty times: two cards, or a card and a code")
@when("五十次同时出示两种介质：两张卡，或一张卡和一个码")
def show_pairs(sampler: Sampler, card_deck: CardDeck, chance: Random) -> None:
    """What comes until a second after the first record belongs to the presentation.

    Each kind is shown alone before the pairs, and one of them after every ten: a terminal that takes no notice of
    anything hands over no two media either.
    """
    controls = _controls(card_deck, chance)
    with sampler.run.bench.cards.session() as session:
        desk = Desk(sampler.run, session)
        for medium in itertools.islice(controls, KINDS):
            _show_alone(sampler, desk, medium, chance)
        for number, pair in enumerate(_pairs(card_deck, chance), 1):
            _show_together(desk, [(medium, _frame(sampler.run, medium, chance)) for medium in pair])
            found = _everything(session) + desk.clear()
            _record_pair(sampler, pair, found)
            if number % CONTROL_EVERY == 0:
                _show_alone(sampler, desk, next(controls), chance)
            sampler.step(PAIRS)
            if sampler.failed():
                return
        _show_alone(sampler, desk, next(controls), chance)


def _show_together(desk: Desk, shown: Sequence[tuple[CardInHand, Frame | None]]) -> None:
    """Show a pair until it came nearly together; a person's hand is as quick as it is."""
    for _ in range(TOGETHER_TRIES):
        apart_s = desk.show(*shown)
        if apart_s <= TOGETHER_S or not desk.run.bench.hand.prompt:
            return
        _everything(desk.session)
        desk.clear()
    raise RigError(
        f"this machine shows two media {apart_s:.1f} s apart; they have to come within {TOGETHER_S:g} s",
        where="cards",
        remedy="run the row while the machine does nothing else",
    )


def _show_alone(sampler: Sampler, desk: Desk, medium: CardInHand, chance: Random) -> None:
    desk.show((medium, _frame(sampler.run, medium, chance)))
    found = desk.session.next(ANSWER_S)
    desk.clear()
    value, said = _reading_of(medium, found)
    detail: dict[str, str | float] = {"medium": medium.medium.value, "delivered": said}
    sampler.observe("control", value, journal=None if found is None else found.journal, detail=detail)


def _reading_of(medium: CardInHand, found: CardRecord | CardTrouble | None) -> tuple[str, str]:
    """What came of one medium, ``right``, ``wrong`` or ``not_read``, and what was handed over, as it may be told."""
    match found:
        case CardRecord():
            right = found.medium is medium.medium and found.parts == medium.parts
            return "right" if right else "wrong", f"{found.medium.value} {found.masked}"
        case CardTrouble():
            return "not_read", found.text
        case None:
            return "not_read", "nothing"


def _record_medium(
    sampler: Sampler,
    medium: CardInHand,
    found: CardRecord | CardTrouble | None,
    late: Sequence[CardRecord | CardTrouble],
) -> None:
    cell: dict[str, str | float] = {"medium": medium.medium.value}
    value, said = _reading_of(medium, found)
    kind = "right" if isinstance(found, CardRecord) else "none"
    told = {one.medium for one in (found, *late) if isinstance(one, CardRecord)}
    if told - {medium.medium}:
        kind = "confused"
        said += "".join(f" | {one.medium.value} {one.masked}" for one in late if isinstance(one, CardRecord))
    journal = None if found is None else found.journal
    detail: dict[str, str | float] = {} if value == kind == "right" else {"delivered": said}
    sampler.observe("medium_read", value, cell=cell, journal=journal, detail=detail)
    sampler.observe("medium_type", kind, cell=cell, journal=journal, detail=detail)


def _record_pair(sampler: Sampler, pair: Sequence[CardInHand], found: Sequence[CardRecord | CardTrouble]) -> None:
    cell: dict[str, str | float] = {"presentation": " + ".join(medium.medium.value for medium in pair)}
    records = [one for one in found if isinstance(one, CardRecord)]
    journal = (min(one.journal[0] for one in found), max(one.journal[1] for one in found)) if found else None
    told = [f"{r.medium.value} {r.masked}" if isinstance(r, CardRecord) else r.text for r in found]
    detail: dict[str, str | float] = {"delivered": " | ".join(told) or "nothing"}
    if len(records) > 1:
        value = "both"
    elif records:
        value = "one_named" if records[0].medium in {medium.medium for medium in pair} else "misnamed"
    else:
        value = "error_text" if found else "none"
    sampler.observe("collision", value, cell=cell, journal=journal, detail=detail)
    mixed = sum(_mixed(record, pair) for record in records)
    sampler.observe("mixed_records", mixed, cell=cell, journal=journal, detail=detail)


def _mixed(record: CardRecord, pair: Sequence[CardInHand]) -> bool:
    """Whether parts of both media stand in one record."""
    fits = [{name for name, value in record.parts.items() if medium.parts.get(name) == value} for medium in pair]
    return all(fits) and not any(fit == set(record.parts) for fit in fits)


def _controls(deck: CardDeck, chance: Random) -> Iterator[CardInHand]:
    """Media of each kind in turn."""
    while True:
        yield health_code(chance)
        yield deck.draw(Medium.SOCIAL_CARD, "contact", chance, 3)
        yield deck.draw(Medium.VISIT_CARD, "contactless", chance)
        yield deck.draw(Medium.BANK_CARD, "contactless", chance)


def _pairs(deck: CardDeck, chance: Random) -> Iterator[tuple[CardInHand, CardInHand]]:
    """Fifty pairs, each kind in turn, either medium first."""

    def visit() -> CardInHand:
        return deck.draw(Medium.VISIT_CARD, "contactless", chance)

    def social(place: str = "contact") -> CardInHand:
        return deck.draw(Medium.SOCIAL_CARD, place, chance, 3)

    def bank() -> CardInHand:
        return deck.draw(Medium.BANK_CARD, "contactless", chance)

    kinds: tuple[Callable[[], tuple[CardInHand, CardInHand]], ...] = (
        lambda: (visit(), visit()),
        lambda: (visit(), health_code(chance)),
        lambda: (social(), health_code(chance)),
        lambda: (bank(), health_code(chance)),
        lambda: (social(), bank()),
        lambda: (social(), social("contactless")),
    )
    for number in range(PAIRS):
        first, second = kinds[number % len(kinds)]()
        yield (first, second) if chance.random() < 0.5 else (second, first)


def _everything(session: CardSession) -> list[CardRecord | CardTrouble]:
    found = []
    wait_s = ANSWER_S
    while (one := session.next(wait_s)) is not None:
        found.append(one)
        wait_s = SECOND_S
    return found


def _with_frames(
    sampler: Sampler, deck: Sequence[CardInHand], chance: Random
) -> Iterator[tuple[CardInHand, Frame | None]]:
    for medium in deck:
        yield medium, _frame(sampler.run, medium, chance)


def _frame(run: Run, medium: CardInHand, chance: Random) -> Frame | None:
    """The picture of a code, drawn until the reference decoder reads it; None for a card."""
    if medium.medium is not Medium.HEALTH_CODE:
        return None
    text = medium.parts["number"].encode("ascii")
    while True:
        stimulus = Stimulus((Symbol(text, mask=chance.randrange(8)),), Appearance(), Pose())
        frame = run.bench.presenter.prepare(stimulus, check=True).result()
        if frame.reference_reads:
            return frame
