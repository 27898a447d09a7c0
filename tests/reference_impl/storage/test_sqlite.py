"""What SQLite is told: commits that wait for the disk, readers that cannot write, transactions that wait in line."""

import threading

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import OperationalError
from writing import enrol

from reference_impl.storage.engine import open_engine, open_readers
from reference_impl.storage.schema import SPENT


@pytest.fixture
def database():
    return "sqlite"


def pragma(connection, name):
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_a_commit_waits_for_the_disk(room):
    def ask(connection):
        return pragma(connection, "journal_mode"), pragma(connection, "synchronous"), pragma(connection, "foreign_keys")

    assert room.writer().run(ask) == ("wal", 2, 1)
    with room.engine.connect() as connection:
        assert ask(connection) == ("wal", 2, 1)


def test_readers_see_what_is_committed_and_write_nothing(room):
    readers = open_readers(str(room.engine.url))
    writer = room.writer()
    writer.run(enrol("1"))
    with readers.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM institutions")).scalar() == 1
        with pytest.raises(OperationalError, match="readonly"):
            connection.execute(insert(SPENT), {"spent_key": b"k" * 22})
    readers.dispose()


def test_a_transaction_that_reads_first_waits_for_another_writer(room):
    other = open_engine(str(room.engine.url))
    holds, goes_on = threading.Event(), threading.Event()

    def hold():
        with other.begin() as connection:
            connection.execute(insert(SPENT), {"spent_key": b"a" * 22})
            holds.set()
            goes_on.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holds.wait(10)
    threading.Timer(0.3, goes_on.set).start()
    with room.engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM spent")).scalar() == 1
        connection.execute(insert(SPENT), {"spent_key": b"b" * 22})
    thread.join()
    other.dispose()
    assert room.count(SPENT) == 2
