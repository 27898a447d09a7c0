"""What PostgreSQL adds: connections that break, lanes that are locked, transactions that are given up, settings."""

import asyncio
import threading
import time

import pytest
from sqlalchemy import event, insert, text, update
from sqlalchemy.exc import DBAPIError, InternalError
from writing import Asked, enrol

from reference_impl.errors import PlatformError
from reference_impl.storage import postgres_session
from reference_impl.storage.engine import open_engine, open_readers
from reference_impl.storage.migrations import upgrade
from reference_impl.storage.schema import INSTITUTIONS, SPENT


@pytest.fixture
def database():
    return "postgresql"


def key(number):
    return number.to_bytes(22)


def run(scenario):
    asyncio.run(asyncio.wait_for(scenario, 30))


def cut_connections(room):
    """End every session of the database but the one that asks."""
    with room.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


class TestRoundTrips:
    """Between two statements of a job everyone in its group waits for the server and back."""

    @pytest.fixture
    def sent(self, room):
        statements = []
        event.listen(room.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
        return statements

    def savepoints(self, room, sent, jobs):
        async def scenario():
            writer = room.writer()
            sent.clear()
            await asyncio.gather(*map(writer.submit, jobs), return_exceptions=True)
            told = [statement for statement in sent if "SAVEPOINT" in statement]
            await writer.close()
            return told

        return asyncio.run(asyncio.wait_for(scenario(), 30))

    def test_a_job_alone_has_the_transaction_to_itself(self, room, sent):
        assert self.savepoints(room, sent, [enrol("1")]) == []

    def test_a_group_takes_one_for_each_of_its_jobs(self, room, sent):
        assert len(self.savepoints(room, sent, [enrol(str(number)) for number in range(20)])) == 20


class TestLostConnections:
    def test_those_under_way_are_told_and_the_next_are_served(self, room):
        async def scenario():
            writer = room.writer()
            await writer.put(Asked(key(1)))
            await writer.submit(enrol("1"))
            cut_connections(room)
            items = [writer.put(Asked(key(2))), writer.submit(enrol("2"))]
            results = await asyncio.gather(*items, return_exceptions=True)
            assert all(isinstance(result, Exception) for result in results)
            item = Asked(key(2))
            await writer.put(item)
            assert item.result == "ok"
            assert await writer.submit(enrol("3")) == "3"
            await writer.close()

        run(scenario())
        assert room.column(INSTITUTIONS.c.org_code) == ["1", "3"]
        assert (room.check().records, room.check().first_bad) == (4, None)

    def test_a_connection_lost_in_the_middle_of_a_group(self, room):
        async def scenario():
            writer = room.writer()
            group = [
                writer.submit(enrol("1")),
                writer.submit(lambda _: cut_connections(room)),
                writer.submit(enrol("2")),
            ]
            results = await asyncio.gather(*group, return_exceptions=True)
            assert all(isinstance(result, Exception) for result in results)
            assert await writer.submit(enrol("3")) == "3"
            await writer.close()

        run(scenario())
        assert room.column(INSTITUTIONS.c.org_code) == ["3"]
        assert (room.check().records, room.check().first_bad) == (1, None)

    def test_a_connection_lost_under_a_job_that_is_alone(self, room):
        def lost(connection):
            cut_connections(room)
            connection.execute(text("SELECT 1"))

        async def scenario():
            writer = room.writer()
            with pytest.raises(DBAPIError):
                await writer.submit(lost)
            assert await writer.submit(enrol("3")) == "3"
            # The connection it has now holds the lane, so nobody else gets it.
            with pytest.raises(PlatformError, match="another process writes"):
                room.writer()
            await writer.close()

        run(scenario())
        assert (room.check().records, room.check().first_bad) == (1, None)

    def test_a_server_that_is_away_is_not_asked_by_everyone(self, room, postgres_server):
        async def scenario():
            writer = room.writer()
            await writer.put(Asked(key(1)))
            postgres_server.stop()
            try:
                errors = [await _error(writer.put(Asked(key(2)))) for _ in range(20)]
                job = await _error(writer.submit(enrol("1")))
            finally:
                postgres_server.start()
            assert job is not None
            assert None not in errors
            # Between two tries nobody waits for a connection.
            assert "a moment ago" in " ".join(map(str, errors))
            item = Asked(key(2))
            deadline = time.monotonic() + 20
            while await _error(writer.put(item)) is not None:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)
            assert item.result == "ok"
            assert await writer.submit(enrol("2")) == "2"
            await writer.close()

        run(scenario())
        assert room.check().first_bad is None


