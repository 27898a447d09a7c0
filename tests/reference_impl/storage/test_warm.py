"""Warming touches every card and holder once, and lets go when it is told to."""

import asyncio
import threading
from io import FileIO
from pathlib import Path

import pytest
from sqlalchemy import event, text

from reference_impl.storage import warm
from reference_impl.storage.engine import open_readers, sqlite_url
from reference_impl.storage.seeding import seed_cards
from reference_impl.storage.warm import Touched, Warming


@pytest.fixture
def platform(bench, monkeypatch):
    monkeypatch.setattr(warm, "_ROWS_A_PIECE", 70)
    monkeypatch.setattr(warm, "_BYTES_A_PIECE", 4096)
    seed_cards(bench.platform, 300, 1, lambda _: None)
    return bench.platform


def everything(platform):
    """What a whole warming touches: every byte of a SQLite file, every card and holder of PostgreSQL."""
    if platform.engine.dialect.name == "sqlite":
        return Touched(file_bytes=Path(platform.engine.url.database).stat().st_size)
    return Touched(0, 300, 300, 300)


def test_everything_is_touched_once(platform):
    warming = Warming(platform.readers)
    warming.start()
    assert warming.wait(30)
    assert warming.touched == everything(platform)
    warming.stop()


def test_the_event_loop_goes_on_meanwhile_and_may_end_it(platform, monkeypatch):
    seen = []
    monkeypatch.setattr(Warming, "stop", lambda self: seen.append(self.touched))
    asyncio.run(asyncio.wait_for(platform.warm_up(), 30))
    assert seen == [everything(platform)]

    # However quick it was, it is cancelled while it goes on.
    monkeypatch.setattr(Warming, "wait", lambda _self, _seconds: False)

    async def ended_early():
        task = asyncio.create_task(platform.warm_up())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(ended_early())
    assert len(seen) == 2


def test_it_ends_when_it_is_told_to(platform, monkeypatch):
    begun, goes_on = threading.Event(), threading.Event()

    def hold():
        begun.set()
        goes_on.wait(10)

    @event.listens_for(platform.readers, "before_cursor_execute")
    def _hold_look_up(_connection, _cursor, statement, *_rest):
        if "card_id >=" in statement:
            hold()

    class HeldFile(FileIO):
        def readinto(self, buffer):
            hold()
            return super().readinto(buffer)

    monkeypatch.setattr(Path, "open", lambda path, mode, **_: HeldFile(path, mode))
    warming = Warming(platform.readers)
    warming.start()
    assert begun.wait(10)
    assert not warming.wait(0)
    threading.Timer(0.1, goes_on.set).start()
    warming.stop()
    assert warming.wait(0)
    assert warming.touched.persons == 0
    assert warming.touched.file_bytes <= 4096
    event.remove(platform.readers, "before_cursor_execute", _hold_look_up)


def test_an_empty_platform_and_one_that_never_began(bench):
    warming = Warming(bench.platform.readers)
    warming.stop()
    warming = Warming(bench.platform.readers)
    warming.start()
    assert warming.wait(30)
    assert (warming.touched.card_ids, warming.touched.cards, warming.touched.persons) == (0, 0, 0)


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_database_that_cannot_be_read_is_left_to_those_who_ask(bench, database, caplog):
    with bench.platform.engine.begin() as connection:
        connection.execute(text("ALTER TABLE cards RENAME TO moved"))
    warming = Warming(bench.platform.readers)
    warming.start()
    assert warming.wait(30)
    assert warming.touched == Touched()
    assert caplog.messages == ["the tables could not be warmed"]


def test_a_file_that_is_not_there_is_left_to_those_who_ask(tmp_path, caplog):
    warming = Warming(open_readers(sqlite_url(tmp_path / "nowhere.sqlite")))
    warming.start()
    assert warming.wait(30)
    assert caplog.messages == ["the tables could not be warmed"]


@pytest.mark.parametrize("database", ["postgresql"])
def test_an_installed_prewarm_is_used(platform, database):
    with platform.engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION pg_prewarm"))
    statements = []

    @event.listens_for(platform.readers, "before_cursor_execute")
    def _note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    warming = Warming(platform.readers)
    warming.start()
    assert warming.wait(30)
    event.remove(platform.readers, "before_cursor_execute", _note)
    assert sum("SELECT pg_prewarm" in statement for statement in statements) == 5
    assert warming.touched == everything(platform)
