"""A batch that waits in a circle with a job is done again, and nobody in it learns of that."""

import asyncio
import time

import pytest
from writing import Asked

from reference_impl.storage.spent import spend


def key(name):
    return name.to_bytes(22)


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_job_that_spends_in_another_order_costs_no_stranger_an_answer(room, database):
    def the_other_way_round(connection):
        assert spend(connection, key(2))
        time.sleep(0.4)
        assert spend(connection, key(1))

    async def scenario():
        writer = room.writer()
        await writer.put(Asked(key(100)))
        job = writer.submit(the_other_way_round)
        await asyncio.sleep(0.15)
        items = [Asked(key(name)) for name in (1, 2, *range(3, 20))]
        await asyncio.gather(job, *(writer.put(item) for item in items))
        await writer.close()
        return [item.result for item in items]

    results = asyncio.run(asyncio.wait_for(scenario(), 30))
    assert results == ["replayed", "replayed", *["ok"] * 17]
    assert room.check().first_bad is None
