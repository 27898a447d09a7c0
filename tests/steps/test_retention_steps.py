"""What a search for what was kept proves: nothing without a restart, without files, or without anything read."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace

import pytest

from certification.catalogue import load_catalogue
from certification.verdicts import Verdict, judge
from rigs.errors import NotAssessedError, RigError
from rigs.optics.stimulus import Stimulus, Symbol
from steps import retention
from steps.sampling import Sampler, Trial

ROW = load_catalogue()["EHC-TRM-027"]


@pytest.fixture(autouse=True)
def platform(monkeypatch):
    """Codes of residents without a platform behind them."""
    codes = (Trial(Stimulus((Symbol(f"{n:064X}:1".encode()),))) for n in range(10_000))
    monkeypatch.setattr(retention, "codes_of_residents", lambda *_: codes)
    monkeypatch.setattr(retention, "ask_whose_code", lambda *_: None)


@pytest.fixture
def searched(tmp_path):
    """Makes a sampler whose terminal reads as it is told, and whose host keeps what it is told; and its evidence."""

    def make(outcome="exact", kept=("nothing",), supply=True):
        observations, cycles = [], []
        files = [tmp_path / f"{n}.log" for n, _ in enumerate(kept)]
        for file, content in zip(files, kept, strict=True):
            file.write_text(content)
        power = SimpleNamespace(cycle=lambda: cycles.append("cycle")) if supply else None
        own = tmp_path / "own"
        own.mkdir()
        run = SimpleNamespace(
            random=random.Random,
            evidence=SimpleNamespace(
                add=observations.append,
                of=lambda _: observations,
                beside=lambda _, name: own / name,
                flush=lambda: None,
                folder=own,
            ),
            subject=SimpleNamespace(yes_options=()),
            bench=SimpleNamespace(
                power=power,
                file=SimpleNamespace(usb=None),
                scanner=SimpleNamespace(reopen=lambda: cycles.append("reopen")),
                traces=SimpleNamespace(files=lambda _export: files),
                journal=SimpleNamespace(flush=lambda: None),
            ),
            station=SimpleNamespace(read=lambda *_: SimpleNamespace(outcome=outcome)),
            progress=lambda *_: None,
        )
        sampler = Sampler(run, ROW)
        sampler.prepared = lambda trials: ((trial, None) for trial in trials)
        return sampler, observations, cycles, own

    return make


def verdict(observations) -> Verdict:
    return judge(ROW, observations, None, planned=True, emulated=False).verdict


@pytest.mark.parametrize(("kept", "expected"), [("scan 00****:1", Verdict.PASS), (f"scan {7:064X}:1", Verdict.FAIL)])
def test_what_was_kept_decides_once_five_hundred_codes_were_read(kept, expected, searched):
    sampler, observations, cycles, own = searched(kept=(kept,))
    retention.nothing_kept(sampler, retention.read_and_restart(sampler))
    assert (verdict(observations), cycles) == (expected, ["cycle", "reopen"])
    [report] = [json.loads(file.read_text()) for file in own.iterdir()]
    assert (report["power_cycle"], report["searched"][0]["bytes"]) == ("supply", len(kept))


def test_a_bench_that_can_restart_nothing_leaves_the_row_open_before_a_code_is_shown(searched):
    sampler, observations, _, _ = searched(supply=False)
    with pytest.raises(NotAssessedError, match="neither cut the supply nor pull the USB plug"):
        retention.read_and_restart(sampler)
    assert (sampler.done, observations) == (0, [])


def test_a_search_of_no_file_is_no_proof_that_nothing_is_kept(searched):
    sampler, observations, _, _ = searched(kept=())
    read = retention.read_and_restart(sampler)
    with pytest.raises(RigError, match="not one file to search"):
        retention.nothing_kept(sampler, read)
    assert observations == []


def test_a_terminal_that_reads_nothing_leaves_the_row_open(searched):
    sampler, observations, _, _ = searched(outcome="no_read")
    retention.nothing_kept(sampler, retention.read_and_restart(sampler))
    assert verdict(observations) is Verdict.INCONCLUSIVE
