"""What the defects do that only a hunt finds: forgeries, floods, kills, tampering, searches of the disk."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from reference_impl.access.rate_limit import Wait
from reference_impl.codes.tokens import issued_at
from reference_impl.codes.verification import Verification
from reference_impl.door.gateway import Gate
from reference_impl.platform import Platform
from reference_impl.refusals import EXPIRED_CODE, FUTURE_CODE, RefusalError
from reference_impl.storage.batch import CardRow
from reference_impl.storage.sqlite_writer import SqliteWriter
from reference_impl.wire.payload import CardCode

COMPARED_BYTES = 2


def put(part: object, name: str, method: object) -> None:
    """Give one object another method than its class has."""
    setattr(part, name, method)


def accepts_truncated_mac(platform: Platform) -> None:
    """Compare the first bytes of a token's proof only."""
    rule = platform.parts.verification
    sound = rule.judge

    def judge(code: CardCode, card: CardRow | None, now_ms: int) -> None:
        if code.token is not None and _begins_alike(rule, code):
            issued_ms = issued_at(bytes.fromhex(code.token))
            if issued_ms > now_ms:
                raise RefusalError(FUTURE_CODE)
            if now_ms - issued_ms > rule.ttl_ms or (card is not None and issued_ms < card.active_since_ms):
                raise RefusalError(EXPIRED_CODE)
            code = replace(code, token=None)
        sound(code, card, now_ms)

    put(rule, "judge", judge)


def _begins_alike(rule: Verification, code: CardCode) -> bool:
    raw = bytes.fromhex(code.token or "")
    state = rule.keys.macs.get(raw[0])
    if state is None:
        return False
    mac = state.copy()
    mac.update(raw[:8] + code.card_id.encode())
    proof = mac.digest()[:8]
    return proof != raw[8:] and proof[:COMPARED_BYTES] == raw[8 : 8 + COMPARED_BYTES]


def accepts_flipped_type(platform: Platform) -> None:
    """Read a dynamic code that calls itself static as the static code of its card."""
    rule = platform.parts.verification
    sound = rule.read
    put(rule, "read", lambda text: sound(re.sub(r"^([0-9A-F]{64}:1):[0-9A-F]{32}$", r"\1", text)))


class _LetsIn:
    """A gate that tells its quotas and keeps none of them."""

    def __init__(self, gate: Gate) -> None:
        self.quotas = gate.quotas

    def admit_address(self, address: str) -> Wait | None:
        del address
        return None

    def admit(self, address: str, app_id: str, term_id: str) -> Wait | None:
        del address, app_id, term_id
        return None

    def told(self, address: str, app_id: str, outcome: object) -> None:
        del address, app_id, outcome


def no_rate_limit(platform: Platform) -> None:
    """Tell quotas and keep none."""
    platform.gateway.gate = cast("Gate", _LetsIn(platform.gateway.gate))


class _CountsTogether:
    """A gate that counts all callers as one."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.quotas = gate.quotas

    def admit_address(self, address: str) -> Wait | None:
        del address
        return self._gate.admit_address("everywhere")

    def admit(self, address: str, app_id: str, term_id: str) -> Wait | None:
        del address, app_id, term_id
        return self._gate.admit("everywhere", "everyone", "everything")

    def told(self, address: str, app_id: str, outcome: object) -> None:
        del address, app_id, outcome


def global_limit(platform: Platform) -> None:
    """Let one caller use up what belongs to all."""
    platform.gateway.gate = cast("Gate", _CountsTogether(platform.gateway.gate))


def _sqlite_writer(platform: Platform) -> SqliteWriter:
    assert isinstance(platform.writer, SqliteWriter)  # noqa: S101 - these defects are of the database file
    return platform.writer


LATE_S = 0.05


def acknowledges_before_commit(platform: Platform) -> None:
    """Answer a verification first, and commit it a little later."""
    writer = _sqlite_writer(platform)
    sound = writer._transaction
    raw = cast("Any", writer)._raw

    def commit() -> None:
        if raw.in_transaction:
            raw.execute("COMMIT")

    @contextmanager
    def transaction(jobs: bool) -> Iterator[None]:
        if jobs:
            commit()
            with sound(jobs):
                yield
            return
        if not raw.in_transaction:
            raw.execute("BEGIN IMMEDIATE")
            _later(LATE_S, commit)
        yield

    put(writer, "_transaction", transaction)


def _later(seconds: float, call: Callable[[], None]) -> None:
    import asyncio

    asyncio.get_running_loop().call_later(seconds, call)


def never_syncs(platform: Platform) -> None:
    """Leave it to the system when records reach the disk."""
    raw: sqlite3.Connection = cast("Any", _sqlite_writer(platform))._raw
    raw.execute("PRAGMA synchronous=OFF")


def swallows_disk_errors(platform: Platform) -> None:
    """Answer as if nothing had happened when the disk refuses."""
    writer = _sqlite_writer(platform)
    raw = cast("Any", writer)._raw
    sound = writer._transaction

    @contextmanager
    def transaction(jobs: bool) -> Iterator[None]:
        if jobs:
            with sound(jobs):
                yield
            return
        raw.execute("BEGIN IMMEDIATE")
        yield
        try:
            raw.execute("COMMIT")
        except sqlite3.OperationalError:
            raw.execute("ROLLBACK") if raw.in_transaction else None

    put(writer, "_transaction", transaction)
