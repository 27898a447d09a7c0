"""What the codes of the PC/SC daemon are taken for: a word about the card, about the reader, or none at all."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rigs.drivers import pcsc
from rigs.drivers.pcsc import PcscChannel
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.roles.cards import CardRemovedError, CardUnclearError

OTHERS = ("SCARD_E_SHARING_VIOLATION", "SCARD_E_PROTO_MISMATCH", "SCARD_E_INVALID_PARAMETER")
CODES = {name: number for number, name in enumerate((*pcsc._OF_THE_CARD, *pcsc._OF_THE_DAEMON, *OTHERS), 1)}


class Scard(SimpleNamespace):
    """The library: answers what it is told to."""

    answer = (0, b"")
    SCARD_PCI_T0, SCARD_PCI_T1 = 0, 1

    def SCardTransmit(self, *_):  # noqa: N802 - its name
        return self.answer

    def SCardGetErrorMessage(self, code):  # noqa: N802 - its name
        return f"code {code}"


def transmitted(code: int, answer: bytes, *, leaves: bool = False):
    library = Scard(**CODES)
    library.answer = (code, answer)
    reader = SimpleNamespace(
        _pcsc=library,
        _journal=Journal(None),
        _worker=SimpleNamespace(do=lambda call, _: call()),
        _call_s=1,
        _watch=None,
        wait_for_removal=lambda _: leaves,
        channel="cards.contact",
    )
    reader._gone = lambda code: RigError(f"gone: {code}", where="cards.contact", remedy="plug it in")
    return PcscChannel(reader, "card", 2, b"").transmit(bytes.fromhex("00B2012C00"))


@pytest.mark.parametrize("name", pcsc._OF_THE_CARD)
def test_a_code_about_the_card_is_a_defined_word(name):
    with pytest.raises(CardRemovedError):
        transmitted(CODES[name], b"")


@pytest.mark.parametrize("name", pcsc._OF_THE_DAEMON)
def test_a_daemon_or_reader_that_is_gone_is_no_word_of_the_terminal(name):
    with pytest.raises(RigError, match="gone"):
        transmitted(CODES[name], b"")


@pytest.mark.parametrize(("code", "answer"), [*((CODES[name], b"") for name in OTHERS), (0, b""), (0, b"\x90")])
def test_success_without_a_status_word_from_a_card_that_stays_and_any_other_code_tell_nothing_of_the_card(code, answer):
    with pytest.raises(CardUnclearError):
        transmitted(code, answer)


def test_a_slot_that_turns_out_empty_is_a_word_behind_an_answer_of_nothing():
    with pytest.raises(CardRemovedError):
        transmitted(0, b"", leaves=True)
    with pytest.raises(CardUnclearError):
        transmitted(CODES[OTHERS[0]], b"", leaves=True)


def test_the_names_are_those_of_the_library():
    scard = pytest.importorskip("smartcard.scard")
    assert all(isinstance(getattr(scard, name), int) for name in CODES)
