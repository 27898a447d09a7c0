"""A paced writer gives the writer behind it no more than its share, in order, and loses nothing."""

import asyncio
import time

import pytest
from writing import Asked, enrol

from reference_impl.storage.paced_writer import BURST_S, PacedWriter
from reference_impl.storage.schema import AUDIT, INSTITUTIONS


def key(name):
    return name.to_bytes(22)


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario, 30))


def test_items_and_jobs_come_no_faster_than_the_pace_and_all_of_them_come(room):
    per_second, count = 100, 60

    async def scenario():
        writer = PacedWriter(room.writer(), per_second)
        items = [Asked(key(number)) for number in range(count // 2)]
        begun = time.monotonic()
        waiting = [
            future for n, item in enumerate(items) for future in (writer.put(item), writer.submit(enrol(str(n))))
        ]
        assert writer.waiting >= count - per_second * BURST_S - 1
        results = await asyncio.gather(*waiting)
        took_s = time.monotonic() - begun
        await writer.close()
        return took_s, results[1::2], {item.result for item in items}

    took_s, done, outcomes = run(scenario())
    assert took_s >= count / per_second - BURST_S - 1 / per_second
    assert (done, outcomes) == ([str(n) for n in range(count // 2)], {"ok"})
    assert (room.count(INSTITUTIONS), room.count(AUDIT)) == (count // 2, count)


def test_a_pause_is_not_made_up_for_by_more_than_a_burst(room):
    per_second = 200

    async def scenario():
        writer = PacedWriter(room.writer(), per_second)
        await writer.put(Asked(key(1)))
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        await asyncio.gather(*[writer.put(Asked(key(2 + number))) for number in range(50)])
        took_s = time.monotonic() - begun
        await writer.close()
        return took_s

    assert run(scenario()) >= 50 / per_second - BURST_S - 1 / per_second


def test_what_is_held_back_is_finished_before_the_end(room):
    async def scenario():
        writer = PacedWriter(room.writer(), 50)
        waiting = [writer.put(Asked(key(number))) for number in range(10)]
        await writer.close()
        await asyncio.gather(*waiting)

    run(scenario())
    assert room.count(AUDIT) == 10


def test_an_error_reaches_whoever_waits_and_no_other(room):
    def fails(_connection):
        raise RuntimeError("half done")

    async def scenario():
        writer = PacedWriter(room.writer(), 1000)
        failed, done = writer.submit(fails), writer.submit(enrol("1"))
        with pytest.raises(RuntimeError, match="half done"):
            await failed
        assert await done == "1"
        await writer.close()

    run(scenario())
