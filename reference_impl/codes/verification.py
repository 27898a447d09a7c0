"""Verification: may this scanned text be used here and now, and whose card is it?

The order is fixed: form, genuineness, age, state of the card, reuse. The use is spent in the same transaction as its
audit record, and no answer leaves before that transaction is on the disk.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reference_impl.codes.tokens import TokenKeys, check, issued_at
from reference_impl.refusals import (
    CARD_NOT_ACTIVE,
    CLOSED_CARD,
    EXPIRED_CODE,
    FOREIGN_CODE,
    MALFORMED_CODE,
    UNKNOWN_CARD,
    RefusalError,
)
from reference_impl.storage.batch import CardRow
from reference_impl.storage.spent import spent_key
from reference_impl.wire.errors import PayloadError
from reference_impl.wire.payload import DYNAMIC, STATIC, CardCode, parse

ACTIVE = "2"
CLOSED = "3"

MAX_TTL_S = 300
"""The longest a dynamic code may be accepted; this project's choice, no limit is published."""

MAX_TTL_MS = MAX_TTL_S * 1000


@dataclass
class Verification:
    """The rule by which codes are accepted.

    Attributes:
        keys: token keys in force; replaced when they change.
        ttl_ms: greatest accepted age of a dynamic code.
    """

    keys: TokenKeys
    ttl_ms: int

    def read(self, text: str) -> CardCode:
        """Read a scanned text.

        Raises:
            RefusalError: malformed_code or foreign_code.
        """
        usual = _USUAL.fullmatch(text)
        if usual is not None:
            card_id, token = usual.groups()
            if token is None:
                return CardCode(card_id, STATIC, None, None, None, "hunan-static")
            return CardCode(card_id, DYNAMIC, token, None, None, "tencent-dynamic")
        try:
            code = parse(text)
        except PayloadError as error:
            raise RefusalError(MALFORMED_CODE, error.reason) from error
        # Pay part and record number stand outside the token's proof: a code that carries them was not issued here.
        if code.shape not in ("hunan-static", "tencent-dynamic"):
            raise RefusalError(FOREIGN_CODE, code.shape)
        return code

    def judge(self, code: CardCode, card: CardRow | None, now_ms: int) -> None:
        """Accept a code that was read, as far as it can be without knowing whether it was used before.

        Raises:
            RefusalError: forged_code, future_code, expired_code, unknown_card, closed_card or card_not_active.
        """
        issued_ms = None
        if code.token is not None:
            issued_ms = check(self.keys, code.token, code.card_id, now_ms, self.ttl_ms)
        if card is None:
            raise RefusalError(UNKNOWN_CARD)
        if card.state != ACTIVE:
            raise RefusalError(CLOSED_CARD if card.state == CLOSED else CARD_NOT_ACTIVE)
        if issued_ms is not None and issued_ms < card.active_since_ms:
            raise RefusalError(EXPIRED_CODE)

    def token_key(self, code: CardCode) -> bytes | None:
        """Return the key under which the one use of a dynamic code is spent, None for a static code."""
        if code.token is None:
            return None
        token = bytes.fromhex(code.token)
        return spent_key(issued_at(token) + MAX_TTL_MS, token)


# The two forms issued here, read at once; everything else takes the grammar's way to its refusal.
_USUAL = re.compile("([0-9A-F]{64}):(?:1|0:([0-9A-F]{32}))")
