"""A code of another province: the national platform is asked whose card it is, and nobody is guessed at.

Only the static form ``<64 hex>:1`` can be asked for by its card id; a dynamic code is proved by the province that made
it, and how one province asks another to prove it is not public. Reconstructed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, update

from reference_impl.clock import Clock, now_ms
from reference_impl.entropy import RandomBytes
from reference_impl.records.audit import Entry, append, detail_text
from reference_impl.records.national_link import ForeignCard, LinkDownError, NationalLink, NotTakenError
from reference_impl.records.national_outbox import PROVINCE, USED_ACROSS_PROVINCES, enqueue
from reference_impl.records.national_sender import Transaction
from reference_impl.refusals import TRY_AGAIN, UNKNOWN_CARD, RefusalError
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema_records import FOREIGN_CARDS

ASK = "national.ask"
"""The record that a verification is passed on; what came of it is the record of the verification itself."""

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

    async def verify(self, asked: Entry, require: Callable[[int], None]) -> ForeignCard:
        """Return the card of another province that a static code unknown here belongs to.

        What is returned or raised is on record, durably, before it is.

        Args:
            asked: the record of the verification as it stands before the outcome; names the card.
            require: raises RefusalError if whoever asked may do so no more at a time, Unix ms; while the nation was
                asked, an application or terminal may have been suspended.

        Raises:
            RefusalError: unknown_card where no other province has it; try_again where the national platform did not
                answer in time, or not in a way that can be believed; what ``require`` refuses.
        """
        found = await self._ask(asked.card_id)
        told = await self.write(lambda connection: self._settle(connection, asked, require, found))
        if isinstance(told, RefusalError):
            raise told
        return told

    async def _ask(self, card_id: str) -> ForeignCard | RefusalError:
        try:
            async with asyncio.timeout(self.wait_s):
                card = await self.link.resolve(card_id)
        except (LinkDownError, NotTakenError, TimeoutError):
            return RefusalError(TRY_AGAIN)
        # Whoever is told to be ours and is not known here is nobody's.
        return RefusalError(UNKNOWN_CARD) if card is None or card.province == PROVINCE else card

    def _settle(
        self,
        connection: Connection,
        asked: Entry,
        require: Callable[[int], None],
        found: ForeignCard | RefusalError,
    ) -> ForeignCard | RefusalError:
        now = now_ms(self.clock)
        try:
            require(now)
        except RefusalError as refused:
            found = refused
        if isinstance(found, RefusalError):
            append(connection, replace(asked, at_ms=now, outcome=found.outcome.code))
            return found
        self._note_use(connection, found, asked.org_code, now)
        detail = {**json.loads(asked.detail), "province": found.province}
        append(connection, replace(asked, at_ms=now, detail=detail_text(detail)))
        return found

    def _note_use(self, connection: Connection, card: ForeignCard, org_code: str, now: int) -> None:
        key = bytes.fromhex(card.card_id)
        values = {"province": card.province, "seen_ms": now}
        if not connection.execute(unless_held(connection, FOREIGN_CARDS), {"card_id": key, **values}).rowcount:
            connection.execute(update(FOREIGN_CARDS).where(FOREIGN_CARDS.c.card_id == key).values(values))
        detail = {"province": card.province, "org_code": org_code}
        enqueue(connection, USED_ACROSS_PROVINCES, card.card_id, now, self.random, detail)
