"""A disk that fills up in the middle of a batch: nobody in it is told that something was done."""

import asyncio

import pytest
from sqlalchemy import text

from reference_impl.records.audit import Entry, append, begin, check
from reference_impl.storage import epoch
from reference_impl.storage.engine import open_engine, sqlite_url
from reference_impl.storage.schema import SCHEMA
from reference_impl.storage.sqlite_writer import SqliteWriter

KEY = bytes(32)


class NoCaches:
    def refresh(self, epoch_now):
        pass


class Use:
    """An item that asks for one request key and one token, accepted unless they were spent."""

    card_id = None
    request_key = b"r" * 22
    token_key = b"t" * 22

    def decide(self, card):
        pass

    def settle(self, *, replayed, reused):
        self.refused = replayed or reused
        return Entry(1, "use")


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(sqlite_url(tmp_path / "full.sqlite"))
    with engine.begin() as connection:
        SCHEMA.create_all(connection)
        begin(connection, KEY)
        epoch.begin(connection)
        connection.execute(text("CREATE TABLE ballast(a BLOB)"))
    yield engine
    engine.dispose()


@pytest.fixture
def writer(engine):
    writer = SqliteWriter(engine, NoCaches(), "w0", KEY)
    yield writer
    writer.close_now()


def small(connection):
    append(connection, Entry(1, "small"))
    epoch.bump(connection)


def too_much(connection):
    connection.execute(text("INSERT INTO ballast VALUES (zeroblob(400000))"))


def fill(writer):
    raw = writer._raw
    raw.execute(f"PRAGMA max_page_count={raw.execute('PRAGMA page_count').fetchone()[0] + 2}")


def together(*queue):
    async def all_of_them():
        return await asyncio.gather(*(put() for put in queue), return_exceptions=True)

    return asyncio.run(all_of_them())


def test_jobs_before_and_after_it_fail_too_and_leave_nothing(engine, writer):
    fill(writer)
    told = together(*(lambda job=job: writer.submit(job) for job in (small, too_much, small)))
    assert all(isinstance(one, Exception) for one in told)
    with engine.connect() as connection:
        assert epoch.read(connection) == 1
        assert check(connection, KEY).records == 0
        assert check(connection, KEY).first_bad is None


def test_a_use_beside_it_is_not_accepted_and_may_come_again(engine, writer):
    fill(writer)
    first, again = Use(), Use()
    assert all(
        isinstance(one, Exception) for one in together(lambda: writer.put(first), lambda: writer.submit(too_much))
    )
    assert together(lambda: writer.put(again)) == [None]
    assert not again.refused
    with engine.connect() as connection:
        assert check(connection, KEY).records == 1
