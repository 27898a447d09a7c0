"""Requests are handed over when they are due; what no user is free for waits, and what is ended is not sent."""

import subprocess
import sys

SCRIPT = """
import locust  # patches the standard library, which is why this is a process of its own
import time
from pathlib import Path
import gevent
from loadtests.dispatching import Dispatcher
from loadtests.errands import Errand, Twins
from loadtests.asking import static_code, verification
from loadtests.callers import Asker
from loadtests.plan import LoadPlan, Stage
from loadtests.schedule import draw

PLAN = LoadPlan("test", "http://127.0.0.1:1", Path("c"), (Stage("hold", 100, 100, 1, "even"),),
                mix={"verification": 1.0}, reuse_share=0.0)
part = draw(PLAN)


class Sealer:
    def make(self, index, begun, begun_ms, now):
        question = verification(f"T-{index}", static_code("0" * 64))
        twins = Twins() if index == 40 else None
        one = Errand(begun + float(part.due[index]), "hold", question, None, twins)
        return (one, Errand(one.due, "hold", question, None, twins)) if twins else (one,)


class Hand:
    def __init__(self):
        self.errands = []

    def take(self, errand):
        self.errands.append((errand, time.perf_counter()))


called = []


def run(hands, end_after):
    dispatcher = Dispatcher(part, Sealer(), called.append)
    for hand in hands:
        dispatcher.free("terminal", hand)
        dispatcher.free("window", hand)
    running = gevent.spawn(dispatcher.run, time.perf_counter() + 0.1, 0)
    gevent.sleep(end_after)
    return dispatcher, running


# Every arrival finds a hand: all are handed over, in order, none before it is due.
hands = [Hand() for _ in range(200)]
dispatcher, running = run(hands, 0.0)
running.join()
taken = sorted((one for hand in hands for one in hand.errands), key=lambda one: one[1])
assert len(taken) == dispatcher.due == 101, len(taken)
assert all(at >= errand.due for errand, at in taken)
assert dispatcher.until_s is None
assert not called

# Nobody is free after the first few: one more is called for each, the rest waits; ended, only the two that belong
# together are kept.
few = [Hand(), Hand()]
dispatcher, running = run(few, 1.3)
assert dispatcher.due == 101
assert len(called) == 101 - sum(len(hand.errands) for hand in few)
dispatcher.end()
kept = dispatcher.due - sum(len(hand.errands) for hand in few)
assert kept == 2, kept
late = Hand()
dispatcher.free("terminal", late)
dispatcher.free("window", late)
dispatcher.free("terminal", late)
dispatcher.free("window", late)
assert {errand.twin is not None for errand, _ in late.errands} == {True}
assert dispatcher.until_s > 1.0
"""


def test_requests_leave_when_they_are_due_or_wait_for_a_free_user():
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
