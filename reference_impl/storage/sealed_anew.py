"""Everything the platform keeps sealed, sealed anew under the active versions, batch by batch beside the service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection, Engine, select

from reference_impl.access.applications import sealed_secrets
from reference_impl.cards.links import SEALED_NUMBER
from reference_impl.cards.persons import SEALED_IDENTITY
from reference_impl.clock import Clock, now_ms
from reference_impl.door.question import Parts
from reference_impl.keys.institution_keys import SEALED_KEYS, open_institution_key
from reference_impl.keys.keyring import Keyring
from reference_impl.keys.purposes import APP_SECRET, INSTITUTION, PERSON_DATA, State
from reference_impl.keys.resealing import Resealed, SealedColumn, seal_some_anew
from reference_impl.keys.sealing import SealingKeys
from reference_impl.keys.terminal_modules import sealed_keys
from reference_impl.records.audit import Entry, append, detail_text
from reference_impl.records.sharing import SEALED_CONTENT
from reference_impl.storage.batch import Writer
from reference_impl.storage.schema import KEYS

OPERATION = "platform.reseal"
AT_ONCE = 256


class Open(Protocol):
    """What of an open platform is needed here."""

    @property
    def parts(self) -> Parts:
        """Keys and randomness."""

    @property
    def writer(self) -> Writer:
        """The way to write."""

    @property
    def readers(self) -> Engine:
        """For reading beside the writer."""

    @property
    def clock(self) -> Clock:
        """The platform's."""


@dataclass(frozen=True)
class Superseded:
    """A key of stored values that has an older version which may still be needed.

    Attributes:
        purpose, owner: which key; ``owner`` is "" for the province's own.
        keys: its versions.
        columns: what is sealed under it.
    """

    purpose: str
    owner: str
    keys: SealingKeys = field(repr=False)
    columns: Sequence[SealedColumn] = field(repr=False)

    @property
    def name(self) -> tuple[str, str, int]:
        """Purpose, owner and active version: another name after the next rotation."""
        return self.purpose, self.owner, self.keys.active


def superseded(connection: Connection, keyring: Keyring) -> list[Superseded]:
    """Return every key whose older versions are neither gone nor revoked.

    Raises:
        PlatformError: the key of an institution does not open.
    """
    older = connection.execute(
        select(KEYS.c.purpose, KEYS.c.owner)
        .where(
            KEYS.c.purpose.in_((PERSON_DATA, APP_SECRET, INSTITUTION)),
            KEYS.c.state.in_((State.GRACE, State.RETIRED)),
        )
        .distinct()
        .order_by(KEYS.c.purpose, KEYS.c.owner)
    )
    return [_superseded(connection, keyring, row.purpose, row.owner) for row in older.all()]


def _superseded(connection: Connection, keyring: Keyring, purpose: str, owner: str) -> Superseded:
    if purpose == PERSON_DATA:
        return Superseded(purpose, owner, keyring.person_data, (SEALED_IDENTITY, SEALED_NUMBER, SEALED_CONTENT))
    if purpose == APP_SECRET:
        return Superseded(purpose, owner, keyring.app_secret, (SEALED_KEYS,))
    keys = open_institution_key(connection, keyring, owner)
    return Superseded(purpose, owner, keys, (sealed_secrets(owner), sealed_keys(owner)))


async def seal_anew(
    platform: Open, key: Superseded, pause: Callable[[], Awaitable[None]], told: Callable[[int], None] | None = None
) -> int:
    """Seal anew whatever is under an older version of ``key``, and record it; return how many values that were.

    Values that others write meanwhile under an older version are left over: a second pass that finds none is the proof
    that there are none.

    Args:
        platform: an open platform; its requests are served meanwhile.
        key: one of ``superseded``.
        pause: waited for between two batches.
        told: told of every batch how many values it held, if anybody is.

    Raises:
        PlatformError: a value does not open.
    """
    values = 0
    for column in key.columns:
        behind: tuple[object, ...] | None = None
        while (some := await asyncio.to_thread(_some, platform, column, key.keys, behind)) is not None:
            await platform.writer.submit(some.put_back)
            values, behind = values + len(some.rows), some.last
            if told is not None:
                told(len(some.rows))
            await pause()
    if values:
        detail = {"purpose": key.purpose, "owner": key.owner, "version": str(key.keys.active), "values": str(values)}
        entry = Entry(now_ms(platform.clock), OPERATION, detail=detail_text(detail))
        await platform.writer.submit(lambda connection: append(connection, entry))
    return values


def _some(
    platform: Open, column: SealedColumn, keys: SealingKeys, behind: tuple[object, ...] | None
) -> Resealed | None:
    with platform.readers.connect() as connection:
        return seal_some_anew(connection, column, keys, platform.parts.random, AT_ONCE, behind)
