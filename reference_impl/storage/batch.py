"""What a writer and the fast path of verification agree on: items that share one durable transaction.

A writer knows how its database looks cards up, spends keys and appends audit rows; it knows nothing of what a code is.
Whatever decides about an item does so between those steps and touches no database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

from reference_impl.records.audit import AuditKey, Entry

T = TypeVar("T")

Job = Callable[[Connection], T]
"""Something done inside a transaction of the writer's, undone by itself if it fails; it never commits."""

MAX_BATCH = 256
"""A batch longer than this would keep the first of its callers waiting for the last."""


class CardRow(NamedTuple):
    """A card and its holder as stored."""

    card_no: int
    state: str
    active_since_ms: int
    mindex_id: str
    sealed_identity: bytes


class Item(Protocol):
    """One request in a batch.

    Attributes:
        card_id: card to look up, None for none.
        request_key: spent whatever comes of the item; if it was spent before, the item is a replay.
        token_key: spent only if the item is otherwise accepted; None where nothing is to be spent.
    """

    card_id: bytes | None
    request_key: bytes
    token_key: bytes | None

    def decide(self, card: CardRow | None) -> None:
        """Come to a decision, knowing the card; must not raise."""

    def settle(self, *, replayed: bool, reused: bool) -> Entry:
        """Take in what was spent before, and return the record of the outcome; must not raise."""


class Caches(Protocol):
    """What is kept in memory and must follow the epoch."""

    def refresh(self, epoch: int) -> None:
        """Read keys and standing anew if the epoch moved."""


class Writer(Protocol):
    """The one way to write durably: what arrives together shares a transaction and one flush to the disk.

    A flush takes from a fraction of a millisecond to many, whatever it flushes; one for each request would bound the
    platform's rate by the disk. No result is given out before its transaction is committed. A failed transaction is an
    error for everyone in it, never silence.

    Attributes:
        on_batch: told how much shared a transaction, once it is durable; whoever counts sets it.
        more_coming: asked whether requests are under way that will be here in a moment, for which a writer may wait.
    """

    on_batch: Callable[[int], None]
    more_coming: Callable[[], bool]

    @property
    def waiting(self) -> int:
        """How many items and jobs are queued."""

    def put(self, item: Item) -> asyncio.Future[None]:
        """Queue an item of the fast path; done once its outcome is durable."""

    def submit(self, job: Job[T]) -> asyncio.Future[T]:
        """Queue a job; its future gives the result once the result is durable, or the job's or the disk's error."""

    def seal_with(self, audit_key: AuditKey) -> None:
        """Seal the ends of audit lanes with the active version of this key from now on."""

    def run(self, job: Job[T]) -> T:
        """Do a job at once, in the caller's thread; for commands, while nothing is served."""

    async def close(self) -> None:
        """Finish what is queued and let go of the database; nothing may be queued afterwards."""


def uncounted(_shared: int) -> None:
    """Count nothing: what ``on_batch`` is until somebody counts."""


def give(future: asyncio.Future[T], result: T) -> None:
    """Hand out a result, unless whoever waited for it is gone."""
    if not future.done():
        future.set_result(result)


def fail(future: asyncio.Future[T], error: BaseException) -> None:
    """Hand out an error, unless whoever waited is gone."""
    if not future.done():
        future.set_exception(error)
