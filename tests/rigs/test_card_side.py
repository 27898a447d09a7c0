"""The card side of the emulated terminal by itself: one medium at a time, and what its firmware lets through."""

from __future__ import annotations

import time
from random import Random

import pytest

from fixtures import cards
from rigs.emulators import card_side
from rigs.emulators.card_behaviour import CardBehaviour
from rigs.emulators.card_firmware import TerminalLog
from rigs.emulators.card_side import CardSide, Put
from rigs.emulators.defects.cards import (
    DeafAfterCollision,
    GivesUpAtWork,
    HandsOverBoth,
    LeaksBankData,
    ReadsNoBankStripes,
    SaysNumbersByItsScanner,
    SlotDiesOnRemoval,
)
from rigs.emulators.sdt_module import SdtModule
from rigs.protocols import bank_card, iso7816, social_card


class Slot:
    """A slot nobody is connected to."""

    def __init__(self) -> None:
        self.card = None
        self.working = False

    def insert(self, card) -> None:
        self.card = card

    def remove(self, linger_s: float = 0.0) -> None:
        self.card, self.working = None, False


class Side:
    """A card side with everything it is wired to."""

    def __init__(self, behaviour: CardBehaviour) -> None:
        self.slots = {"contact": Slot(), "contactless": Slot()}
        self.answers, self.tracks = [], []
        self.module = SdtModule(self.answers.append, lambda: None)
        log = TerminalLog(None, masked=True)
        self.it = CardSide(self.slots, self.module, self.tracks.append, behaviour, log)

    def put(self, *media: cards.CardInHand) -> None:
        self.it.put([Put(one.placed.place, one.placed.image) for one in media])

    def handed_over(self) -> set[str]:
        return {place for place, slot in self.slots.items() if slot.card is not None}


@pytest.fixture
def side(monkeypatch):
    monkeypatch.setattr(card_side, "TOGETHER_S", 0.05)
    return Side(CardBehaviour())


RANDOM = Random(1)
CONTACT = cards.social_security_card(RANDOM, 2)
BANK = cards.contactless_bank_card(RANDOM)
STRIPE = cards.visit_stripe_card(RANDOM)


def test_of_two_cards_the_first_is_handed_over_and_the_second_not_until_all_are_gone(side):
    side.put(CONTACT, BANK)
    assert side.handed_over() == {"contact"}
    side.put(BANK)
    assert side.handed_over() == {"contact"}
    side.it.take()
    side.put(BANK)
    assert side.handed_over() == {"contactless"}


def test_no_code_goes_out_beside_a_card_and_no_card_right_after_a_code(side):
    side.put(CONTACT)
    assert not side.it.may_deliver_code()
    side.it.take()
    assert side.it.may_deliver_code()
    side.put(BANK)
    assert side.handed_over() == set()
    time.sleep(0.06)
    side.put(BANK)
    assert side.handed_over() == set()  # it came with the code, and is still there
    side.it.take()
    side.put(BANK)
    assert side.handed_over() == {"contactless"}


def test_a_stripe_is_not_read_beside_a_card(side):
    side.put(STRIPE)
    assert side.tracks == [f";{STRIPE.parts['number']}?\r".encode()]
    time.sleep(0.06)
    side.put(CONTACT)
    side.put(STRIPE)
    assert len(side.tracks) == 1


def test_a_defective_terminal_hands_over_both():
    side = Side(HandsOverBoth())
    side.put(CONTACT, BANK)
    assert side.handed_over() == {"contact", "contactless"}
    assert side.it.may_deliver_code()


def test_a_terminal_that_goes_deaf_does_so_once_two_media_came_together():
    side = Side(DeafAfterCollision())
    for _ in range(2):
        side.put(CONTACT)
        assert side.handed_over() == {"contact"}
        side.it.take()
    side.put(CONTACT, BANK)
    assert side.handed_over() == {"contact"}
    side.it.take()
    side.put(CONTACT)
    assert side.handed_over() == set()
    assert not side.it.may_deliver_code()


