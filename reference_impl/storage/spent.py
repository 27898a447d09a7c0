"""What may happen once: the key under which it is spent, and the forgetting of keys whose time alone refuses them.

A key begins with the moment (6 bytes, Unix ms) from which the thing itself is too old to be accepted, so that keys
stand in order of time: inserts touch the end of the index only, and forgetting takes a range.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy import Connection, delete, select

from reference_impl.clock import Clock, now_ms
from reference_impl.storage.batch import Job
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import SPENT

FORGET_AFTER_MS = 3_600_000
"""Keys stay an hour longer than they must, so that a clock set back a little brings nothing to life."""

FORGET_AT_ONCE = 5000
"""Keys dropped in one transaction at most, for others wait meanwhile."""

FORGET_EVERY_S = 1.0

LOG = logging.getLogger("reference_impl")

_NAME_BYTES = 16


def spent_key(too_old_ms: int, name: bytes) -> bytes:
    """Return the 22-byte key of what is refused as too old from ``too_old_ms`` on; 16 bytes of ``name`` count."""
    return too_old_ms.to_bytes(6) + name[:_NAME_BYTES]


def spend(connection: Connection, key: bytes) -> bool:
    """Spend a key; tell whether it was still there to be spent."""
    return bool(connection.execute(unless_held(connection, SPENT), {"spent_key": key}).rowcount)


def is_spent(connection: Connection, key: bytes) -> bool:
    """Tell whether a key was spent, without spending it."""
    return connection.scalar(select(SPENT.c.spent_key).where(SPENT.c.spent_key == key)) is not None


def forget(connection: Connection, now_ms: int, limit: int = FORGET_AT_ONCE) -> int:
    """Drop keys of what is refused by its age, the oldest ``limit`` at most; return how many went."""
    too_old = SPENT.c.spent_key < spent_key(now_ms - FORGET_AFTER_MS, b"")
    beyond = connection.scalar(
        select(SPENT.c.spent_key).where(too_old).order_by(SPENT.c.spent_key).offset(limit).limit(1)
    )
    return connection.execute(delete(SPENT).where(too_old if beyond is None else SPENT.c.spent_key < beyond)).rowcount


async def keep_forgetting(
    write: Callable[[Job[int]], Awaitable[int]],
    clock: Clock,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Drop what is too old, again and again until cancelled; ``write`` does a job of the writer's.

    Keys grow old as fast as they were spent, so little at a time and often keeps up without holding anyone back.
    """
    while True:
        try:
            gone = await write(lambda connection: forget(connection, now_ms(clock), FORGET_AT_ONCE))
        except Exception:
            # Whoever asks just now is told that the database fails; forgetting can wait until it does no more.
            LOG.warning("spent keys could not be forgotten")
            gone = 0
        await pause(0 if gone == FORGET_AT_ONCE else FORGET_EVERY_S)
