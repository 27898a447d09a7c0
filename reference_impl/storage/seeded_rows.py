"""The rows of seeded people, sealed and keyed as issuance would, made by several processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import NamedTuple

from reference_impl.cards.issuance import MINDEX_BYTES
from reference_impl.cards.persons import person_key, seal_identity
from reference_impl.entropy import RandomBytes, system_entropy
from reference_impl.keys.keyring import Keyring
from reference_impl.storage.seeded_people import seeded_person
from reference_impl.wire.sm import hmac_sm3

CHUNK = 10_000
"""People made by one process at a time."""

_AHEAD = 2
_held: list[Keyring] = []
_Columns = list[tuple[bytes | str, ...]]


class SeededRow(NamedTuple):
    """What is stored of a person and their card beside numbers and times."""

    person_key: bytes
    mindex_id: str
    sealed_identity: bytes
    card_id: bytes
    channel: str


def make_rows(keyring: Keyring, seed: int, numbers: range, random: RandomBytes) -> list[SeededRow]:
    """Return the rows of people in the order of their numbers."""
    rows = []
    for number in numbers:
        person = seeded_person(seed, number)
        mindex_id = random(MINDEX_BYTES).hex().upper()
        rows.append(
            SeededRow(
                person_key(keyring, person.text),
                mindex_id,
                seal_identity(keyring, mindex_id, person.identity, random),
                hmac_sm3(keyring.card_id, person.text),
                person.channel,
            )
        )
    return rows


def rows_in_chunks(keyring: Keyring, seed: int, numbers: range, random: RandomBytes) -> Iterator[list[SeededRow]]:
    """Yield the rows chunk by chunk in the order of their numbers; many people are shared out among processes.

    Processes draw from the system: a random source copied into each would give all of them the same nonces.
    """
    chunks = (range(first, min(first + CHUNK, numbers.stop)) for first in range(numbers.start, numbers.stop, CHUNK))
    if len(numbers) <= CHUNK or "fork" not in multiprocessing.get_all_start_methods():
        for chunk in chunks:
            yield make_rows(keyring, seed, chunk, random)
        return
    # Forked processes have the keys already; nothing else would carry them over without writing them down.
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(
        processes, multiprocessing.get_context("fork"), initializer=_settle, initargs=(keyring,)
    ) as pool:
        under_way: deque[Future[_Columns]] = deque()
        for chunk in islice(chunks, processes * _AHEAD):
            under_way.append(pool.submit(_make, seed, chunk))
        while under_way:
            columns = under_way.popleft().result()
            for chunk in islice(chunks, 1):
                under_way.append(pool.submit(_make, seed, chunk))
            yield list(map(SeededRow._make, zip(*columns, strict=True)))


def _settle(keyring: Keyring) -> None:
    _held.append(keyring)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A forked process holds the lock of the data folder and the line to PostgreSQL as well: if it outlived a parent
    # that was killed, nobody could go on where the parent stopped.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _make(seed: int, numbers: range) -> _Columns:
    # Columns cross from process to process several times as fast as records.
    return list(zip(*make_rows(_held[0], seed, numbers, system_entropy), strict=True))
