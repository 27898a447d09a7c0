"""What a scenario may ask of a terminal's security module, of its updater, and of its clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from reference_impl.wire.terminal_module import Injection, Proof, WipeOrder


class ModuleRefusalError(Exception):
    """The module answered, and refused.

    Args:
        word: its status word, four hex digits.
        journal: records of command and answer.
    """

    def __init__(self, word: str, journal: tuple[int, int]) -> None:
        super().__init__(word)
        self.word = word
        self.journal = journal


@dataclass(frozen=True, slots=True)
class ModuleStatus:
    """What a module says of itself.

    Attributes:
        serial: its number.
        term_id: the terminal it stands in.
        version: version of its active key, 0 while it has none.
        ended: whether it was wiped.
    """

    serial: str
    term_id: str
    version: int
    ended: bool


class SecurityModule(Protocol):
    """The security module of a terminal (PSAM, SE).

    Every call may raise ``ModuleRefusalError``, ``RigError`` when the module does not answer at all, and
    ``SubjectFaultError`` where a key or a signature it answers with is none.
    """

    grace_s: float
    """How long the module may go on using an older key, s, as its maker declares."""

    def status(self) -> ModuleStatus:
        """What it says of itself."""

    def public_key(self) -> bytes:
        """The public key of its device key, 65 bytes."""

    def sign(self, challenge: bytes) -> bytes:
        """Its signature over ``enrolment_text`` of a challenge of 16 bytes."""

    def prove(self, message: bytes, version: int = 0) -> Proof:
        """Its proof over a message under a key, 0 for the active one."""

    def seal(self, plain: bytes) -> bytes:
        """``plain`` encrypted with SM4 under the active key."""

    def unseal(self, sealed: bytes) -> bytes:
        """What ``seal`` encrypted."""

    def inject(self, injection: Injection) -> None:
        """Hand over a key."""

    def wipe(self, order: WipeOrder) -> None:
        """Order it to destroy its keys."""

    def try_to_read(self) -> Iterator[bytes]:
        """Ask for everything that standards let a card tell; yields the data of each answer."""

    def heard(self) -> tuple[bytes, ...]:
        """The data of every answer so far, whatever was asked."""

    @property
    def journal(self) -> tuple[int, int]:
        """Records of the last command and its answer."""

    def close(self) -> None:
        """Release the module."""


@dataclass(frozen=True, slots=True)
class UpdateAnswer:
    """What came of offering an image.

    Attributes:
        outcome: ``accepted``, ``refused``, or ``unclear`` where the tool says neither.
        words: what the tool said last.
        seconds: how long it took.
        journal: first and last journal record.
    """

    outcome: str
    words: str
    seconds: float
    journal: tuple[int, int]


class Updater(Protocol):
    """Whatever installs firmware on the device."""

    def genuine(self) -> bytes:
        """The image of the firmware the device runs."""

    def previous(self) -> bytes | None:
        """A genuine image of an older firmware, where there is one."""

    def others(self) -> dict[str, bytes]:
        """Images no device of this model may take, by what is wrong with them, as the maker supplied them."""

    @property
    def signature_bytes(self) -> int:
        """Length of the signature at the end of an image, 0 where that is unknown."""

    def offer(self, image: bytes) -> UpdateAnswer:
        """Offer an image to the device.

        Raises:
            RigError: the tool cannot be run.
        """


@dataclass(frozen=True, slots=True)
class CheckTold:
    """What a terminal told the window of a code.

    Attributes:
        outcome: ``accepted``, ``refused`` (of the code), ``error`` (nothing can be said of the code), or ``nothing``.
        message: its words where it told an error, long numbers masked; else empty.
        journal: first and last journal record.
    """

    outcome: str
    message: str
    journal: tuple[int, int]


class CodeChecker(Protocol):
    """A terminal that asks the platform itself, by a clock of its own."""

    def set_clock(self, ahead_s: float) -> None:
        """Set its clock so far ahead of this machine's, s; negative for behind.

        Raises:
            RigError: it cannot be set.
        """

    def check(self, code: str) -> CheckTold:
        """Have a code checked.

        Raises:
            RigError: the terminal is gone.
        """

    def close(self) -> None:
        """Set the clock right and let go."""
