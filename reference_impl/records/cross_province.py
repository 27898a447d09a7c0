"""A code of another province: the national platform is asked whose card it is, and nobody is guessed at.

Only the static form ``<64 hex>:1`` can be asked for by its card id; a dynamic code is proved by the province that made
it, and how one province asks another to prove it is not public. Reconstructed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from sqlalchemy import Connection, update

from reference_impl.access.accounts import Account
from reference_impl.clock import Clock, now_ms
from reference_impl.entropy import RandomBytes
from reference_impl.records.audit import Entry, append, detail_text
from reference_impl.records.national_link import ForeignCard, LinkDownError, NationalLink, NotTakenError
from reference_impl.records.national_outbox import PROVINCE, USED_ACROSS_PROVINCES, enqueue
from reference_impl.records.national_sender import Transaction
from reference_impl.refusals import TRY_AGAIN, UNKNOWN_CARD, Outcome, RefusalError
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema_records import FOREIGN_CARDS
from reference_impl.wire.payload import STATIC, CardCode

OPERATION = "national.resolve"

WAIT_S = 2.0
"""Somebody stands at the window: an answer that takes longer is asked for again."""


@dataclass
class CrossProvince:
    """Asks for cards that are unknown here.

    Attributes:
        link: the way to the national platform.
        write: does a job in the writer's transaction.
        clock, random: the platform's.
        wait_s: how long an answer is waited for.
    """

    link: NationalLink
    write: Transaction
    clock: Clock
    random: RandomBytes
    wait_s: float = WAIT_S

    async def verify(self, code: CardCode, asker: Account, term_id: str) -> ForeignCard:
        """Return the card of another province that a code unknown here belongs to; the asking is audited in any case.

        Raises:
            RefusalError: unknown_card where no other province has it or the code is not static; try_again where the
                national platform did not answer in time, or not in a way that can be believed.
        """
        if code.code_type != STATIC:
            raise RefusalError(UNKNOWN_CARD)
        card: ForeignCard | None = None
        outcome = UNKNOWN_CARD
        try:
            async with asyncio.timeout(self.wait_s):
                card = await self.link.resolve(code.card_id)
        except (LinkDownError, NotTakenError, TimeoutError):
            outcome = TRY_AGAIN
        # Whoever is told to be ours and is not known here is nobody's.
        known = card if card is not None and card.province != PROVINCE else None
        await self.write(lambda connection: self._note(connection, code.card_id, asker, term_id, known, outcome))
        if known is None:
            raise RefusalError(outcome)
        return known

    def _note(
        self,
        connection: Connection,
        card_id: str,
        asker: Account,
        term_id: str,
        card: ForeignCard | None,
        outcome: Outcome,
    ) -> None:
        now = now_ms(self.clock)
        entry = Entry(now, OPERATION, asker.org_code, asker.app_id, term_id, card_id)
        if card is None:
            append(connection, replace(entry, outcome=outcome.code))
            return
        key = bytes.fromhex(card_id)
        values = {"province": card.province, "seen_ms": now}
        if not connection.execute(unless_held(connection, FOREIGN_CARDS), {"card_id": key, **values}).rowcount:
            connection.execute(update(FOREIGN_CARDS).where(FOREIGN_CARDS.c.card_id == key).values(values))
        detail = {"province": card.province}
        enqueue(connection, USED_ACROSS_PROVINCES, card_id, now, self.random, detail | {"org_code": asker.org_code})
        append(connection, replace(entry, detail=detail_text(detail)))
