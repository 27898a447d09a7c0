"""What is being verified right now, read from the audit while somebody watches: it costs the callers nothing.

Everything is counted; of a rush only the newest are shown, for nobody reads faster. An entry tells where, what and how
it ended. Of the card it tells the first characters only, since whoever knows a whole card id can draw its static code.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, func, select

from reference_impl.door.api.door import ApiDoor
from reference_impl.door.use import VERIFY
from reference_impl.refusals import OK, OUTCOMES
from reference_impl.storage.schema import AUDIT, AUDIT_LANES

TICK_S = 0.5
MAX_WATCHERS = 16
MAX_ENTRIES = 50
"""As many entries of a lane as are shown at once; all of them are counted."""

_CARD_CHARACTERS = 8
_USES = AUDIT.c.op == VERIFY
_COUNTS = select(
    func.count(), func.count().filter(_USES), func.count().filter(_USES, AUDIT.c.outcome == OK.code)
).select_from(AUDIT)


@dataclass(frozen=True)
class LiveEntry:
    """One operation as a watcher sees it."""

    lane: str
    seq: int
    at_ms: int
    op: str
    org_code: str
    term_id: str
    card: str
    outcome: str
    name: str


@dataclass(frozen=True)
class Tick:
    """What was written since the tick before.

    Attributes:
        operations: how many operations.
        verified: how many of them were verifications.
        accepted: how many of those accepted the code.
        entries: the newest of each lane, at most ``MAX_ENTRIES``, in the order of their times.
    """

    operations: int
    verified: int
    accepted: int
    entries: tuple[LiveEntry, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the tick as JSON values."""
        return asdict(self)


class LiveLog:
    """Everyone who watches, at most ``MAX_WATCHERS``.

    Args:
        door: where the audit is read.
    """

    def __init__(self, door: ApiDoor) -> None:
        self._door = door
        self._watchers = 0
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Let every watcher come to an end."""
        self._stopping.set()

    async def watch(self) -> AsyncIterator[Tick]:
        """Yield what was written since the last tick, also nothing, until the platform stops.

        Raises:
            ProblemError: 503, too many watch already.
        """
        if self._watchers >= MAX_WATCHERS:
            raise self._door.problem(503, "too_many_watchers", f"at most {MAX_WATCHERS} watch at once")
        self._watchers += 1
        try:
            ends = await self._door.read(_ends)
            while not self._stopping.is_set():
                ends, tick = await self._door.read(partial(_since, before=ends))
                yield tick
                await self._tick()
        finally:
            self._watchers -= 1

    async def _tick(self) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), TICK_S)
        except TimeoutError:
            return


def _ends(connection: Connection) -> Mapping[str, int]:
    return {row.lane: row.next_seq for row in connection.execute(select(AUDIT_LANES.c.lane, AUDIT_LANES.c.next_seq))}


def _since(connection: Connection, before: Mapping[str, int]) -> tuple[Mapping[str, int], Tick]:
    ends = _ends(connection)
    operations = verified = accepted = 0
    found: list[Row[Any]] = []
    for lane, end in ends.items():
        first = before.get(lane, 1)
        if end == first:
            continue
        new = AUDIT.c.lane == lane, AUDIT.c.seq >= first, AUDIT.c.seq < end
        every, uses, good = connection.execute(_COUNTS.where(*new)).one()
        operations, verified, accepted = operations + every, verified + uses, accepted + good
        found += connection.execute(select(AUDIT).where(*new).order_by(AUDIT.c.seq.desc()).limit(MAX_ENTRIES)).all()
    entries = sorted(map(_entry, found), key=lambda entry: (entry.at_ms, entry.lane, entry.seq))
    return ends, Tick(operations, verified, accepted, tuple(entries))


def _entry(row: Row[Any]) -> LiveEntry:
    return LiveEntry(
        row.lane,
        row.seq,
        row.at_ms,
        row.op,
        row.org_code,
        row.term_id,
        row.card_id[:_CARD_CHARACTERS],
        row.outcome,
        OUTCOMES[row.outcome].name if row.outcome in OUTCOMES else "",
    )
