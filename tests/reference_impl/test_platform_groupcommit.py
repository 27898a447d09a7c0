"""Jobs that share a transaction share its flush and nothing else."""

import threading
from concurrent.futures import CancelledError

import pytest
from sqlalchemy import func, insert, select, text

from reference_impl.storage.group_commit import GroupCommit
from reference_impl.storage.schema import INSTITUTIONS, SCHEMA, open_engine, sqlite_url


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(sqlite_url(tmp_path / "group.sqlite"))
    SCHEMA.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def commits(engine):
    commits = GroupCommit(engine)
    yield commits
    commits.close()


def add(code):
    def job(connection):
        connection.execute(insert(INSTITUTIONS), {"org_code": code, "name": "x", "valid": True})
        return code

    return job


def count(engine):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(INSTITUTIONS))


def test_what_is_answered_is_committed(engine, commits):
    assert commits.submit(add("1")).result(5) == "1"
    assert count(engine) == 1


def test_a_job_that_fails_takes_no_other_with_it(engine, commits):
    gate = threading.Event()
    held = commits.submit(lambda _: gate.wait(5))

    def half(connection):
        add("half")(connection)
        raise RuntimeError

    waiting = [commits.submit(job) for job in (add("1"), half, add("2"))]
    cancelled = commits.submit(add("3"))
    assert cancelled.cancel()
    gate.set()
    assert held.result(5)
    assert [waiting[0].result(5), waiting[2].result(5)] == ["1", "2"]
    with pytest.raises(RuntimeError):
        waiting[1].result(5)
    with pytest.raises(CancelledError):
        cancelled.result(5)
    assert count(engine) == 2


def test_everyone_learns_that_nothing_reached_the_disk(engine, commits):
    def broken_promise(connection):
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        connection.execute(
            text("INSERT INTO apps (app_id, org_code, sealed_secret, valid) VALUES ('a', 'nowhere', x'00', 1)")
        )

    gate = threading.Event()
    commits.submit(lambda _: gate.wait(5))
    futures = [commits.submit(add("1")), commits.submit(broken_promise)]
    gate.set()
    for future in futures:
        assert future.exception(5) is not None
    assert count(engine) == 0
    assert commits.submit(add("2")).result(5) == "2"


def test_closing_finishes_what_is_queued(engine):
    commits = GroupCommit(engine)
    futures = [commits.submit(add(str(number))) for number in range(200)]
    commits.close()
    assert [future.result(0) for future in futures] == [str(number) for number in range(200)]


def test_the_disk_is_asked_for_full_durability(engine):
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
