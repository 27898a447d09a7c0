"""Settings of a bench without what opens a door: passwords in addresses, and whatever is named as a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "•••"
_SECRET = re.compile(r"secret|password|passwd|token|(^|[._-])keys?$", re.IGNORECASE)
_BEFORE_A_HOST = re.compile(r"(?<=://)[^/@\s]*@")
_IN_A_QUERY = re.compile(r"([?&][^=&\s]*(?:secret|passw|token|key)[^=&\s]*=)[^&\s#]+", re.IGNORECASE)


def without_secrets(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same settings, with a mask in place of every text under a name of secrets, of a user with a password before
    the host of an address, and of a secret in its query."""
    return {key: _masked(value, secret=_SECRET.search(key) is not None) for key, value in settings.items()}


def _masked(value: Any, *, secret: bool) -> Any:
    if isinstance(value, Mapping):
        return {key: _masked(part, secret=secret or _SECRET.search(key) is not None) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(part, secret=secret) for part in value]
    if not isinstance(value, str):
        return value
    return MASK if secret else _IN_A_QUERY.sub(rf"\1{MASK}", _BEFORE_A_HOST.sub(f"{MASK}@", value))
