"""Opens the card side of a multi-in-one terminal: its readers, and the hand that serves them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rigs.bench_tables.cards import CardsTable
from rigs.drivers.card_readers import CardLinks, MultiInOneReaders
from rigs.drivers.emulated_hand import EmulatedHand
from rigs.drivers.operator_hand import OperatorHand
from rigs.drivers.overheard import Overheard
from rigs.drivers.pcsc import PcscReader, load_pyscard
from rigs.drivers.sdt import BAUD as SDT_BAUD
from rigs.drivers.sdt import SdtReader
from rigs.drivers.stripe import BAUD as STRIPE_BAUD
from rigs.drivers.stripe import StripeHead
from rigs.lease import Lease
from rigs.opening.opening import Opening
from rigs.opening.virtual_readers import CARDS, VirtualReaders
from rigs.protocols.card_masking import masked_received
from rigs.roles import Scanner
from rigs.roles.cards import Hand
from rigs.serial_line import SerialLine

_MAY_HAND_OVER_BANK_DATA = ("scanner", "keyboard")
"""Channels of the links beside the card side's own, whose drivers mask by themselves."""


@dataclass(frozen=True)
class CardSide:
    """The card side as it is plugged in.

    Attributes:
        slots: names of the PC/SC readers by place.
        identity: port of the identity-card module, or None.
        stripe: port of the magnetic head, or None.
        logs: where the terminal's own software keeps its logs.
        hand: who serves it; None where nobody can.
        interlock: socket an emulated scanner asks before it hands over a code, or None.
    """

    slots: dict[str, str]
    identity: str | None
    stripe: str | None
    logs: tuple[Path, ...]
    hand: Hand | None
    interlock: str | None = None


@dataclass(frozen=True)
class OpenedCards:
    """The card side, opened.

    Attributes:
        readers: the role.
        hand: who serves it, or None.
        logs: where the terminal's own software keeps its logs.
    """

    readers: MultiInOneReaders
    hand: Hand | None
    logs: tuple[Path, ...]


def plug_in_cards(table: CardsTable, virtual: VirtualReaders | None, opening: Opening) -> CardSide:
    """The card side of a bench, its software twin started where the table asks for one.

    From now on the journal holds no account number of the terminal's other links either.

    Raises:
        RigError: a program is missing, or a part does not come up.
        BenchFileError: pyscard is not installed.
    """
    load_pyscard()
    for channel in _MAY_HAND_OVER_BANK_DATA:
        opening.journal.mask(channel, masked_received)
    if virtual is None or table.emulated is None:
        slots = {"contact": table.contact or "", "contactless": table.contactless or ""}
        hand = None if opening.operator is None else OperatorHand(opening.operator)
        return CardSide(slots, table.identity, table.stripe, table.logs, hand)
    (contact, contact_port), (contactless, contactless_port) = (virtual.slot(CARDS, number) for number in (0, 1))
    log = opening.emulation.state / "terminal-software.log"
    arguments = ["emulate", "card-terminal", "--tethered", "--log", str(log)]
    arguments += ["--contact-port", str(contact_port), "--contactless-port", str(contactless_port)]
    twin = opening.start("cards", [*arguments, *opening.defective()], under=virtual.daemon.inside)
    control = EmulatedHand(Path(twin.greeting.removeprefix("control ")), opening.journal)
    opening.closing.callback(control.close)
    identity, stripe, interlock = (twin.line().partition(" ")[2] for _ in range(3))
    slots = {"contact": contact, "contactless": contactless}
    return CardSide(slots, identity, stripe, (log,), control, interlock)


def open_cards(side: CardSide, table: CardsTable, scanner: Scanner, looks_s: float, opening: Opening) -> OpenedCards:
    """The card side of a bench, listened to together with its scanner.

    Args:
        side: what was plugged in.
        table: its table.
        scanner: the terminal's scanner, open.
        looks_s: how long that looks after one trigger, s.
        opening: the bench being opened.

    Raises:
        RigError: a reader or port is absent, busy or silent.
    """
    overheard = Overheard()
    slots = {}
    for place, name in side.slots.items():
        if table.emulated is None:
            opening.closing.callback(Lease(name, f"cards.{place}").release)
        reader = PcscReader(name, f"cards.{place}", opening.journal, call_s=table.call_s, watch=overheard)
        opening.closing.callback(reader.close)
        slots[place] = reader
    identity = stripe = None
    if side.identity is not None:
        identity = SdtReader(SerialLine(side.identity, SDT_BAUD, "cards.identity", opening.journal), overheard)
        opening.closing.callback(identity.close)
    if side.stripe is not None:
        stripe = StripeHead(SerialLine(side.stripe, STRIPE_BAUD, "cards.stripe", opening.journal), overheard)
        opening.closing.callback(stripe.close)
    links = CardLinks(slots, identity, stripe, scanner, looks_s, overheard)
    return OpenedCards(MultiInOneReaders(links), side.hand, side.logs)
