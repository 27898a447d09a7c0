"""Cards as a host sees them: an open channel to one, what is told of a medium, and who puts it in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from rigs.card_images import Image


class ApduChannel(Protocol):
    """A channel to one card, open until the card is taken away or the channel is closed."""

    atr: bytes
    """The card's answer to reset."""
    protocol: str
    """``T=0`` or ``T=1``, as agreed with the card."""

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Send one command APDU; the response data and the status word.

        Raises:
            CardRemovedError: the card was taken away before it answered.
            CardSilentError: the reader said nothing within its deadline.
            CardUnclearError: it answered neither with a status word nor with what became of the card.
            RigError: the reader is gone.
        """

    def close(self) -> None:
        """Let go of the card."""


class CardChannel(ApduChannel, Protocol):
    """A channel to a card in a reader that may be taken away, journalled."""

    journal: tuple[int, int]
    """First and last journal record of this card."""

    def transaction(self) -> AbstractContextManager[None]:
        """Hold the card against every other program of this host.

        Raises:
            CardSilentError: the reader said nothing within its deadline.
        """


class CardError(Exception):
    """A card or its slot did not do what was asked: a matter between terminal and card, and no fault of the bench."""


class CardRemovedError(CardError):
    """The reader says that the card is no longer there."""


class CardSilentError(CardError):
    """The reader said nothing at all within the deadline."""


class CardUnclearError(CardError):
    """The reader answered, and its answer tells nothing of the card."""


class Medium(StrEnum):
    """What a terminal may be shown."""

    HEALTH_CODE = "health_code"
    SOCIAL_CARD = "social_card"
    VISIT_CARD = "visit_card"
    BANK_CARD = "bank_card"
    IDENTITY_CARD = "identity_card"


@dataclass(frozen=True, slots=True)
class CardRecord:
    """What a terminal handed over of one medium.

    Attributes:
        medium: what it is.
        channel: the link it came over.
        parts: what was read, by name, for comparison only; a bank card's number is masked here, too.
        masked: its number, as it may be told.
        journal: first and last journal record.
        leading, trailing: of a bank card: digits handed over in clear before and after what the terminal masked itself.
    """

    medium: Medium
    channel: str
    parts: Mapping[str, str] = field(repr=False)
    masked: str
    journal: tuple[int, int]
    leading: int = 0
    trailing: int = 0


@dataclass(frozen=True, slots=True)
class CardTrouble:
    """A medium that came and could not be read.

    Attributes:
        channel: the link it came over.
        text: why, in words without any number of a person or card.
        journal: first and last journal record.
    """

    channel: str
    text: str
    journal: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Placed:
    """A medium and where it goes.

    Attributes:
        place: ``contact``, ``contactless``, ``identity`` or ``stripe``.
        image: what lies in it, for an emulated terminal.
        zh, en: what a person is told it is.
    """

    place: str
    image: Image = field(repr=False)
    zh: str
    en: str


class Hand(Protocol):
    """Whoever puts media into a terminal and takes them away."""

    prompt: bool
    """Whether it acts at once; a person does so when the question has been read."""

    def put(self, *media: Placed) -> None:
        """Put media in, together; a stripe is swiped.

        Raises:
            RigError: there is nobody to do it, or the emulated terminal is gone.
        """

    def take(self) -> None:
        """Take everything away.

        Raises:
            RigError: as ``put``.
        """


class CardSession(Protocol):
    """A time in which the host listens to every link of a terminal at once."""

    def ready(self) -> None:
        """Let the scanner, too, hand over one code."""

    def rest(self) -> None:
        """Let the scanner look no longer; returns once it does not."""

    def next(self, timeout_s: float) -> CardRecord | CardTrouble | None:
        """What the terminal hands over next, or None when nothing comes in time.

        Raises:
            RigError: a link is gone.
        """

    def emptied(self, timeout_s: float) -> bool:
        """Whether every slot was seen empty in time."""


class CardReaders(Protocol):
    """The card side of a terminal as its host sees it."""

    def names(self) -> Mapping[str, str]:
        """Reader or port of each link, by place."""

    def session(self) -> AbstractContextManager[CardSession]:
        """Listen to every link, the scanner's included, until the context ends."""

    def connect(self, place: str, timeout_s: float) -> CardChannel | None:
        """A channel to the card at a place, ``contact`` or ``contactless``; None when none comes in time."""

    def wait_for_removal(self, place: str, timeout_s: float) -> bool:
        """Whether that place became empty in time."""

    def overhear(self) -> AbstractContextManager[list[tuple[str, bytes]]]:
        """Collect what each link hands to the host, unmasked and in memory alone: link and bytes."""
