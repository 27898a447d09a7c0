"""Verification: may this scanned text be used here and now, and whose card is it?

The order is fixed: form, genuineness, age, reuse, state of the card, record of the use. The use is written in the same
transaction as everything else, and no answer leaves before that transaction is on the disk.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from reference_impl.cards.holding import HeldCard, find_by_id, require_active
from reference_impl.codes.tokens import check
from reference_impl.keys.keyring import Keyring
from reference_impl.refusals import EXPIRED_CODE, FOREIGN_CODE, MALFORMED_CODE, REUSED_CODE, RefusalError
from reference_impl.storage.schema import USES, unless_held
from reference_impl.wire.errors import PayloadError
from reference_impl.wire.payload import CardCode, parse

_USED = select(USES.c.use_id).where(USES.c.token == bindparam("token"))
_RECORD = unless_held(USES)


@dataclass(frozen=True)
class Place:
    """Where a code is used: who asks, at which step of care, through which channel and device."""

    app_id: str
    term_id: str
    medstepcode: str
    channelcode: str
    terminalcode: str


def verify(connection: Connection, keyring: Keyring, text: str, place: Place, *, now_ms: int, ttl_ms: int) -> HeldCard:
    """Accept a code once and record its use; ``ttl_ms`` is the greatest accepted age of a dynamic code.

    Raises:
        RefusalError: malformed_code, foreign_code, forged_code, future_code, expired_code, reused_code, unknown_card,
            closed_card or card_not_active; nothing is recorded then.
    """
    code = _read(text)
    if code.token is None:
        held = find_by_id(connection, keyring, code.card_id)
        require_active(held)
        connection.execute(_RECORD, _use(code, place, now_ms))
        return held
    issued_ms = check(keyring.tokens, code.token, code.card_id, now_ms, ttl_ms)
    if connection.scalar(_USED, {"token": code.token}) is not None:
        raise RefusalError(REUSED_CODE)
    held = find_by_id(connection, keyring, code.card_id)
    require_active(held)
    if issued_ms < held.active_since_ms:
        raise RefusalError(EXPIRED_CODE)
    if not connection.execute(_RECORD, _use(code, place, now_ms)).rowcount:
        raise RefusalError(REUSED_CODE)
    return held


def _read(text: str) -> CardCode:
    try:
        code = parse(text)
    except PayloadError as error:
        raise RefusalError(MALFORMED_CODE, error.reason) from error
    # Pay part and record number stand outside the token's proof: a code that carries them was not issued here.
    if code.shape not in ("hunan-static", "tencent-dynamic"):
        raise RefusalError(FOREIGN_CODE, code.shape)
    return code


def _use(code: CardCode, place: Place, now_ms: int) -> dict[str, str | int | None]:
    return {
        "token": code.token,
        "card_id": code.card_id,
        "app_id": place.app_id,
        "term_id": place.term_id,
        "medstepcode": place.medstepcode,
        "channelcode": place.channelcode,
        "terminalcode": place.terminalcode,
        "used_ms": now_ms,
    }