def test_a_code_beside_a_card_deafens_that_terminal_too():
    side = Side(DeafAfterCollision())
    side.put(CONTACT)
    assert not side.it.may_deliver_code()
    side.it.take()
    assert not side.it.may_deliver_code()


def test_a_card_asked_the_same_again_and_again_is_given_up_by_a_faulty_firmware():
    side = Side(GivesUpAtWork())
    side.put(CONTACT)
    card = side.slots["contact"].card
    select, read = (one.encode() for one in (iso7816.select(social_card.DF_NAME), iso7816.read_record(1, 5)))
    answers = [card.transmit(command)[-2:].hex() for command in (select, read, read, read, select, read)]
    assert answers == ["9000", "9000", "9000", "6f00", "9000", "9000"]


@pytest.mark.parametrize("behaviour", [CardBehaviour(), SaysNumbersByItsScanner()])
def test_a_faulty_terminal_alone_says_numbers_by_its_scanner(behaviour, monkeypatch):
    monkeypatch.setattr(card_side, "TOGETHER_S", 0.05)
    side, said = Side(behaviour), []
    side.it.speak_by(said.append)
    stripe = cards.bank_stripe_card(Random(3))
    side.put(stripe)
    time.sleep(0.06)
    side.put(BANK)
    card = side.slots["contactless"].card
    card.transmit(iso7816.select(bank_card.AID).encode())
    card.transmit(iso7816.read_record(2, 1).encode())
    numbers = [one.secrets["account number"].encode() for one in (stripe, BANK)]
    assert said == (numbers if behaviour.says_numbers_by_its_scanner else [])


def test_a_head_that_reads_no_bank_card_reads_visit_cards():
    side = Side(ReadsNoBankStripes())
    side.put(cards.bank_stripe_card(Random(3)))
    assert side.tracks == []
    side.put(STRIPE)
    assert len(side.tracks) == 1


def test_a_slot_that_died_takes_no_notice_of_one_card():
    side = Side(SlotDiesOnRemoval())
    side.put(CONTACT)
    side.slots["contact"].working = True
    side.it.take()
    side.put(CONTACT)
    assert side.handed_over() == set()
    side.it.take()
    side.put(CONTACT)
    assert side.handed_over() == {"contact"}


def test_firmware_masks_a_bank_card_unless_it_is_defective():
    number = BANK.secrets["account number"]
    for behaviour, clear in ((CardBehaviour(), False), (LeaksBankData(), True)):
        side = Side(behaviour)
        side.put(BANK)
        card = side.slots["contactless"].card
        card.transmit(iso7816.select(bank_card.AID).encode())
        record = card.transmit(iso7816.read_record(2, 1).encode())
        assert (number in record.hex()) == clear
        assert record.endswith(b"\x90\x00")


def test_the_identity_module_answers_in_the_bytes_of_public_host_software(side):
    def ask(command: str) -> str:
        side.answers.clear()
        side.module.receive(bytes.fromhex(command))
        return b"".join(side.answers).hex().upper()

    find, select, read = "AAAAAA96690003200122", "AAAAAA96690003200221", "AAAAAA96690003300132"
    assert ask(find) == "AAAAAA9669000400008084"
    side.put(cards.identity_card(Random(2)))
    assert ask(read) == "AAAAAA9669000400004145"
    assert ask(find) == "AAAAAA9669000800009F0000000097"
    assert ask(select) == "AAAAAA9669000C000090" + "00" * 8 + "9C"
    answer = ask(read)
    assert answer.startswith("AAAAAA9669" + f"{4 + 4 + 256 + 1024:04X}" + "000090" + "01000400")
    assert ask(find) == "AAAAAA9669000400008084"
    assert ask("AAAAAA96690003200123") == "AAAAAA9669000400001014"
