"""A province's worth of cards at once, for figures and load: what issuance would write, in stages.

A stage is one transaction: what is seeded after an interruption begins where the last whole stage ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from reference_impl.access.first_institution import ORG_CODE
from reference_impl.cards.holding import ACTIVE
from reference_impl.clock import now_ms
from reference_impl.errors import PlatformError
from reference_impl.platform import Platform
from reference_impl.records.audit import Entry, append, detail_text
from reference_impl.storage.bulk_load import BulkLoad
from reference_impl.storage.engine import unless_held
from reference_impl.storage.schema import CARDS, PERSONS, SEEDINGS
from reference_impl.storage.schema_records import ISSUANCES
from reference_impl.storage.seeded_people import PEOPLE
from reference_impl.storage.seeded_rows import SeededRow, rows_in_chunks

STAGE = 5_000_000
OPERATION = "platform.seed"

_FEW = 50_000
_MOSTLY_NEW = 8
"""Making the indexes anew takes them all in: it pays for a stage of at least an eighth of the cards there are."""
_AT_ONCE = 500

Progress = Callable[[int], None]


def _nobody_asks() -> None:
    """Tell nobody."""


def seed_cards(
    platform: Platform,
    count: int,
    seed: int,
    progress: Progress,
    stage: int = STAGE,
    indexing: Callable[[], None] = _nobody_asks,
) -> int:
    """Give the first ``count`` people of ``seed`` a card each, unless they have one; return how many were made.

    Args:
        platform: an open platform that nobody serves meanwhile: a stage keeps everybody else waiting.
        count: how many people, at most ``PEOPLE``.
        seed: with whom to begin, 0 or more.
        progress: told now and then how many more people have their cards.
        stage: how many people share a transaction at most.
        indexing: told when the rows of a stage are written and the indexes are made anew, which takes a while.

    Raises:
        PlatformError: there are not so many people, or no such seed.
    """
    if not 0 <= count <= PEOPLE:
        raise PlatformError(
            f"there are {PEOPLE} different synthetic people, not {count}", where="--cards", remedy="ask for fewer"
        )
    if seed < 0:
        raise PlatformError(f"{seed} is no seed", where="--seed", remedy="name one of 0 or more")
    settled = min(platform.run(partial(_settled, seed=seed)), count)
    progress(settled)
    made = 0
    for first in range(settled, count, stage):
        made += _stage(platform, seed, range(first, min(first + stage, count)), progress, indexing)
    return made


def _settled(connection: Connection, seed: int) -> int:
    return connection.scalar(select(SEEDINGS.c.settled).where(SEEDINGS.c.seed == seed)) or 0


def _stage(platform: Platform, seed: int, numbers: range, progress: Progress, indexing: Callable[[], None]) -> int:
    present = platform.run(lambda connection: connection.scalar(select(func.max(CARDS.c.card_no)))) or 0
    told: list[int] = []

    def tell(people: int) -> None:
        told.append(people)
        progress(people)

    if len(numbers) > _FEW and len(numbers) * _MOSTLY_NEW > present:
        try:
            return platform.run(
                partial(_load, platform=platform, seed=seed, numbers=numbers, progress=tell, indexing=indexing)
            )
        except IntegrityError:
            # Some of them have cards, from another seed or from whoever registered them.
            progress(-sum(told))
    return platform.run(partial(_add, platform=platform, seed=seed, numbers=numbers, progress=progress))


def _load(
    connection: Connection,
    platform: Platform,
    seed: int,
    numbers: range,
    progress: Progress,
    indexing: Callable[[], None],
) -> int:
    load = BulkLoad(connection, ACTIVE, now_ms(platform.clock), ORG_CODE)
    load.begin()
    for rows in rows_in_chunks(platform.parts.keyring, seed, numbers, platform.parts.random):
        load.append(rows)
        progress(len(rows))
    indexing()
    load.end()
    _settle(connection, platform, seed, numbers, len(numbers))
    return len(numbers)


def _add(connection: Connection, platform: Platform, seed: int, numbers: range, progress: Progress) -> int:
    made, now = 0, now_ms(platform.clock)
    for rows in rows_in_chunks(platform.parts.keyring, seed, numbers, platform.parts.random):
        for first in range(0, len(rows), _AT_ONCE):
            made += _add_some(connection, rows[first : first + _AT_ONCE], now)
        progress(len(rows))
    _settle(connection, platform, seed, numbers, made)
    return made


def _add_some(connection: Connection, rows: Sequence[SeededRow], now: int) -> int:
    people = {row.person_key: row for row in rows}
    numbered = select(PERSONS.c.person_key, PERSONS.c.person_no).where(PERSONS.c.person_key.in_(people))
    held = set(connection.scalars(select(CARDS.c.card_id).where(CARDS.c.card_id.in_([row.card_id for row in rows]))))
    known = {bytes(row.person_key) for row in connection.execute(numbered)}
    new = [row for row in rows if row.person_key not in known and row.card_id not in held]
    if not new:
        return 0
    connection.execute(
        unless_held(connection, PERSONS),
        [
            {
                "person_key": row.person_key,
                "mindex_id": row.mindex_id,
                "sealed_identity": row.sealed_identity,
                "registered_ms": now,
            }
            for row in new
        ],
    )
    numbers = {bytes(row.person_key): row.person_no for row in connection.execute(numbered)}
    connection.execute(
        unless_held(connection, CARDS),
        [
            {
                "card_id": row.card_id,
                "person_no": numbers[row.person_key],
                "state": ACTIVE,
                "active_since_ms": now,
                "channel": row.channel,
                "changed_ms": now,
            }
            for row in new
        ],
    )
    issued = select(CARDS.c.card_no, CARDS.c.active_since_ms, CARDS.c.channel, literal(ORG_CODE)).where(
        CARDS.c.card_id.in_([row.card_id for row in new])
    )
    connection.execute(insert(ISSUANCES).from_select(["card_no", "issued_ms", "channel", "org_code"], issued))
    return len(new)


def _settle(connection: Connection, platform: Platform, seed: int, numbers: range, made: int) -> None:
    known = connection.execute(update(SEEDINGS).where(SEEDINGS.c.seed == seed).values(settled=numbers.stop))
    if not known.rowcount:
        connection.execute(insert(SEEDINGS), {"seed": seed, "settled": numbers.stop})
    detail = detail_text({"seed": str(seed), "first": str(numbers.start), "cards": str(made)})
    append(connection, Entry(now_ms(platform.clock), OPERATION, detail=detail))
