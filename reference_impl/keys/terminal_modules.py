"""The security modules of terminals (PSAM), the platform's end: enrolled, keyed, keyed anew, wiped.

A challenge is not remembered: it carries its time and a MAC of the province's ``terminal-module`` key, so that only
this platform makes them, each for one serial and terminal, and none is taken after five minutes.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from reference_impl.entropy import RandomBytes
from reference_impl.keys.institution_keys import open_institution_key
from reference_impl.keys.keyring import Keyring
from reference_impl.keys.province import DESTROYED
from reference_impl.keys.resealing import SealedColumn
from reference_impl.refusals import (
    BAD_FIELD,
    BAD_PROOF,
    MODULE_ENROLLED,
    MODULE_WIPED,
    STALE_TIMESTAMP,
    TERMINAL_REFUSED,
    UNKNOWN_KEY,
    UNKNOWN_MODULE,
    RefusalError,
)
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import APPS, TERMINAL_MODULES, TERMINALS
from reference_impl.wire.sm import hmac_sm3
from reference_impl.wire.sm2 import Signer, Verifier
from reference_impl.wire.sm2_encryption import Encryptor
from reference_impl.wire.terminal_module import (
    CHALLENGE_BYTES,
    MODULE_KEY_BYTES,
    Enrolment,
    Injection,
    ModuleError,
    Proof,
    Succession,
    WipeOrder,
    check_name,
    enrolment_text,
    injection_text,
    is_proven,
    succession_text,
    wipe_text,
)

CHALLENGE_LIFE_MS = 5 * 60 * 1000

_TIME_BYTES = 6

_MODULE: Select[Any] = select(TERMINAL_MODULES).where(TERMINAL_MODULES.c.serial == bindparam("serial"))
# Of two changes of one module at once the second waits, and then reads what the first left.
_MODULE_TO_CHANGE = _MODULE.with_for_update()


class ModuleState(StrEnum):
    """Where a module stands; ``wiped`` is for good."""

    ENROLLED = "enrolled"
    KEYED = "keyed"
    WIPED = "wiped"


@dataclass(frozen=True)
class ModuleRecord:
    """What may be told of a module; ``key_version`` counts from 1, 0 before the first key. Times are Unix ms."""

    serial: str
    app_id: str
    term_id: str
    org_code: str
    key_version: int
    state: ModuleState
    enrolled_ms: int
    updated_ms: int


def make_challenge(keyring: Keyring, serial: str, term_id: str, now_ms: int) -> bytes:
    """Return the 16-byte challenge for one module: 6 bytes of Unix ms, 10 bytes of MAC."""
    moment = now_ms.to_bytes(_TIME_BYTES)
    key = keyring.terminal_module.keys[keyring.terminal_module.active]
    text = b"challenge|" + moment + f"|{serial}|{term_id}".encode()
    return moment + hmac_sm3(key, text)[: CHALLENGE_BYTES - _TIME_BYTES]


def enrol(connection: Connection, keyring: Keyring, app_id: str, answer: Enrolment, now_ms: int) -> ModuleRecord:
    """Take in a module that answered its challenge, for a terminal of the application ``app_id``.

    Raises:
        RefusalError: bad_field, bad_proof, stale_timestamp, terminal_refused (no such terminal of the application),
            module_enrolled, or module_wiped: a wiped module never comes back.
    """
    _check_answer(keyring, answer, now_ms)
    terminal = connection.execute(
        select(APPS.c.org_code)
        .select_from(TERMINALS.join(APPS))
        .where(TERMINALS.c.app_id == app_id, TERMINALS.c.term_id == answer.term_id)
    ).one_or_none()
    if terminal is None:
        raise RefusalError(TERMINAL_REFUSED)
    held = connection.execute(_MODULE, {"serial": answer.serial}).one_or_none()
    if held is not None and held.state == ModuleState.WIPED:
        raise RefusalError(MODULE_WIPED)
    stored = connection.execute(
        unless_held(connection, TERMINAL_MODULES),
        {
            "serial": answer.serial,
            "app_id": app_id,
            "term_id": answer.term_id,
            "org_code": terminal.org_code,
            "key_version": 0,
            "state": ModuleState.ENROLLED,
            "public_key": answer.public_key,
            "sealed_key": DESTROYED,
            "enrolled_ms": now_ms,
            "updated_ms": now_ms,
        },
    )
    if not stored.rowcount:
        raise RefusalError(MODULE_ENROLLED)
    return find_module(connection, answer.serial)


def inject(connection: Connection, keyring: Keyring, serial: str, random: RandomBytes, now_ms: int) -> Injection:
    """Make the module's next key, the first or a newer one, and return it encrypted for the module and signed.

    The older key is not accepted any more.

    Raises:
        RefusalError: unknown_module or module_wiped.
        PlatformError: the institution has no key.
    """
    row = _require_alive(connection, serial, _MODULE_TO_CHANGE)
    key, version = random(MODULE_KEY_BYTES), row.key_version + 1
    sealed = open_institution_key(connection, keyring, row.org_code).seal(key, _context(serial, version), random)
    connection.execute(
        update(TERMINAL_MODULES)
        .where(TERMINAL_MODULES.c.serial == serial)
        .values(sealed_key=sealed, key_version=version, state=ModuleState.KEYED, updated_ms=now_ms)
    )
    return _injection(keyring, row, version, key)


def repeat_injection(connection: Connection, keyring: Keyring, serial: str) -> Injection:
    """Return the present key once more, for a module that missed it.

    Raises:
        RefusalError: unknown_module, module_wiped, or bad_proof: it was given no key yet.
        PlatformError: the institution's key does not open it.
    """
    row = _require_alive(connection, serial)
    return _injection(keyring, row, row.key_version, _open_key(connection, keyring, row))


def check_proof(connection: Connection, keyring: Keyring, proof: Proof, message: bytes) -> ModuleRecord:
    """Make sure that ``message`` passed through the module under its present key.

    Raises:
        RefusalError: unknown_module, module_wiped or bad_proof.
        PlatformError: the institution's key does not open the module's.
    """
    row = _require_alive(connection, proof.serial)
    if proof.version != row.key_version or not is_proven(_open_key(connection, keyring, row), proof, message):
        raise RefusalError(BAD_PROOF)
    return _record(row)


def succeed(keyring: Keyring, trusted_version: int) -> Succession:
    """Return the message that makes modules which trust an older signing key, still in grace, trust the active one.

    Raises:
        RefusalError: unknown_key: that version is not accepted any more; such modules go back to their maker.
    """
    trusted = keyring.signing_versions.get(trusted_version)
    if trusted is None:
        raise RefusalError(UNKNOWN_KEY)
    public = keyring.signing.public
    return Succession(public, Signer(trusted.private, trusted.public).sign(succession_text(public)))


def wipe(connection: Connection, keyring: Keyring, serial: str, now_ms: int) -> WipeOrder:
    """Refuse the module from now on, destroy the platform's copy of its key, and return the order for the module.

    Raises:
        RefusalError: unknown_module or module_wiped.
    """
    _require_alive(connection, serial, _MODULE_TO_CHANGE)
    connection.execute(
        update(TERMINAL_MODULES)
        .where(TERMINAL_MODULES.c.serial == serial)
        .values(sealed_key=DESTROYED, state=ModuleState.WIPED, updated_ms=now_ms)
    )
    return WipeOrder(serial, _signer(keyring).sign(wipe_text(serial)))


def find_module(connection: Connection, serial: str) -> ModuleRecord:
    """Return one module, wiped ones too.

    Raises:
        RefusalError: unknown_module.
    """
    row = connection.execute(_MODULE, {"serial": serial}).one_or_none()
    if row is None:
        raise RefusalError(UNKNOWN_MODULE)
    return _record(row)


def list_modules(connection: Connection, org_code: str) -> list[ModuleRecord]:
    """Return every module of an institution."""
    ours = select(TERMINAL_MODULES).where(TERMINAL_MODULES.c.org_code == org_code)
    return [_record(row) for row in connection.execute(ours.order_by(TERMINAL_MODULES.c.serial))]


def sealed_keys(org_code: str) -> SealedColumn:
    """Return what is to be sealed anew when the key of this institution is rotated."""
    return SealedColumn(
        TERMINAL_MODULES,
        TERMINAL_MODULES.c.sealed_key,
        lambda row: _context(row.serial, row.key_version),
        TERMINAL_MODULES.c.org_code == org_code,
    )


def _check_answer(keyring: Keyring, answer: Enrolment, now_ms: int) -> None:
    try:
        check_name(answer.serial)
        check_name(answer.term_id)
        verifier = Verifier(answer.public_key)
    except (ModuleError, ValueError) as error:
        raise RefusalError(BAD_FIELD, "enrolment") from error
    made_ms = int.from_bytes(answer.challenge[:_TIME_BYTES])
    expected = make_challenge(keyring, answer.serial, answer.term_id, made_ms)
    if not hmac.compare_digest(expected, answer.challenge):
        raise RefusalError(BAD_PROOF)
    if not 0 <= now_ms - made_ms < CHALLENGE_LIFE_MS:
        raise RefusalError(STALE_TIMESTAMP)
    if not verifier.verify(enrolment_text(answer.challenge, answer.serial, answer.term_id), answer.signature):
        raise RefusalError(BAD_PROOF)


def _require_alive(connection: Connection, serial: str, chosen: Select[Any] = _MODULE) -> Row[Any]:
    row = connection.execute(chosen, {"serial": serial}).one_or_none()
    if row is None:
        raise RefusalError(UNKNOWN_MODULE)
    if row.state == ModuleState.WIPED:
        raise RefusalError(MODULE_WIPED)
    return row


def _open_key(connection: Connection, keyring: Keyring, row: Row[Any]) -> bytes:
    if row.state != ModuleState.KEYED:
        raise RefusalError(BAD_PROOF)
    keys = open_institution_key(connection, keyring, row.org_code)
    return keys.unseal(row.sealed_key, _context(row.serial, row.key_version))


def _injection(keyring: Keyring, row: Row[Any], version: int, key: bytes) -> Injection:
    sealed = Encryptor(row.public_key).encrypt(key)
    signature = _signer(keyring).sign(injection_text(row.serial, version, sealed))
    return Injection(row.serial, version, sealed, signature)


def _signer(keyring: Keyring) -> Signer:
    return Signer(keyring.signing.private, keyring.signing.public)


def _record(row: Row[Any]) -> ModuleRecord:
    return ModuleRecord(
        row.serial,
        row.app_id,
        row.term_id,
        row.org_code,
        row.key_version,
        ModuleState(row.state),
        row.enrolled_ms,
        row.updated_ms,
    )


def _context(serial: str, version: int) -> str:
    return f"terminal_modules/{serial}/{version}"
