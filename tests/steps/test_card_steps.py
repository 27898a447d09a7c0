"""What the steps of card rows record: of a terminal that hears nothing, and of one that says something late."""

from __future__ import annotations

import contextlib
from random import Random
from types import SimpleNamespace

import pytest

from certification.catalogue import load_catalogue
from certification.verdicts import Verdict, judge
from fixtures.card_deck import SyntheticDeck
from fixtures.cards import CardInHand
from rigs.errors import RigError
from rigs.roles.cards import CardRecord, Medium
from steps import bank_data, cards
from steps.sampling import Sampler


class Table:
    """Hand, presenter and host in one: hands over what ``answers`` makes of what lies there, the first at once."""

    prompt = True

    def __init__(self, answers) -> None:
        self.answers = answers
        self.shown: list[CardInHand] = []
        self.waiting: list[CardRecord] = []
        self.late: list[CardRecord] = []
        self.said: list[tuple[str, bytes]] = []

    def lay(self, media: list[CardInHand]) -> None:
        self.shown = media
        first, *self.late = [*self.answers(media), None]
        self.waiting = [] if first is None else [first]

    def put(self, *_placed) -> None: ...
    def take(self) -> None:
        self.waiting += [one for one in self.late if one is not None]
        self.late = []

    def show(self, _frame) -> None: ...
    def clear(self) -> None: ...
    def ready(self) -> None: ...
    def rest(self) -> None: ...
    def emptied(self, _timeout_s) -> bool:
        return True

    def next(self, _timeout_s):
        return self.waiting.pop(0) if self.waiting else None

    def names(self):
        return {"contact": "A", "contactless": "B", "identity": "C"}

    @contextlib.contextmanager
    def session(self):
        yield self

    @contextlib.contextmanager
    def overhear(self):
        yield self.said


def record(medium: CardInHand, channel: str = "cards.contactless") -> CardRecord:
    return CardRecord(medium.medium, channel, medium.parts, "masked", (1, 1), 6, 4)


def a_sampler(row: str, table: Table) -> tuple[Sampler, list]:
    observations: list = []
    run = SimpleNamespace(
        evidence=SimpleNamespace(add=observations.append, of=lambda _: observations),
        subject=SimpleNamespace(yes_options=("card_reader", "bank_card")),
        bench=SimpleNamespace(
            cards=table, hand=table, presenter=table, terminal_logs=(), file=SimpleNamespace(keyboard=None)
        ),
        remarks=[],
        progress=lambda *_: None,
    )
    return Sampler(run, load_catalogue()[row]), observations


@pytest.fixture
def table(monkeypatch):
    """A sound terminal: hands over the first of what lies there."""
    made = Table(lambda media: [record(media[0])])

    def show(_desk, *media):
        made.lay([medium for medium, _ in media])
        return 0.0

    monkeypatch.setattr(cards.Desk, "show", show)
    monkeypatch.setattr(cards, "_frame", lambda *_: None)
    return made


def verdict(sampler: Sampler, observations) -> Verdict:
    return judge(sampler.requirement, observations, None, planned=True, emulated=False).verdict


def test_pairs_are_a_pass_with_ten_media_shown_alone(table):
    sampler, observations = a_sampler("EHC-TRM-021", table)
    cards.show_pairs(sampler, SyntheticDeck(), Random(1))
    assert [one.value for one in observations if one.measure == "control"] == ["right"] * 10
    assert verdict(sampler, observations) is Verdict.PASS


def test_a_terminal_that_goes_deaf_fails_the_pairs_it_says_nothing_of(table):
    sampler, observations = a_sampler("EHC-TRM-021", table)
    table.answers = lambda media: [record(media[0])] if len(media) == 1 and len(observations) < 20 else []
    cards.show_pairs(sampler, SyntheticDeck(), Random(1))
    assert {one.value for one in observations if one.measure == "collision"} == {"none"}
    assert verdict(sampler, observations) is Verdict.FAIL


def test_a_machine_too_slow_for_pairs_is_told_instead_of_tried_for_ever(table, monkeypatch):
    monkeypatch.setattr(cards.Desk, "show", lambda _desk, *media: 0.0 if len(media) == 1 else 0.5)
    sampler, _ = a_sampler("EHC-TRM-021", table)
    with pytest.raises(RigError, match=r"shows two media 0\.5 s apart"):
        cards.show_pairs(sampler, SyntheticDeck(), Random(1))


def test_identity_cards_are_shown_and_judge_nothing(table):
    sampler, observations = a_sampler("EHC-TRM-020", table)
    table.answers = lambda media: [] if media[0].medium is Medium.IDENTITY_CARD else [record(media[0])]
    deck = cards.shuffled_deck(Random(1), SyntheticDeck())
    cards.show_each_medium(sampler, deck, SyntheticDeck(), Random(2))
    assert [one.value for one in observations if one.measure == "identity_card"] == ["not_read"] * 5
    assert verdict(sampler, observations) is Verdict.PASS


def bank_row(table: Table) -> tuple[Verdict, list, list]:
    sampler, observations = a_sampler("EHC-TRM-022", table)
    bank_data.read_bank_cards(sampler, SyntheticDeck(), Random(1))
    return verdict(sampler, observations), observations, sampler.run.remarks


def test_twenty_bank_cards_read_are_a_pass_that_says_what_was_not_searched(table):
    found, observations, remarks = bank_row(table)
    assert found is Verdict.PASS
    assert [one.detail for one in observations if one.measure == "clear_pan_or_track2"] == [{"cards_read": 20}]
    assert [remark.en for remark in remarks] == [
        "EHC-TRM-022: the bench names no logs of the terminal's software ([cards] logs), so no file was searched"
    ]


def test_a_dead_slot_for_bank_cards_is_no_data_well_kept(table):
    table.answers = lambda media: [record(media[0])] if media[0].placed.place == "stripe" else []
    found, observations, _ = bank_row(table)
    assert found is Verdict.FAIL
    assert [one.value for one in observations if one.measure == "bank_card"].count("read") == 8


def test_a_second_record_with_the_whole_number_is_counted_however_late(table):
    def answers(media):
        whole = CardRecord(Medium.BANK_CARD, "cards.stripe", media[0].parts, "masked", (2, 2), 16, 0)
        return [record(media[0]), whole]

    table.answers = answers
    found, observations, _ = bank_row(table)
    assert found is Verdict.FAIL
    assert 16 in [one.value for one in observations if one.measure == "pan_leading_digits"]


def test_a_number_over_the_scanners_line_is_found(table):
    def answers(media):
        table.said.append(("scanner", media[0].secrets["account number"].encode()))
        return [record(media[0])]

    table.answers = answers
    found, observations, _ = bank_row(table)
    assert found is Verdict.FAIL
    told = [one.detail["found"] for one in observations if one.measure == "clear_pan_or_track2"]
    assert told == ["account number: scanner"]
