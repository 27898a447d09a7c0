"""The rows on a stage, where a person sets it: asked once for each setting, and left open when the person declines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from certifying import certify

SET_UP = """
[[question]]
asks = "Set up the stage"
answer = ""
[[question]]
asks = "the usual light of a room"
answer = ""
"""
SHIPPED = Path("rigs/benches/emulated-gm65.toml")


def bench_with_a_person(folder: Path, script: str) -> Path:
    (folder / "script.toml").write_text(script, encoding="utf-8")
    bench = folder / "bench.toml"
    asked = f'\n[operator]\ndriver = "scripted"\nscript = "{folder / "script.toml"}"\n'
    stage = '\n[stage]\ndriver = "operator"\npixel_mm = 0.108\n'
    bench.write_text(SHIPPED.read_text(encoding="utf-8") + asked + stage, encoding="utf-8")
    return bench


def questions(folder: Path) -> int:
    records = map(json.loads, (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines())
    return sum(record["channel"] == "operator" and record.get("what") == "asked" for record in records)


@pytest.mark.nightly
def test_a_person_who_declines_leaves_the_row_unassessed(tmp_path):
    script = SET_UP + '[[question]]\nasks = "Move the phone"\nanswer = "skip no rail"\ntimes = 0\n'
    ended = certify(tmp_path / "run", "--bench", str(bench_with_a_person(tmp_path, script)), "--only", "EHC-TRM-009")
    assert ended.planned() == {"EHC-TRM-009": "NOT_ASSESSED"}, ended.said


@pytest.mark.nightly
def test_a_person_moves_the_phone_once_for_each_distance(tmp_path):
    script = SET_UP + '[[question]]\nasks = "Move the phone to [0-9]+ mm"\nanswer = ""\ntimes = 0\n'
    ended = certify(tmp_path / "run", "--bench", str(bench_with_a_person(tmp_path, script)), "--only", "EHC-TRM-009")
    assert ended.planned() == {"EHC-TRM-009": "PASS"}, ended.said
    assert questions(ended.folder) == 2 + 18 + 1, "set up and lit, moved to each distance, moved back"
