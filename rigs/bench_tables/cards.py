"""Tables of the card side of a multi-in-one terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from rigs.bench_tables.base import Table, is_device

VIRTUAL = "Virtual PCD"
"""What vsmartcard's readers are called where nobody says otherwise."""


class EmulatedCardsTable(Table):
    """Start the software twin of the card side, and a PC/SC daemon of its own for its slots."""


class CardsTable(Table):
    """Card readers of the terminal under test."""

    driver: Literal["multi-in-one"]
    contact: str | None = None
    """Name of the PC/SC reader for contact cards, or a part of it."""
    contactless: str | None = None
    """Name of the PC/SC reader for contactless cards, or a part of it."""
    identity: str | None = None
    """Port of the identity-card module (SDT, 115200 bit/s)."""
    stripe: str | None = None
    """Port of the magnetic head (9600 bit/s)."""
    call_s: float = Field(default=2.0, ge=1.2, le=10)
    """How long a card may work on one command; beyond the second a requirement allows."""
    logs: tuple[Path, ...] = ()
    """Files and folders on this host where the terminal's own software keeps its logs."""
    deck: Path | None = None
    """TOML file with the laboratory's test cards and what is written on them."""
    emulated: EmulatedCardsTable | None = None

    @property
    def software(self) -> bool:
        """Whether a reader or port is, or may be, software: vsmartcard's own, a pseudo-terminal, a URL."""
        readers = (self.contact or "", self.contactless or "")
        ports = [port for port in (self.identity, self.stripe) if port is not None]
        return (
            self.emulated is not None
            or any(VIRTUAL in name for name in readers)
            or any(not is_device(port) for port in ports)
        )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        links = (self.contact, self.contactless, self.identity, self.stripe)
        if self.emulated is not None and (any(links) or self.logs or self.deck):
            raise ValueError("[cards.emulated] brings its own readers, ports, logs and cards: name none beside it")
        if self.emulated is None and (self.contact is None or self.contactless is None):
            raise ValueError("needs `contact` and `contactless` (PC/SC reader names) or a table [cards.emulated]")
        if self.emulated is None and self.deck is None:
            raise ValueError("needs `deck`, a file that says what is on the laboratory's test cards (docs/cards.md)")
        return self
