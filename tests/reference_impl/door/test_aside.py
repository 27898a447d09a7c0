"""Opening beside the event loop: everyone gets their own answer, and the loop goes on meanwhile."""

import asyncio
import os
import threading

import pytest

from reference_impl.door import aside
from reference_impl.door.aside import TOGETHER, Aside, processors
from reference_impl.wire.errors import BadDigestError


class Line:
    """Opens a call once it may, and tells on which thread."""

    def __init__(self):
        self.may = threading.Event()
        self.threads = set()

    def open(self, call, now_ms):
        assert self.may.wait(10)
        self.threads.add(threading.current_thread().name)
        if call < 0:
            raise BadDigestError
        return call, now_ms


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("calls", [1, TOGETHER - 1, TOGETHER, TOGETHER + 1, 10 * TOGETHER])
def test_everyone_gets_their_own(threads, calls):
    async def scenario():
        opener, line = Aside(threads), Line()
        futures = [opener.open(line, call if call % 3 else -call, call * 10) for call in range(1, calls + 1)]
        await asyncio.sleep(0)
        assert opener.under_way == calls
        assert not any(future.done() for future in futures)
        line.may.set()
        results = await asyncio.gather(*futures, return_exceptions=True)
        for call, result in enumerate(results, 1):
            if call % 3:
                assert result == (call, call * 10)
            else:
                assert isinstance(result, BadDigestError)
        assert opener.under_way == 0
        assert threading.current_thread().name not in line.threads

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_what_comes_while_a_thread_ends_is_not_forgotten():
    async def scenario():
        opener, line = Aside(1), Line()
        line.may.set()
        for call in range(1, 200):
            assert await opener.open(line, call, 0) == (call, 0)

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_who_is_gone_harms_nobody():
    async def scenario():
        opener, line = Aside(1), Line()
        gone, stays = opener.open(line, 1, 0), opener.open(line, 2, 0)
        gone.cancel()
        line.may.set()
        assert await stays == (2, 0)
        assert opener.under_way == 0

    asyncio.run(asyncio.wait_for(scenario(), 30))


def test_processors_are_those_this_process_may_use(monkeypatch):
    assert processors() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(aside.os, "sched_getaffinity")
    assert processors() == os.cpu_count()
