"""What a scenario may ask of a terminal: its scanner, its keyboard link, and what they hand over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from rigs.protocols.keyboard_host import HostState


@dataclass(frozen=True, slots=True)
class Delivery:
    """One code a scanner handed to its host.

    Attributes:
        data: bytes between deliveries, without the terminator.
        first_ns: monotonic arrival of the first byte, ns.
        last_ns: monotonic arrival of the terminator, ns.
        journal: first and last journal record.
    """

    data: bytes
    first_ns: int
    last_ns: int
    journal: tuple[int, int]


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """What a device says of itself; None where its protocol does not tell.

    Fields it cannot tell are read from its label by the person who set up the bench.
    """

    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    hardware: str | None = None
    firmware: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One scripted exchange on a serial link.

    Attributes:
        name: what it tries.
        exact: whether every byte was as the protocol's document demands.
        seconds: how long the device took to answer, or to be usable again.
        expected: what was demanded, hex or words.
        received: what came, hex.
        journal: first and last journal record.
    """

    name: str
    exact: bool
    seconds: float
    expected: str
    received: str
    journal: tuple[int, int]


class Scanner(Protocol):
    """A code scanner as its host sees it."""

    uncertainty_ms: float
    """Expanded uncertainty (k = 2) of arrival times, ms."""
    time_scale: float
    """How much faster than the wall clock the device's own clock runs; 1 on anything real."""
    answers_commands: bool
    """Whether it answers its host at all; one that does not can only be known to live by what it reads."""

    def identify(self) -> DeviceIdentity:
        """Ask the device who it is."""

    def arm(self) -> None:
        """Make the device ready to deliver the next code it sees."""

    def disarm(self) -> None:
        """Stop looking, and drop what still arrives within the device's settling time."""

    def delivery(self, timeout_s: float) -> Delivery | None:
        """The next code, or None when nothing arrives in time.

        Raises:
            RigError: the line is gone.
        """

    def make_sure_it_answers(self) -> None:
        """Tell a device that sees nothing from a line that is dead.

        Raises:
            RigError: the device no longer answers at all.
        """

    def settings(self) -> Mapping[str, str]:
        """The device's configuration, for comparison before and after."""

    def exchanges(self) -> list[Callable[[], Exchange]]:
        """The protocol's scripted exchanges, each to be called once."""

    def reopen(self) -> None:
        """Make the device usable again after its power was cycled.

        Raises:
            RigError: it does not come back.
        """

    def close(self) -> None:
        """Leave the device as it was found and release the port."""


@dataclass(frozen=True, slots=True)
class Keystrokes:
    """What a device typed on its keyboard link.

    Attributes:
        text: characters that reached the program in front of the host; Enter is CR.
        chords: commands such as ``Ctrl+C``; they type no character.
        journal: first and last journal record, or None when nothing was typed.
    """

    text: str
    chords: tuple[str, ...]
    journal: tuple[int, int] | None


class Keyboard(Protocol):
    """The keyboard link of a device as its host sees it."""

    def keystrokes(self, timeout_s: float) -> Keystrokes:
        """Everything typed since the last call, and until nothing has been typed for ``timeout_s``.

        Raises:
            RigError: the link is gone.
        """

    def line(self, ending: str, quiet_s: float) -> Keystrokes:
        """Everything typed since the last call, until it ends with ``ending`` or nothing was typed for ``quiet_s``.

        Raises:
            RigError: the link is gone.
        """

    def become(self, state: HostState, lag_s: float = 0.0) -> None:
        """Be a host in this state, and tell the keyboard its lock keys.

        Args:
            state: layout, CapsLock, input method.
            lag_s: for how long the host takes no further report after the first of each row, s.

        Raises:
            RigError: the link is gone.
        """

    def close(self) -> None:
        """Stop listening."""
