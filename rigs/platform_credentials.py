"""The credentials file of a platform: what an institution signs with, and whatever administrates the platform."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reference_impl.wire.envelope import Credentials
from rigs.errors import BenchFileError

SECRET_BYTES = 16
"""The cipher's key is the first so many bytes of the secret."""


@dataclass(frozen=True)
class PlatformCredentials:
    """What a bench may present to a platform.

    Attributes:
        institution: what the first institution's application signs with.
        terminals: its terminals, that of ``institution`` the first.
        tokens: bearer tokens of the platform's own interface by role: admin, auditor, officer, officer2.
    """

    institution: Credentials
    terminals: tuple[str, ...]
    tokens: dict[str, str] = field(default_factory=dict, repr=False)

    def at(self, term_id: str) -> Credentials:
        """The same application at another terminal."""
        return Credentials(self.institution.app_id, self.institution.app_secret, term_id)


def load_platform_credentials(path: Path) -> PlatformCredentials:
    """Read app_id, app_secret and term_id from a JSON file, and the tokens it has beside them.

    Raises:
        BenchFileError: the file is missing or lacks one of the three, or a field is not what it should be.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        fields = [_text(data[name]) for name in ("app_id", "app_secret", "term_id")]
        if len(fields[1].encode()) < SECRET_BYTES:
            raise ValueError(f"app_secret is shorter than {SECRET_BYTES} bytes")
        others = [_text(terminal) for terminal in data.get("terminals", ())]
        tokens = {role: _text(data[f"{role}_token"]) for role in ("admin", "auditor") if f"{role}_token" in data}
        officers = [_text(token) for token in data.get("officer_tokens", ())]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchFileError(
            f"no usable credentials ({type(error).__name__}: {error})",
            where=str(path),
            remedy="give a JSON file with app_id, app_secret and term_id",
        ) from error
    return PlatformCredentials(
        institution=Credentials(app_id=fields[0], app_secret=fields[1], term_id=fields[2]),
        terminals=(fields[2], *(terminal for terminal in others if terminal != fields[2])),
        tokens={**tokens, **dict(zip(("officer", "officer2"), officers, strict=False))},
    )


def _text(field: Any) -> str:
    if not isinstance(field, str) or not field:
        raise ValueError("a field is empty or no text")
    return field
