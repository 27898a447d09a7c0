"""Connections to PostgreSQL on which an answer is not yet durable: the commit comes late, or does not wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from reference_impl.defects.exchanging import put
from reference_impl.storage.postgres_items import PostgresItems


def on_each_connection(items: PostgresItems, change: Callable[[Any], Awaitable[Any]]) -> None:
    """Put something else in the place of every connection that the lane of the fast path opens."""
    sound = items._connect

    async def connect() -> None:
        await sound()
        items._connection = await change(items._connection)

    put(items, "_connect", connect)


async def waits_for_no_disk(connection: Any) -> Any:
    """Leave it to the server when a commit reaches the disk."""
    await connection.execute("SET synchronous_commit = off")
    return connection


class CommitsLate:
    """A connection that says it has committed, and does so ``late_s`` later or before its next transaction."""

    def __init__(self, connection: Any, late_s: float) -> None:
        self._connection = connection
        self._late_s = late_s
        self._owed = False
        self._tasks = set[asyncio.Task[None]]()

    def pipeline(self) -> AbstractAsyncContextManager[Any]:
        """As the connection itself."""
        pipeline: AbstractAsyncContextManager[Any] = self._connection.pipeline()
        return pipeline

    async def execute(self, statement: str, *arguments: Any, **options: Any) -> Any:
        """As the connection itself, but for the commit."""
        if statement == "COMMIT":
            self._owed = True
            task = asyncio.create_task(self._commit_later())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return None
        if statement == "BEGIN":
            await self._commit()
        return await self._connection.execute(statement, *arguments, **options)

    async def close(self) -> None:
        """Commit what is owed, and let go."""
        await self._commit()
        await self._connection.close()

    async def _commit_later(self) -> None:
        await asyncio.sleep(self._late_s)
        await self._commit()

    async def _commit(self) -> None:
        if self._owed and not self._connection.closed:
            self._owed = False
            await self._connection.execute("COMMIT")
