"""What every writer promises, on both databases."""

import asyncio
import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from writing import Asked, enrol

from reference_impl.storage import epoch
from reference_impl.storage.batch import MAX_BATCH
from reference_impl.storage.schema import AUDIT, INSTITUTIONS, SPENT

_BASES = itertools.count(1000, 1000)


def key(name):
    return name.to_bytes(22)


def half(connection):
    enrol("half")(connection)
    raise RuntimeError("half done")


def run(scenario):
    asyncio.run(asyncio.wait_for(scenario, 30))


class TestJobs:
    def test_what_is_answered_is_committed(self, room):
        async def scenario():
            writer = room.writer()
            assert await writer.submit(enrol("1")) == "1"
            assert room.column(INSTITUTIONS.c.org_code) == ["1"]
            assert room.count(AUDIT) == 1
            await writer.close()

        run(scenario())

    def test_a_job_that_fails_takes_no_other_with_it(self, room):
        async def scenario():
            writer = room.writer()
            futures = [writer.submit(job) for job in (enrol("1"), half, enrol("1"), enrol("2"))]
            results = await asyncio.gather(*futures, return_exceptions=True)
            assert (results[0], results[3]) == ("1", "2")
            assert isinstance(results[1], RuntimeError)
            assert type(results[2]).__name__ == "IntegrityError"
            await writer.close()

        run(scenario())
        assert room.column(INSTITUTIONS.c.org_code) == ["1", "2"]
        assert room.count(AUDIT) == 2
        assert room.check().first_bad is None

    def test_a_job_that_fails_alone_leaves_nothing_and_the_next_goes_on(self, room):
        async def scenario():
            writer = room.writer()
            for code in ("1", "2"):
                with pytest.raises(RuntimeError, match="half done"):
                    await writer.submit(half)
                assert await writer.submit(enrol(code)) == code
            await writer.close()

        run(scenario())
        assert room.column(INSTITUTIONS.c.org_code) == ["1", "2"]
        assert (room.check().records, room.check().first_bad) == (2, None)

    @pytest.mark.parametrize("order", ["ffw", "fwf", "wff", "ff", "wfwfw"])
    def test_each_that_fails_of_a_group_leaves_nothing_wherever_it_stands(self, room, order):
        async def scenario():
            writer = room.writer()
            jobs = [enrol(str(n)) if kind == "w" else half for n, kind in enumerate(order)]
            results = await asyncio.gather(*map(writer.submit, jobs), return_exceptions=True)
            assert ["f" if isinstance(result, RuntimeError) else "w" for result in results] == list(order)
            await writer.close()

        run(scenario())
        assert room.column(INSTITUTIONS.c.org_code) == [str(n) for n, kind in enumerate(order) if kind == "w"]
        assert (room.check().records, room.check().first_bad) == (order.count("w"), None)

    def test_jobs_are_done_in_their_order(self, room):
        async def scenario():
            writer = room.writer()
            order = []
            await asyncio.gather(*(writer.submit(lambda _, n=number: order.append(n)) for number in range(600)))
            assert order == list(range(600))
            await writer.close()

        run(scenario())

    def test_who_stopped_waiting_harms_nobody(self, room):
        async def scenario():
            writer = room.writer()
            gone, stays = writer.submit(enrol("1")), writer.submit(enrol("2"))
            asking = writer.put(Asked(key(1)))
            left = writer.put(Asked(key(2)))
            gone.cancel()
            left.cancel()
            assert await stays == "2"
            await asking
            assert await writer.submit(enrol("3")) == "3"
            await writer.close()

        run(scenario())
        assert room.check().first_bad is None

    def test_everyone_learns_that_nothing_reached_the_disk(self, room):
        with room.engine.begin() as connection:
            reference = "text REFERENCES institutions DEFERRABLE INITIALLY DEFERRED"
            connection.execute(text(f"CREATE TABLE promises (org_code {reference})"))

        def broken_promise(connection):
            connection.execute(text("INSERT INTO promises VALUES ('nowhere')"))

        async def scenario():
            writer = room.writer()
            together = [writer.submit(job) for job in (enrol("1"), broken_promise, enrol("2"))]
            results = await asyncio.gather(*together, return_exceptions=True)
            assert {type(result).__name__ for result in results} == {"IntegrityError"}
            assert (room.count(INSTITUTIONS), room.count(AUDIT)) == (0, 0)
            assert await writer.submit(enrol("3")) == "3"
            await writer.put(Asked(key(1)))
            await writer.close()

        run(scenario())
        assert room.column(INSTITUTIONS.c.org_code) == ["3"]
        assert room.check().records == 2
        assert room.check().first_bad is None

    def test_closing_finishes_what_is_queued(self, room):
        async def scenario():
            writer = room.writer()
            jobs = [writer.submit(enrol(f"{number:03d}")) for number in range(300)]
            items = [Asked(key(number)) for number in range(600)]
            asked = [writer.put(item) for item in items]
            await writer.close()
            assert [job.result() for job in jobs] == [f"{number:03d}" for number in range(300)]
            assert all(future.done() for future in asked)
            assert {item.result for item in items} == {"ok"}

        run(scenario())
        assert (room.count(INSTITUTIONS), room.count(SPENT), room.check().records) == (300, 600, 900)

    def test_a_job_of_the_caller_s_thread(self, room):
        writer = room.writer()
        assert writer.run(enrol("1")) == "1"
        with pytest.raises(RuntimeError):
            writer.run(half)
        assert writer.run(enrol("3")) == "3"
        asyncio.run(writer.close())
        assert room.column(INSTITUTIONS.c.org_code) == ["1", "3"]
        assert room.check().records == 2

    def test_every_transaction_begins_with_the_epoch(self, room):
        async def scenario():
            writer = room.writer()
            await writer.put(Asked(key(1)))
            await writer.submit(epoch.bump)
            await writer.put(Asked(key(2)))
            await writer.submit(lambda _: None)
            await writer.close()

        run(scenario())
        assert room.caches.told == [1, 1, 2, 2]


