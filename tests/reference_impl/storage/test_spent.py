"""Spent keys stay for as long as they are needed and an hour more, then go a few at a time."""

import asyncio

import pytest
from sqlalchemy import insert
from writing import Asked

from reference_impl.storage import spent
from reference_impl.storage.schema import SPENT
from reference_impl.storage.spent import FORGET_AFTER_MS, FORGET_EVERY_S, forget, keep_forgetting, spend, spent_key

NOW_MS = 1_800_000_000_000


class StopError(Exception):
    pass


def put_away(room, too_old_ms, count=1):
    with room.engine.begin() as connection:
        rows = [{"spent_key": spent_key(too_old_ms, number.to_bytes(16))} for number in range(count)]
        connection.execute(insert(SPENT), rows)


def test_keys_stand_in_the_order_of_their_time():
    keys = [spent_key(time, bytes([255 - time]) * 16) for time in range(200)]
    assert keys == sorted(keys)
    assert {len(key) for key in keys} == {22}
    assert spent_key(1, b"x" * 16 + b"y") == spent_key(1, b"x" * 16)


def test_a_key_is_spent_once(room):
    with room.engine.begin() as connection:
        assert spend(connection, spent_key(1, b"a" * 16))
        assert not spend(connection, spent_key(1, b"a" * 16))
        assert spend(connection, spent_key(2, b"a" * 16))


@pytest.mark.parametrize(("age_ms", "left"), [(FORGET_AFTER_MS, 1), (FORGET_AFTER_MS + 1, 0), (0, 1), (-1, 1)])
def test_a_key_stays_an_hour_after_it_is_needed(room, age_ms, left):
    put_away(room, NOW_MS - age_ms)
    with room.engine.begin() as connection:
        assert forget(connection, NOW_MS) == 1 - left
    assert room.count(SPENT) == left


def test_no_more_are_forgotten_at_once_than_said_and_the_oldest_first(room):
    put_away(room, 1, 5)
    put_away(room, 2, 5)
    put_away(room, NOW_MS, 3)
    left = []
    for gone in (4, 4, 2, 0):
        with room.engine.begin() as connection:
            assert forget(connection, NOW_MS, 4) == gone
        left.append([int.from_bytes(key[:6]) for key in room.column(SPENT.c.spent_key)])
    assert left == [[1, 2, 2, 2, 2, 2, *[NOW_MS] * 3], [2, 2, *[NOW_MS] * 3], [NOW_MS] * 3, [NOW_MS] * 3]


def test_forgetting_goes_on_for_ever_and_hurries_while_there_is_much(room, monkeypatch):
    monkeypatch.setattr(spent, "FORGET_AT_ONCE", 4)
    put_away(room, 1, 10)
    pauses = []

    async def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 4:
            raise StopError

    async def scenario():
        writer = room.writer()
        with pytest.raises(StopError):
            await keep_forgetting(writer.submit, lambda: NOW_MS / 1000, pause)
        await writer.put(Asked(spent_key(NOW_MS, b"a" * 16)))
        await writer.close()

    asyncio.run(scenario())
    assert pauses == [0, 0, FORGET_EVERY_S, FORGET_EVERY_S]
    assert room.count(SPENT) == 1


def test_a_database_that_fails_is_tried_again_later(caplog):
    pauses = []

    async def write(_job):
        raise ConnectionError("away: 439900199001010013")

    async def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 2:
            raise StopError

    with pytest.raises(StopError):
        asyncio.run(keep_forgetting(write, lambda: 0.0, pause))
    assert pauses == [FORGET_EVERY_S, FORGET_EVERY_S]
    assert caplog.messages == ["spent keys could not be forgotten"] * 2