async def _error(future):
    try:
        await future
    except Exception as error:
        return error
    return None


class TestLanes:
    def test_a_lane_has_one_writer(self, room, monkeypatch):
        monkeypatch.setattr(postgres_session, "_PATIENCE_S", 0.2)
        writer = room.writer("w0")
        with pytest.raises(PlatformError, match="another process writes the audit lane w0j"):
            room.writer("w0")
        other = room.writer("w1")
        asyncio.run(writer.close())
        asyncio.run(other.close())
        asyncio.run(room.writer("w0").close())

    def test_the_lane_of_a_writer_that_ended_just_now_is_waited_for(self, room):
        first = room.writer("w0")
        timer = threading.Timer(0.3, lambda: asyncio.run(first.close()))
        timer.start()
        second = room.writer("w0")
        timer.join()
        asyncio.run(second.close())


def test_two_processes_that_wait_in_a_circle_both_come_through(room):
    for code in ("1", "2"):
        writer = room.writer()
        writer.run(enrol(code))
        asyncio.run(writer.close())
    both = threading.Barrier(2)

    def rename(code, name):
        return lambda connection: connection.execute(
            update(INSTITUTIONS).where(INSTITUTIONS.c.org_code == code).values(name=name)
        )

    def meet(_):
        if not both.broken and both.n_waiting < 2:
            both.wait(10)

    async def scenario():
        one, two = room.writer("w0"), room.writer("w1")
        jobs = [
            *[one.submit(job) for job in (rename("1", "one"), meet, rename("2", "one"))],
            *[two.submit(job) for job in (rename("2", "two"), meet, rename("1", "two"))],
        ]
        await asyncio.gather(*jobs)
        await one.close()
        await two.close()

    run(scenario())
    assert set(room.column(INSTITUTIONS.c.name)) <= {"one", "two"}


def refusal(engine, what):
    """Tell whether opening the tables is refused with these words, None for not at all, within the next seconds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        told = None
        try:
            with engine.begin() as connection:
                upgrade(connection)
        except PlatformError as error:
            told = error.what
        if told == what or (told and what and what in told):
            return True
        # A server takes up its new settings a moment after it is told to.
        time.sleep(0.05)
    return False


class TestSettings:
    def test_readers_write_nothing(self, room):
        readers = open_readers(room.engine.url.render_as_string(hide_password=False))
        with readers.connect() as connection, pytest.raises(InternalError, match="read-only"):
            connection.execute(insert(SPENT), {"spent_key": key(1)})
        readers.dispose()

    def test_a_server_that_does_not_flush_is_refused(self, room, postgres_server):
        postgres_server.do("ALTER SYSTEM SET fsync = off")
        try:
            postgres_server.do("SELECT pg_reload_conf()")
            assert refusal(room.engine, "fsync is off")
        finally:
            postgres_server.do("ALTER SYSTEM RESET fsync")
            postgres_server.do("SELECT pg_reload_conf()")
        assert refusal(room.engine, None)

    @pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
    def test_a_database_that_cannot_write_every_name_is_refused(self, encoding, postgres_server):
        postgres_server.do(f"CREATE DATABASE narrow ENCODING '{encoding}' TEMPLATE template0")
        engine = open_engine(postgres_server.url("narrow"))
        try:
            assert refusal(engine, f"kept in {encoding}")
        finally:
            engine.dispose()
            postgres_server.do("DROP DATABASE narrow")

    @pytest.mark.parametrize(("set_to", "is_then"), [("off", "on"), ("local", "local"), ("on", "on")])
    def test_a_commit_waits_for_the_disk_whatever_the_database_says(self, room, set_to, is_then):
        with room.engine.begin() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar_one()
            connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = {set_to}'))
        room.engine.dispose()
        with room.engine.connect() as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == is_then

    def test_what_was_told_outlasts_a_crash_of_the_server(self, room, postgres_server):
        with room.engine.begin() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar_one()
            connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))

        async def scenario():
            writer = room.writer()
            told = 0
            for number in range(20):
                await writer.put(Asked(key(number)))
                await writer.submit(enrol(f"{number:02d}"))
                told += 1
            postgres_server.stop("immediate")
            postgres_server.start()
            room.engine.dispose()
            assert room.count(SPENT) == told
            assert room.count(INSTITUTIONS) == told
            assert (room.check().records, room.check().first_bad) == (2 * told, None)
            await writer.close()

        run(scenario())
