"""Finds out what card stands behind a channel, and reads it: no mode has to be chosen beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rigs.protocols import bank_card, social_card, visit_card
from rigs.protocols.bank_card import BankCardError
from rigs.protocols.iso7816 import ApduError, RefusedError
from rigs.protocols.sdt import Person
from rigs.protocols.social_card import SocialCardError
from rigs.protocols.visit_card import VisitCardError
from rigs.roles.cards import ApduChannel, CardError, Medium

UNREADABLE = (ApduError, BankCardError, CardError, RefusedError, SocialCardError, VisitCardError)
"""What a card that cannot be read answers with; none of their words holds a number of a person or card."""


class UnknownCardError(CardError):
    """A card none of whose applications is known."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read; attributes as ``CardRecord``."""

    medium: Medium
    parts: Mapping[str, str]
    masked: str
    leading: int = 0
    trailing: int = 0


def read_card(channel: ApduChannel) -> Read:
    """Read whatever card it is: a storage card by its ATR, the others by the applications they have.

    Raises:
        UnknownCardError: nothing known is on it.
        CardError, ApduError, RefusedError, BankCardError, SocialCardError, VisitCardError: it cannot be read.
        RigError: the reader is gone.
    """
    transmit = channel.transmit
    if visit_card.is_storage_card(channel.atr):
        visit = visit_card.read(transmit)
        return Read(Medium.VISIT_CARD, {"uid": visit.uid, "number": visit.number}, shortened(visit.number))
    if social_card.choose(transmit):
        card = social_card.read(transmit)
        parts = {"card id": card.card_id, "card number": card.card_number, "number": card.number, "name": card.name}
        return Read(Medium.SOCIAL_CARD, parts, shortened(card.card_number))
    if (application := bank_card.choose(transmit)) is not None:
        bank = bank_card.read(transmit, application)
        return Read(Medium.BANK_CARD, {"number": bank.masked}, bank.masked, bank.leading, bank.trailing)
    raise UnknownCardError("a card with no application known here")


def read_person(person: Person) -> Read:
    """An identity card, read."""
    number = person.number
    return Read(Medium.IDENTITY_CARD, {"number": number, "name": person.name}, f"{number[:6]}{'*' * 11}{number[-1:]}")


def read_track(text: str) -> Read:
    """What a magnetic stripe holds: an account number stands before ``=``, a visit number alone (reconstructed)."""
    number, separator, _ = text.partition("=")
    if not separator:
        return Read(Medium.VISIT_CARD, {"number": number}, shortened(number))
    account = bank_card.handed_over(number.replace("*", "A"))
    return Read(Medium.BANK_CARD, {"number": account.masked}, account.masked, account.leading, account.trailing)


def shortened(number: str) -> str:
    """A number for people: its ends, the middle left out."""
    return number if len(number) <= 4 else f"{number[:2]}{'*' * (len(number) - 4)}{number[-2:]}"
