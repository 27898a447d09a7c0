"""Who is blamed when a card at work is taken away: its reader, the bench, or a fault of ours."""

from __future__ import annotations

import contextlib
import time
from random import Random
from types import SimpleNamespace

import pytest

from certification.catalogue import load_catalogue
from fixtures.card_deck import SyntheticDeck
from rigs.errors import RigError
from rigs.roles.cards import CardRemovedError, CardSilentError, CardUnclearError
from steps import pcsc_link
from steps.sampling import Sampler


class Card:
    """A channel whose card works until it is taken away, and then answers what it is told to."""

    journal = (1, 1)
    atr, protocol = b"", "T=1"

    def __init__(self, then, *, before: int | None = None, begin=None) -> None:
        self.then, self.before, self.begin = then, before, begin
        self.here, self.times = True, 0

    @contextlib.contextmanager
    def transaction(self):
        if self.begin is not None:
            raise self.begin
        yield

    def transmit(self, _apdu):
        time.sleep(0.001)
        self.times += 1
        if self.here and (self.before is None or self.times <= self.before):
            return b"", 0x9000
        if isinstance(self.then, Exception):
            raise self.then
        return b"", self.then

    def close(self) -> None: ...


def told(card: Card) -> str:
    observations: list = []

    def take() -> None:
        card.here = False

    bench = SimpleNamespace(hand=SimpleNamespace(take=take))
    run = SimpleNamespace(evidence=SimpleNamespace(add=observations.append), bench=bench)
    sampler = Sampler(run, load_catalogue()["EHC-TRM-019"])
    pcsc_link._take_away_at_work(sampler, card, Random(1), "contact")
    return observations[0].value


@pytest.mark.parametrize(
    ("then", "status"),
    [
        (CardRemovedError("removed"), "defined"),
        (0x6F00, "defined"),
        (CardUnclearError("nothing"), "undefined"),
        (CardSilentError("silent"), "silent"),
    ],
)
def test_what_a_host_is_told_is_what_counts(then, status):
    assert told(Card(then)) == status


def test_a_reader_that_gives_up_by_itself_was_not_asked_to_by_the_hand():
    assert told(Card(CardRemovedError("dropped out"), before=3)) == "too_early"


def test_a_reader_that_hangs_at_once_is_silent_and_the_hand_is_not_to_blame():
    assert told(Card(0, begin=CardSilentError("no answer"))) == "silent"


@pytest.mark.parametrize("fault", [RigError("gone", where="cards", remedy="plug it in"), KeyError("ours")])
def test_a_fault_of_bench_or_harness_stays_one(fault):
    with pytest.raises(type(fault)):
        told(Card(fault, before=3))


def test_a_reader_that_hangs_when_a_card_is_put_in_has_told_of_none():
    def hang(*_):
        raise CardSilentError("no answer")

    observations: list = []
    bench = SimpleNamespace(
        hand=SimpleNamespace(put=lambda *_: None, take=lambda: None),
        cards=SimpleNamespace(connect=hang, wait_for_removal=lambda *_: True),
    )
    run = SimpleNamespace(
        evidence=SimpleNamespace(add=observations.append, of=lambda _: observations),
        subject=SimpleNamespace(yes_options=("card_reader",)),
        bench=bench,
        progress=lambda *_: None,
    )
    sampler = Sampler(run, load_catalogue()["EHC-TRM-019"])
    pcsc_link.exchanges(sampler, SyntheticDeck())
    assert [(one.measure, one.value) for one in observations] == [("exchange", "wrong")] * 2
    observations.clear()
    pcsc_link.removals(sampler, SyntheticDeck(), Random(1))
    assert [(one.measure, one.value) for one in observations] == [("next_card", "not_read")]
