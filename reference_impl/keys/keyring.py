"""The opened keys: a view that does not change, in memory only, read anew whenever the epoch moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy import Connection, select

from reference_impl.keys.province import key_context, open_province
from reference_impl.keys.purposes import (
    APP_SECRET,
    AUDIT,
    CARD_ID,
    NATIONAL_LINK,
    PERSON_DATA,
    PERSON_LOOKUP,
    PLATFORM_SIGNING,
    PURPOSES,
    TERMINAL_MODULE,
    TOKEN,
    State,
)
from reference_impl.keys.root import RootKey
from reference_impl.keys.sealing import SealingKeys, unseal
from reference_impl.storage.schema import KEYS
from reference_impl.wire.sm2 import KeyPair, key_pair


@dataclass(frozen=True)
class PassingKeys:
    """The versions of a key that are accepted now: the active one, and those in grace until their time.

    ``keys`` maps version (1..255) to 32 bytes; ``grace_until`` maps a version in grace to Unix ms, and lacks the rest.
    """

    active: int
    keys: Mapping[int, bytes] = field(repr=False)
    grace_until: Mapping[int, int]

    def accepted(self, version: int, now_ms: int) -> bytes | None:
        """Return the key of a version that is accepted at this moment, else None."""
        until = self.grace_until.get(version)
        if until is not None and now_ms >= until:
            return None
        return self.keys.get(version)


@dataclass(frozen=True)
class CheckingKeys:
    """The versions of a key that proves stored values: all of ``keys`` may check, only the active one makes new."""

    active: int
    keys: Mapping[int, bytes] = field(repr=False)

    @property
    def active_key(self) -> bytes:
        """The 32 bytes of the active version."""
        return self.keys[self.active]


@dataclass(frozen=True)
class Keyring:
    """Every key in clear that the platform works with."""

    card_id: bytes = field(repr=False)
    person_lookup: bytes = field(repr=False)
    person_data: SealingKeys
    app_secret: SealingKeys
    audit_versions: CheckingKeys
    token: PassingKeys
    terminal_module: PassingKeys
    national_link: PassingKeys
    signing_versions: Mapping[int, KeyPair]
    """Every accepted version; ``signing`` signs, the public keys of all may be published."""
    signing_version: int

    @property
    def tokens(self) -> Mapping[int, bytes]:
        """The token keys that may be accepted, by version; those in grace only before ``token_grace_until``."""
        return self.token.keys

    @property
    def token_version(self) -> int:
        """The version that new tokens are made with."""
        return self.token.active

    @property
    def token_grace_until(self) -> Mapping[int, int]:
        """Unix ms before which a version in grace is accepted; the active version is not in it."""
        return self.token.grace_until

    @property
    def audit(self) -> bytes:
        """The key that seals new audit records."""
        return self.audit_versions.active_key

    @property
    def signing(self) -> KeyPair:
        """The pair the platform signs with."""
        return self.signing_versions[self.signing_version]


@dataclass(frozen=True)
class _Version:
    number: int
    state: State
    grace_until_ms: int | None
    material: bytes = field(repr=False)


def open_keyring(connection: Connection, root: RootKey, now_ms: int) -> Keyring:
    """Open every key that may still be used at ``now_ms``; what is revoked is not opened.

    Raises:
        PlatformError: there are no keys, another root wrapped them, or one was changed since.
    """
    province = open_province(connection, root)
    found: dict[str, list[_Version]] = {purpose: [] for purpose in PURPOSES}
    for row in connection.execute(
        select(KEYS)
        .where(KEYS.c.purpose.in_(PURPOSES), KEYS.c.owner == "", KEYS.c.state != State.REVOKED)
        .order_by(KEYS.c.version)
    ):
        material = unseal(province, row.sealed_key, key_context(row.purpose, "", row.version))
        found[row.purpose].append(_Version(row.version, State(row.state), row.grace_until_ms, material))
    signing = _passing(found[PLATFORM_SIGNING], now_ms)
    return Keyring(
        card_id=found[CARD_ID][0].material,
        person_lookup=found[PERSON_LOOKUP][0].material,
        person_data=SealingKeys(_active(found[PERSON_DATA]), _all(found[PERSON_DATA])),
        app_secret=SealingKeys(_active(found[APP_SECRET]), _all(found[APP_SECRET])),
        audit_versions=CheckingKeys(_active(found[AUDIT]), _all(found[AUDIT])),
        token=_passing(found[TOKEN], now_ms),
        terminal_module=_passing(found[TERMINAL_MODULE], now_ms),
        national_link=_passing(found[NATIONAL_LINK], now_ms),
        signing_versions=MappingProxyType({version: key_pair(key) for version, key in signing.keys.items()}),
        signing_version=signing.active,
    )


def _active(versions: list[_Version]) -> int:
    return next(version.number for version in versions if version.state is State.ACTIVE)


def _all(versions: list[_Version]) -> Mapping[int, bytes]:
    return MappingProxyType({version.number: version.material for version in versions})


def _passing(versions: list[_Version], now_ms: int) -> PassingKeys:
    accepted = [version for version in versions if _is_accepted(version, now_ms)]
    until = {version.number: version.grace_until_ms for version in accepted if version.grace_until_ms is not None}
    return PassingKeys(_active(accepted), _all(accepted), MappingProxyType(until))


def _is_accepted(version: _Version, now_ms: int) -> bool:
    if version.state is State.GRACE:
        return version.grace_until_ms is not None and now_ms < version.grace_until_ms
    return version.state is State.ACTIVE
