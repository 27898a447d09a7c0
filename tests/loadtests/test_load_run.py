"""A real load on the reference platform: what the plan says is sent, and a platform that stands still is seen."""

import json
import os
import signal
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from loads import offer, offered, plan_for

from loadtests.plan import Stage
from loadtests.record import SEND_DELAY
from loadtests.schedule import draw
from rigs.child_process import ChildProcess

UNLIMITED = [part for name in ("app", "terminal", "address") for part in ("--quota", f"{name}=0")]


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    data = tmp_path_factory.mktemp("platform")
    with closing(
        ChildProcess("platform", ["platform", "serve", "--tethered", "--port", "0", "--data", str(data), *UNLIMITED])
    ) as process:
        yield process


@pytest.fixture(scope="module")
def ready(platform):
    return json.loads(platform.greeting)


def test_two_workers_send_the_plan_and_every_answer_is_right(ready, tmp_path):
    plan = plan_for(
        ready["url"],
        Path(ready["credentials"]),
        Stage("ramp", 20, 60, 2),
        Stage("hold", 60, 60, 2, "even"),
        dialects=("hn-a", "hn-s"),
        workers=2,
        registered=20,
        reuse_share=0.2,
    )
    record = offered(plan, tmp_path)
    whole = draw(plan)
    totals = record.totals
    assert totals.sent == totals.offered == whole.requests
    assert [worker.sent for worker in totals.workers] == [whole.part(k, 2).requests for k in range(2)]
    assert [stage.name for stage in record.stages] == ["ramp", "hold"]
    assert [stage.offered for stage in record.stages] == list(whole.per_stage(2))
    for stage in record.stages:
        assert stage.ok == stage.sent, (stage.refused, stage.errors)
    assert (totals.wrong_persons.count, totals.reused_accepted.count, totals.double_accepted.count) == (0, 0, 0)
    # A twin of a static code shows nothing.
    assert 0 < totals.twins <= whole.twin.sum()
    assert [second.offered for second in record.seconds[:4]] == list(whole.per_second(4))
    for name in ("sent", "ok"):
        assert sum(getattr(second, name) for second in record.seconds) == getattr(record.stages[0], name) + getattr(
            record.stages[1], name
        )
    assert record.count() == totals.sent
    acknowledged = list(record.acknowledged())
    assert len({effect.tag for effect in acknowledged}) == len(acknowledged)
    kinds = Counter(effect.kind for effect in acknowledged)
    # Of two that showed one code at once, one was refused.
    assert whole.due.size >= kinds.total() > whole.due.size * 0.7
    assert len({effect.term_id for effect in acknowledged}) == 8
    assert (tmp_path / "locust_stats.csv").read_text().count("hn-s,verification") == 1


def test_a_platform_that_stands_still_is_seen_in_the_tail(platform, ready, tmp_path):
    """Whoever waits for an answer before asking again would see one slow request; here all that were due then are."""
    plan = plan_for(
        ready["url"], Path(ready["credentials"]), Stage("hold", 60, 60, 5, "even"), registered=20, reuse_share=0.0
    )
    frozen = []

    def freeze(_, second):
        if second["t"] >= 1 and not frozen:
            frozen.append(second)
            os.kill(platform.pid, signal.SIGSTOP)
            threading.Timer(1.0, os.kill, (platform.pid, signal.SIGCONT)).start()

    record = offered(plan, tmp_path, freeze)
    slow = sum(count for ms, count in record.histogram() if ms > 500)
    assert slow >= 60 * 0.5 * 0.8
    assert record.percentile(99) > 900
    # The generator itself went on meanwhile: what it sent then left in its time.
    assert record.percentile(99) > 3 * (record.percentile(90, log=SEND_DELAY) or 0.0)


def test_what_cannot_be_asked_ends_in_one_line(ready, tmp_path):
    nowhere = plan_for("http://127.0.0.1:9", Path(ready["credentials"]), Stage("hold", 1, 1, 1), timeout_s=1.0)
    code, last = offer(nowhere, tmp_path)
    assert code == 3
    assert set(last["error"]) == {"what", "where", "remedy"}
    assert not (tmp_path / "load.json").exists()
