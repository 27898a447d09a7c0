"""What an application may be allowed to do; each method of the gateway asks for one of these.

Which institution's application gets what unless told otherwise is reconstructed: the public notice says who issues
cards (institutions, and on line banks and service platforms) and who reads them, not which right each is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SCOPES = ("issue", "code", "verify", "query", "link", "record", "usage", "org")
"""Issuing and changing cards, making codes, verifying them (as a primary-care action does), asking for a card, a region
or an institution, linking numbers, sharing records, reporting use, registering institutions."""

NO_SCOPE = ""
"""What a method asks for that every application in good standing may call."""

LEVELS = ("1", "2", "3", "township", "community", "village", "other")
KINDS = ("hospital", "primary-care", "public-health", "online-service", "bank", "insurance", "other")
PUBLIC = "public"
OWNERSHIPS = (PUBLIC, "private")
"""Who owns an institution gives it no right and takes none; the notice's share is of the public ones (公立) alone."""

_WHOLE_VISIT = ("issue", "code", "verify", "query", "link", "record", "usage")
_SCANS_ONLY = ("verify", "usage")

DEFAULTS_OF_KIND: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hospital": _WHOLE_VISIT,
        "primary-care": _WHOLE_VISIT,
        "public-health": ("verify", "query", "record", "usage"),
        "online-service": ("issue", "code", "query", "link", "usage"),
        "bank": ("issue", "code"),
        "insurance": _SCANS_ONLY,
        "other": ("verify",),
    }
)
"""No kind may register institutions unless that is granted by name."""

DEFAULTS_OF_LEVEL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    dict.fromkeys(LEVELS, _WHOLE_VISIT) | {"village": ("verify", "query", "usage")}
)
"""A village clinic has one scanning terminal: it reads cards and issues none."""


def default_scopes(level: str, kind: str) -> tuple[str, ...]:
    """Return what an application of an institution may do unless told: what its kind and its level both allow."""
    return tuple(s for s in SCOPES if s in DEFAULTS_OF_KIND[kind] and s in DEFAULTS_OF_LEVEL[level])
