"""What a scenario may ask of a card platform: its wire, its administration, its clock, its host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


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
