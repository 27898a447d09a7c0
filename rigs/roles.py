"""What a scenario may ask of a device, whatever the device is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from rigs.optics.frames import Frame
from rigs.optics.stimulus import Stimulus


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
class Shown:
    """A frame in view.

    Attributes:
        sequence: number of the frame.
        t_ns: monotonic time from which it was fully shown, ns.
        journal: journal record of the showing.
    """

    sequence: int
    t_ns: int
    journal: int


@dataclass(frozen=True, slots=True)
class Keystrokes:
    """What a device typed on its keyboard link.

    Attributes:
        text: characters as a host with a US layout receives them; Enter is CR.
        chords: reports that held Ctrl, Alt or GUI, such as ``Ctrl+C``; they type no character.
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

    def close(self) -> None:
        """Stop listening."""


class Presenter(Protocol):
    """Whatever puts a code in front of a device."""

    uncertainty_ms: float
    """Expanded uncertainty (k = 2) of show times, ms."""

    @property
    def watched(self) -> bool:
        """Whether anybody has looked at a frame so far, as far as the presenter can know."""

    def prepare(self, stimulus: Stimulus, check: bool = False) -> Future[Frame]:
        """Render a stimulus in the background."""

    def show(self, frame: Frame) -> Shown:
        """Put a frame in view."""

    def clear(self) -> Shown:
        """Take everything out of view."""

    def close(self) -> None:
        """Stop presenting."""


class Power(Protocol):
    """The supply of the device under test."""

    def cycle(self) -> None:
        """Cut the supply, wait until it is down, and restore it."""

    def current_a(self) -> float:
        """Current drawn, ampere."""

    def close(self) -> None:
        """Leave the device powered and release the instrument."""


@dataclass(frozen=True, slots=True)
class PlatformAnswer:
    """What the card platform said.

    Attributes:
        code: the dialect's answer code.
        accepted: whether it means success.
        message: the platform's words.
        content: decrypted business fields; may hold identity data and never leaves memory.
        journal: first and last journal record.
        status: the HTTP status.
        readable: whether it was an envelope of the dialect at all; what is not has no code and is never accepted.
    """

    code: str
    accepted: bool
    message: str
    content: Mapping[str, object]
    journal: tuple[int, int]
    status: int = 200
    readable: bool = True


class Platform(Protocol):
    """One line of a hospital system to the card platform; used by one thread at a time."""

    def call(self, method: str, content: Mapping[str, object]) -> PlatformAnswer:
        """Call one method.

        Raises:
            RigError: the platform behind a terminal cannot be reached or answers nonsense.
            SubjectFaultError: the platform is the subject, and has stopped answering.
            PlatformStoppedError: the bench itself has stopped it.
        """

    def close(self) -> None:
        """Drop the connection."""


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What the platform's own interface said.

    Attributes:
        status: the HTTP status.
        content: the JSON document, or the text where the answer is none.
        journal: first and last journal record.
    """

    status: int
    content: Any
    journal: tuple[int, int]

    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class AppAccess:
    """An application enrolled through the platform's administration, with one terminal to call from.

    Attributes:
        org_code: its institution.
        app_id: its id.
        app_secret: what it signs with.
        term_id: the terminal.
    """

    org_code: str
    app_id: str
    app_secret: str = field(repr=False)
    term_id: str


class PlatformAdmin(Protocol):
    """The platform's administration: institutions, applications, terminals, keys, audit."""

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, role: str = "admin") -> ApiAnswer:
        """One request below ``/api/v1``; ``role`` names whose token it carries, "" for none.

        Raises:
            RigError: the bench has no token of that role.
            SubjectFaultError, PlatformStoppedError: as a platform's line.
        """

    def tell(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, role: str = "admin") -> ApiAnswer:
        """As ``ask``, for what must succeed.

        Raises:
            SubjectFaultError: it answers with another status than success.
        """

    def audit_records(self, from_ms: int = 0, to_ms: int | None = None) -> list[dict[str, Any]]:
        """The audit as an auditor reads it."""


class PlatformClock(Protocol):
    """The platform's clock."""

    turns: bool
    """Whether it can be turned; otherwise time is waited for."""

    def now_ms(self) -> int:
        """The platform's time as far as the bench knows it, Unix ms."""

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass for the platform: turn its clock, or wait."""


class PlatformHost(Protocol):
    """The machine the platform runs on."""

    data: Path
    """Folder of its data files."""
    logs: Path
    """File of what it said on its error output."""

    @property
    def pid(self) -> int:
        """Its process, and the leader of its process group."""

    def kill(self) -> None:
        """End it at once, as a power cut would."""

    def start(self) -> float:
        """Start it again at the same address and data; returns how long it took to be ready, s.

        Raises:
            SubjectFaultError: it does not come back.
        """
