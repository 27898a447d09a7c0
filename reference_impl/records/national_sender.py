"""Telling the national platform: at least once, each card's events in order, again and again until taken or refused.

An event that was sent but whose answer was lost is sent again with the same id; the receiver takes it once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from reference_impl.clock import Clock, now_ms
from reference_impl.entropy import RandomBytes
from reference_impl.records.national_link import LinkDownError, NationalLink, NotTakenError
from reference_impl.records.national_outbox import DEAD, SENT, Event, due, put_off, settle

T = TypeVar("T")

FIRST_DELAY_MS = 1_000
LONGEST_DELAY_MS = 15 * 60_000
MAX_ATTEMPTS = 20
"""How often an event may fail at a receiver that answers. A receiver that cannot be reached counts for nothing."""

AT_ONCE = 32
POLL_S = 1.0


class Transaction(Protocol):
    """Does a job in a transaction, as ``ApiDoor.read`` and ``ApiDoor.write`` do."""

    def __call__(self, job: Callable[[Connection], T], /) -> Awaitable[T]:
        """Return the job's result once it is durable."""


@dataclass(frozen=True)
class Round:
    """What became of the events that were due: told, put off, dead; ``reached`` is False if nobody answered."""

    sent: int
    put_off: int
    dead: int
    reached: bool


def delay_ms(failures: int, random: RandomBytes) -> int:
    """Return how long to wait after that many failures in a row: doubling, and drawn from the upper half of that.

    Without the draw all that failed together would come back together.
    """
    longest = min(LONGEST_DELAY_MS, FIRST_DELAY_MS << min(failures - 1, 30))
    return longest // 2 + int.from_bytes(random(4)) * (longest // 2) // 0xFFFFFFFF


class NationalSender:
    """The sender; one process of a platform runs it.

    Args:
        read, write: transactions that only read, and that change.
        link: the way to the national platform.
        clock, random: the platform's.
        pause: how to wait, seconds.
    """

    def __init__(
        self,
        read: Transaction,
        write: Transaction,
        link: NationalLink,
        clock: Clock,
        random: RandomBytes,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._read = read
        self._write = write
        self._link = link
        self._clock = clock
        self._random = random
        self._pause = pause

    async def run(self) -> None:
        """Tell what is due until cancelled; after a failure to reach anybody, wait longer each time."""
        silent = 0
        while True:
            done = await self.send_due()
            silent = 0 if done.reached else silent + 1
            if silent:
                await self._pause(delay_ms(silent, self._random) / 1000)
            elif done.sent + done.put_off + done.dead < AT_ONCE:
                await self._pause(POLL_S)

    async def send_due(self) -> Round:
        """Tell what is due now, at most ``AT_ONCE`` events and one of each card."""
        events = await self._read(lambda connection: due(connection, now_ms(self._clock), AT_ONCE))
        if not events:
            return Round(0, 0, 0, reached=True)
        faults = await asyncio.gather(*map(self._tell, events))
        outcome = list(zip(events, faults, strict=True))
        await self._write(lambda connection: self._note(connection, outcome))
        dead = sum(_is_dead(event, fault) for event, fault in outcome)
        sent = faults.count(None)
        reached = not all(isinstance(fault, LinkDownError) for fault in faults)
        return Round(sent, len(events) - sent - dead, dead, reached)

    async def _tell(self, event: Event) -> LinkDownError | NotTakenError | None:
        try:
            await self._link.deliver(event)
        except (LinkDownError, NotTakenError) as error:
            return error
        return None

    def _note(self, connection: Connection, outcome: list[tuple[Event, LinkDownError | NotTakenError | None]]) -> None:
        now = now_ms(self._clock)
        for event, fault in outcome:
            if fault is None:
                settle(connection, event, SENT, now)
            elif _is_dead(event, fault):
                settle(connection, event, DEAD, now, str(fault))
            else:
                put_off(connection, event, now + delay_ms(event.attempts + 1, self._random), str(fault))


def _is_dead(event: Event, fault: LinkDownError | NotTakenError | None) -> bool:
    return isinstance(fault, NotTakenError) and (fault.final or event.attempts + 1 >= MAX_ATTEMPTS)