class TestItems:
    def test_an_outcome_is_durable_when_it_is_known(self, room):
        async def scenario():
            writer = room.writer()
            item = Asked(key(1), key(2))
            await writer.put(item)
            assert item.result == "ok"
            assert room.column(SPENT.c.spent_key) == [key(1), key(2)]
            assert room.outcomes() == ["ok"]
            await writer.close()

        run(scenario())

    def test_a_token_is_spent_once_and_a_request_is_received_once(self, room):
        async def scenario():
            writer = room.writer()
            for requests in (
                [(1, 9, "ok"), (1, 9, "replayed"), (2, 9, "reused"), (3, 8, "ok")],
                [(3, 8, "replayed"), (4, 8, "reused"), (4, 7, "replayed"), (5, 7, "ok")],
            ):
                items = [Asked(key(request), key(token)) for request, token, _ in requests]
                await asyncio.gather(*map(writer.put, items))
                assert [item.result for item in items] == [result for *_, result in requests]
            await writer.close()

        run(scenario())
        assert room.check().first_bad is None

    def test_a_replay_does_not_spend_the_token_of_another_request(self, room):
        async def scenario():
            writer = room.writer()
            await writer.put(Asked(key(1)))
            items = [Asked(key(1), key(9)), Asked(key(2), key(9))]
            await asyncio.gather(*map(writer.put, items))
            assert [item.result for item in items] == ["replayed", "ok"]
            await writer.close()

        run(scenario())

    def test_a_refused_item_spends_its_request_and_keeps_its_token(self, room):
        async def scenario():
            writer = room.writer()
            items = [Asked(key(1), key(9), refused=True), Asked(key(1), key(9)), Asked(key(2), key(9))]
            await asyncio.gather(*map(writer.put, items))
            assert [item.result for item in items] == ["refused", "replayed", "ok"]
            await writer.close()

        run(scenario())

    def test_a_card_that_is_not_there_and_no_card(self, room):
        async def scenario():
            writer = room.writer()
            items = [Asked(key(1), card_id=b"c" * 32), Asked(key(2))]
            await asyncio.gather(*map(writer.put, items))
            assert [item.card for item in items] == [None, None]
            await writer.close()

        run(scenario())

    _chances = st.lists(
        st.lists(st.tuples(st.integers(1, 6), st.integers(100, 104), st.booleans()), min_size=1, max_size=8), max_size=6
    )

    @given(batches=_chances)
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_batches_spend_as_one_after_the_other_would(self, room, batches):
        base = next(_BASES)
        spent, expected, items = set(), [], []
        for request, token, refused in (row for batch in batches for row in batch):
            replayed = request in spent
            reused = not replayed and not refused and token in spent
            spent |= {request} if replayed or refused else {request, token}
            expected.append("replayed" if replayed else "reused" if reused else "refused" if refused else "ok")

        async def scenario():
            writer = room.writer()
            for batch in batches:
                asked = [Asked(key(base + r), key(base + t), refused=refused) for r, t, refused in batch]
                await asyncio.gather(*map(writer.put, asked))
                items.extend(asked)
            await writer.close()

        run(scenario())
        assert [item.result for item in items] == expected


def test_a_writer_tells_how_much_waits_and_how_much_shared_a_transaction(room):
    async def scenario():
        writer, shared = room.writer(), []
        writer.on_batch = shared.append
        assert writer.waiting == 0
        futures = [writer.submit(enrol("1")), *(writer.put(Asked(key(number))) for number in range(300))]
        assert writer.waiting == 301
        await asyncio.gather(*futures)
        assert (writer.waiting, sum(shared)) == (0, 301)
        assert max(shared) <= MAX_BATCH + 1
        assert len(shared) <= 4
        await writer.close()

    run(scenario())


def test_two_lanes_write_at_once_and_both_chains_hold(room):
    async def scenario():
        writers = [room.writer(lane) for lane in ("w0", "w1")]
        items = [Asked(key(number // 2), key(1000 + number // 2)) for number in range(200)]
        asked = [writers[n % 2].put(item) for n, item in enumerate(items)]
        jobs = [writers[n % 2].submit(enrol(f"{n:03d}")) for n in range(40)]
        await asyncio.gather(*asked, *jobs)
        for writer in writers:
            await writer.close()
        # Each request came to both: the writer that was second takes it for a replay.
        assert [sorted((a.result, b.result)) for a, b in zip(items[::2], items[1::2], strict=True)] == [
            ["ok", "replayed"]
        ] * 100

    run(scenario())
    found = room.check()
    assert (found.records, found.first_bad) == (240, None)


def test_a_lane_goes_on_where_it_ended(room):
    for number in range(3):
        writer = room.writer()
        writer.run(enrol(str(number)))
        asyncio.run(writer.close())
    assert room.check().records == 3
    assert room.check().first_bad is None


def test_a_writer_that_adds_to_nothing_leaves_no_record(room):
    writer = room.writer()
    writer.run(lambda connection: None)
    asyncio.run(writer.close())
    assert room.count(AUDIT) == 0
