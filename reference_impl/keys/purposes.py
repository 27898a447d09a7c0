"""What the province's keys are for, and what may become of each.

Reconstructed: how the province orders its keys is not public. The order here::

    root (file or HSM) -> province -> one key a purpose -> one key an institution -> its secrets and terminal modules
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

PROVINCE = "province"
"""Wrapped by the root; seals the purpose keys."""

INSTITUTION = "institution"
"""Sealed under ``app-secret``; seals the secrets of the institution's applications and its terminal modules' keys."""

CARD_ID = "card-id"
PERSON_LOOKUP = "person-lookup"
PERSON_DATA = "person-data"
APP_SECRET = "app-secret"  # noqa: S105 - the name of a purpose
AUDIT = "audit"
TOKEN = "token"  # noqa: S105 - the name of a purpose
TERMINAL_MODULE = "terminal-module"
NATIONAL_LINK = "national-link"
PLATFORM_SIGNING = "platform-signing"

MAX_VERSION = 255
"""Tokens and sealed values carry the version of their key in one byte."""


class Rule(StrEnum):
    """What becomes of a purpose's older versions."""

    FIXED = "fixed"
    """There is one version for good: names derive from it, and a new key would give every person another name."""

    STORING = "storing"
    """Stored values are made with it: older versions go on opening them, and seal nothing new."""

    PASSING = "passing"
    """What it proves passes by: older versions are accepted until their grace ends, and never after."""


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        CARD_ID: Rule.FIXED,
        PERSON_LOOKUP: Rule.FIXED,
        PERSON_DATA: Rule.STORING,
        APP_SECRET: Rule.STORING,
        AUDIT: Rule.STORING,
        TOKEN: Rule.PASSING,
        TERMINAL_MODULE: Rule.PASSING,
        NATIONAL_LINK: Rule.PASSING,
        PLATFORM_SIGNING: Rule.PASSING,
    }
)

PURPOSES = tuple(RULES)


class State(StrEnum):
    """Where a version of a key stands. Each purpose has exactly one active version."""

    ACTIVE = "active"
    GRACE = "grace"
    RETIRED = "retired"
    REVOKED = "revoked"
