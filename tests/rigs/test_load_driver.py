"""The load generator's process as the bench meets it: what it says, how it ends, what it leaves, what is blamed."""

from __future__ import annotations

import copy
import os
import sys
import time
from pathlib import Path

import pytest

from loadtests.plan import LoadPlan, Stage
from rigs.bench_file import load_bench
from rigs.drivers import locust_load
from rigs.drivers.locust_load import LocustLoad
from rigs.errors import BenchFileError, InvalidLoadError, RigError
from rigs.journal import Journal

BENCHES = Path(__file__).parents[2] / "rigs" / "benches"

STAND_IN = """
import json, os, signal, sys, time
from pathlib import Path
from loadtests.plan import LoadPlan
from loadtests.record import LoadTotals, Second, StageTotals
from loadtests.record_writer import RecordWriter
plan = LoadPlan.from_json(Path(sys.argv[3]).read_text()); folder = Path(sys.argv[5])
assert sys.argv[1:3] == ["run", "--plan"] and sys.argv[4] == "--out"
ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
Path(folder, "pid").write_text(str(os.getpid()))
with RecordWriter(folder, 1.0) as writer:
    for t in range(int(plan.seconds)):
        if ended:
            break
        writer.second(Second(t, "hold", offered=5, sent=5, ok=5), {}, {})
        print(json.dumps({"t": t, "stage": "hold", "offered": 5, "ok": 5, "p95": None, "extra": 1}), flush=True)
        time.sleep(PACE)
    ENDING
    writer.finish(LoadTotals(plan, 1.0, t, bool(ended), (StageTotals("hold", t),)))
"""


def stand_in(folder: Path, ending: str = "", pace: float = 0.0) -> LocustLoad:
    script = folder / "stand_in.py"
    script.write_text(STAND_IN.replace("ENDING", ending).replace("PACE", str(pace)), encoding="utf-8")
    return LocustLoad(Journal(None), (sys.executable, str(script)))


def plan(seconds: float = 5) -> LoadPlan:
    return LoadPlan("reference", "http://127.0.0.1:1", Path("c.json"), (Stage("hold", 5, 5, seconds),))


@pytest.fixture(autouse=True)
def from_here(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(BENCHES.parents[1]))


def alive(folder: Path) -> bool:
    try:
        os.kill(int((folder / "pid").read_text()), 0)
    except ProcessLookupError:
        return False
    return True


def test_every_second_is_told_and_the_record_read(tmp_path):
    seen = []
    record = stand_in(tmp_path).run(plan(), tmp_path / "load", lambda second: bool(seen.append(second)) or True)
    assert [(second.t, second.ok, second.p95) for second in seen] == [(t, 5, None) for t in range(5)]
    assert len(record.seconds) == 5
    assert not record.totals.ended_early
    assert not alive(tmp_path / "load")


def test_whoever_has_seen_enough_ends_it_in_order(tmp_path):
    record = stand_in(tmp_path, pace=0.05).run(plan(600), tmp_path / "load", lambda second: second.t < 3)
    assert record.totals.ended_early
    assert 3 <= len(record.seconds) < 600


def test_an_interrupted_load_leaves_no_process_and_a_whole_record(tmp_path):
    def interrupted(second):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stand_in(tmp_path, pace=0.05).run(plan(600), tmp_path / "load", interrupted)
    assert not alive(tmp_path / "load")
    assert (tmp_path / "load" / "load.json").is_file()


FAULT = """print(json.dumps({"error": {"what": "no worker came", "where": "127.0.0.1:5557", "remedy": "start one"}}));
    sys.exit(3)"""


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (FAULT, "127.0.0.1:5557: no worker came; start one"),
        ("sys.exit('out of luck')", "ended with code 1 (out of luck)"),
        ("os._exit(0)", "left no record"),
        ("Path(folder, 'load.json').write_text('{'); os._exit(0)", "left no record"),
    ],
)
def test_a_generator_that_fails_is_the_benchs_trouble_in_its_own_words(ending, said, tmp_path):
    with pytest.raises(RigError) as caught:
        stand_in(tmp_path, ending).run(plan(1), tmp_path / "load", lambda _: True)
    assert said in str(caught.value)
    assert not isinstance(caught.value, InvalidLoadError)


def test_a_generator_that_says_nothing_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(locust_load, "SILENT_S", 0.1)
    monkeypatch.setattr(locust_load, "ENDING_S", 2.0)
    begun = time.monotonic()
    with pytest.raises(RigError, match="said nothing"):
        stand_in(tmp_path, "time.sleep(600)").run(plan(1), tmp_path / "load", lambda _: True)
    assert time.monotonic() - begun < 300
    assert not alive(tmp_path / "load")


def bench(folder: Path, load: str, name: str = "reference-platform.toml") -> Path:
    file = folder / "bench.toml"
    file.write_text((BENCHES / name).read_text(encoding="utf-8") + f"\n[load]\n{load}\n", encoding="utf-8")
    return file


def test_a_bench_says_how_its_platform_is_loaded(tmp_path):
    table = load_bench(BENCHES / "reference-platform-load.toml").load
    assert (table.rate, table.base_rate, table.capacity) == (200, 40, 300)
    assert load_bench(bench(tmp_path, "workers = 2\ndialects = ['hn-a', 'wechat']")).load.workers == 2
    assert load_bench(BENCHES / "reference-platform.toml").load is None


@pytest.mark.parametrize(
    ("load", "said"),
    [
        ("driver = 'wrk'", "unknown driver 'wrk'"),
        ("profile = 'provinse'", "there is no profile 'provinse'"),
        ("workers = 0", "load.workers"),
        ("rate = 0", "load.rate"),
        ("seconds = 0.5", "load.seconds"),
        ("dialects = ['hn-x']", "there is no dialect 'hn-x'"),
        ("dialects = []", "load.dialects"),
        ("generator_defect = 'sleeps'", "has no defect 'sleeps'"),
        ("rates = 5", "unknown key 'load.rates'"),
    ],
)
def test_a_wrong_key_of_a_load_is_told(load, said, tmp_path):
    with pytest.raises(BenchFileError) as caught:
        load_bench(bench(tmp_path, load))
    assert said in str(caught.value)


def test_only_a_platform_under_test_is_loaded(tmp_path):
    with pytest.raises(BenchFileError, match="tests a terminal"):
        load_bench(bench(tmp_path, "rate = 5", "emulated-gm65.toml"))


def test_an_invalid_load_keeps_both_languages_when_it_is_handed_on():
    said = copy.copy(InvalidLoadError("迟发", "late", where="load/x"))
    assert (said.zh, said.what, said.where) == ("迟发", "late", "load/x")
