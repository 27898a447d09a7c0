"""Turns at a SQLite file: one process has it, who waits gets it as soon as it is free."""

import asyncio
import errno
import threading

import pytest
from sqlalchemy import text
from writing import Asked

from reference_impl.storage import turns
from reference_impl.storage.engine import open_engine, sqlite_url
from reference_impl.storage.turns import Turns


@pytest.fixture
def two(tmp_path):
    turns = Turns(tmp_path / "turn"), Turns(tmp_path / "turn")
    yield turns
    for one in turns:
        one.close()


def test_one_has_it_at_a_time(two):
    mine, theirs = two
    assert mine.take_now()
    assert not theirs.take_now()
    mine.give_back()
    assert theirs.take_now()
    theirs.give_back()


def test_who_waits_gets_it_when_it_is_given_back(two):
    mine, theirs = two
    assert mine.take_now()
    waiting = threading.Thread(target=theirs.take)
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    mine.give_back()
    waiting.join(10)
    assert not waiting.is_alive()
    assert not mine.take_now()


def test_who_waits_too_long_leaves_it_to_the_database(two, monkeypatch):
    mine, theirs = two
    monkeypatch.setattr(turns, "PATIENCE_S", 0.05)
    assert mine.take_now()
    theirs.take()
    assert not theirs.take_now()


def test_a_file_system_without_locks_is_no_trouble(two, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(turns.fcntl, "flock", refuse)
    assert two[0].take_now()
    two[0].give_back()


def test_it_goes_with_whoever_held_it(tmp_path):
    held, other = Turns(tmp_path / "turn"), Turns(tmp_path / "turn")
    assert held.take_now()
    held.close()
    assert other.take_now()
    other.close()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_writer_lets_the_loop_go_on_while_another_has_the_turn(room, database):
    other = Turns(f"{room.engine.url.database}-turn")

    async def scenario():
        writer = room.writer()
        assert other.take_now()
        first = writer.put(Asked((1).to_bytes(22)))
        await asyncio.sleep(0.05)
        second = writer.put(Asked((2).to_bytes(22)))
        await asyncio.sleep(0.05)
        assert (first.done(), second.done(), writer.waiting) == (False, False, 2)
        shared = []
        writer.on_batch = shared.append
        other.give_back()
        await asyncio.gather(first, second)
        assert shared == [2]
        await writer.close()

    asyncio.run(asyncio.wait_for(scenario(), 30))
    other.close()


@pytest.mark.parametrize("shared", [False, True])
def test_a_file_that_others_write_is_not_mapped(tmp_path, shared):
    engine = open_engine(sqlite_url(tmp_path / "file.sqlite"), shared=shared)
    with engine.connect() as connection:
        assert (connection.scalar(text("PRAGMA mmap_size")) == 0) is shared
    engine.dispose()
