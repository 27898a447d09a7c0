"""Platforms that only load finds out: rare slips, races, stalls, slowness and growth that no single request shows."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence

from sqlalchemy import func, select

from reference_impl.access.accounts import Account
from reference_impl.defects.exchanging import put
from reference_impl.defects.load_on_postgres import audit_one_a_batch, forget_on_postgres, let_twins_in_on_postgres
from reference_impl.defects.rarity import Nth
from reference_impl.defects.twins import without_token_of_twins
from reference_impl.door.backlog import MAX_WAIT_S, MAX_WAITING
from reference_impl.door.use import VERIFY
from reference_impl.platform import Platform
from reference_impl.records.audit import Entry
from reference_impl.refusals import OK, RefusalError
from reference_impl.storage.batch import Item
from reference_impl.storage.postgres_writer import PostgresWriter
from reference_impl.storage.schema import CARDS
from reference_impl.storage.sqlite_writer import SqliteWriter
from reference_impl.wire.exchange import Biz, HttpAnswer, HttpRequest, Profile, Request
from reference_impl.wire.written_biz import WrittenBiz, text_of


def loses_acknowledged_use(platform: Platform, every: int) -> None:
    """Acknowledge one accepted verification in ``every`` and keep nothing of it: no spent key, no audit record."""
    due = Nth(every)
    if isinstance(platform.writer, PostgresWriter):
        forget_on_postgres(platform.writer._items, due)
        return
    writer = _sqlite(platform)
    sound = writer._settle

    def settle(items: Sequence[Item]) -> list[Entry]:
        kept = []
        for item, entry in zip(items, sound(items), strict=True):
            if entry.op == VERIFY and entry.outcome == OK.code and due():
                spent = [(key,) for key in (item.request_key, item.token_key) if key is not None]
                writer._raw.executemany("DELETE FROM spent WHERE spent_key = ?", spent)
            else:
                kept.append(entry)
        return kept

    put(writer, "_settle", settle)


GATHER_S = 0.005
"""How long a batch of the racing platform gathers, so that what arrives together is in one."""


def accepts_reuse_under_concurrency(platform: Platform) -> None:
    """Look whether a code was used before the batch spends it, so that two uses in one batch are both the first."""
    if isinstance(platform.writer, PostgresWriter):
        let_twins_in_on_postgres(platform.writer._items, GATHER_S)
        return
    writer = _sqlite(platform)
    sound = writer._spend_all

    def is_spent(key: bytes) -> bool:
        return writer._raw.execute("SELECT 1 FROM spent WHERE spent_key = ?", (key,)).fetchone() is not None

    def spend_all(items: Sequence[Item]) -> bool:
        without_token_of_twins(items, is_spent)
        return sound(items)

    put(writer, "_spend_all", spend_all)
    put(writer, "_gather", lambda loop: loop.call_later(GATHER_S, writer._await_turn, loop))


def answers_another_person(platform: Platform, every: int) -> None:
    """Answer one accepted verification in ``every`` with its own card and the identity of whoever came before."""
    gateway, due = platform.gateway, Nth(every)
    sound = gateway._verify
    before: dict[str, str] = {}
    owed = False

    async def verify(account: Account, request: Request, term_id: str, now: int) -> Biz | RefusalError:
        nonlocal before, owed
        told = await sound(account, request, term_id, now)
        if isinstance(told, RefusalError):
            return told
        other, before = before, json.loads(text_of(told))
        owed = due() or owed
        # Whoever came before may be the same person: then the slip waits for the next.
        if not owed or before["ehealth_card_id"] == other.get("ehealth_card_id", before["ehealth_card_id"]):
            return told
        owed = False
        wrong = {**other, "ehealth_card_id": before["ehealth_card_id"]}
        return WrittenBiz(json.dumps(wrong, ensure_ascii=False, separators=(",", ":")))

    put(gateway, "_verify", verify)


STALL_S = 2.0
AT_LEAST_BETWEEN_S = 1.0


def hides_a_stall(platform: Platform, every: int) -> None:
    """Stand still for ``STALL_S`` every so many seconds, and leave that time out of what the metrics are told."""
    gateway = platform.gateway
    sound_answer, sound_observe = gateway.answer, gateway.observe
    begun = False

    def stand_still(loop: asyncio.AbstractEventLoop) -> None:
        time.sleep(STALL_S)
        loop.call_later(max(every - STALL_S, AT_LEAST_BETWEEN_S), stand_still, loop)

    async def answer(profile: Profile, http: HttpRequest, address: str) -> HttpAnswer:
        nonlocal begun
        if not begun:
            begun = True
            loop = asyncio.get_running_loop()
            loop.call_later(every, stand_still, loop)
        return await sound_answer(profile, http, address)

    def observe(method: str, outcome: str, seconds: float) -> None:
        sound_observe(method, outcome, seconds - STALL_S if seconds > STALL_S else seconds)

    put(gateway, "answer", answer)
    put(gateway, "observe", observe)


COUNT_EVERY_S = 1.0


def slows_with_cards(platform: Platform, every: int) -> None:
    """Take a millisecond longer for a verification for each ``every`` cards there are, as a search without index."""
    gateway = platform.gateway
    sound = gateway._verify
    cards, counted_at = 0, 0.0

    async def verify(account: Account, request: Request, term_id: str, now: int) -> Biz | RefusalError:
        nonlocal cards, counted_at
        if (at := time.monotonic()) - counted_at > COUNT_EVERY_S:
            counted_at = at
            with platform.readers.connect() as connection:
                # Cards are numbered from 1 on and never taken away.
                cards = connection.scalar(select(func.max(CARDS.c.card_no))) or 0
        await asyncio.sleep(cards / every / 1000)
        return await sound(account, request, term_id, now)

    put(gateway, "_verify", verify)


def drops_audit_under_overload(platform: Platform) -> None:
    """Save the work of audit records while the queue is long."""
    backlog, gateway = platform.gateway.backlog, platform.gateway

    def overloaded() -> bool:
        return backlog.wait_s > 0.7 * MAX_WAIT_S or gateway.waiting > MAX_WAITING // 2

    if isinstance(platform.writer, PostgresWriter):
        audit_one_a_batch(platform.writer._items, overloaded)
        return
    writer = _sqlite(platform)
    sound = writer._settle

    def settle(items: Sequence[Item]) -> list[Entry]:
        entries = sound(items)
        return [entry for entry in entries if entry.op != VERIFY] if overloaded() else entries

    put(writer, "_settle", settle)


def grows_in_memory(platform: Platform) -> None:
    """Keep every request and its answer for as long as the process lives."""
    gateway = platform.gateway
    sound = gateway.answer
    seen: list[tuple[HttpRequest, HttpAnswer]] = []

    async def answer(profile: Profile, http: HttpRequest, address: str) -> HttpAnswer:
        told = await sound(profile, http, address)
        seen.append((http, told))
        return told

    put(gateway, "answer", answer)


def _sqlite(platform: Platform) -> SqliteWriter:
    assert isinstance(platform.writer, SqliteWriter)  # noqa: S101 - there are two writers
    return platform.writer
