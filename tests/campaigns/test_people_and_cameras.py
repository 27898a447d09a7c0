"""Whole runs with a person and with a camera: who is blamed, and for what nobody is."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from certifying import certify

SUBJECT = ("--subject", "fixtures/subjects/emulated-gm65.toml")
BENCH = """
name = "a person at an emulated terminal"
[presenter]
driver = "frame-port"
gap_ms = 0
[scanner]
driver = "gm65"
baud = 115200
silence_s = 0.06
[scanner.label]
vendor = "Xiangka"
model = "EMU-GM65"
serial = "EMU-0001"
[scanner.emulated]
pace = "usb"
time_scale = 20
[platform]
driver = "hn-a"
[platform.reference]
"""
PERSON = """
[operator]
driver = "scripted"
timeout_s = 1.0
script = "{script}"
[stage]
driver = "operator"
pixel_mm = 0.25
[power]
driver = "operator"
[power.emulated]
"""
PLUG = """
[[question]]
asks = "拔下被测终端的电源"
answer = ["what?", "done"]
hand = "plug out"
[[question]]
asks = "重新接通被测终端的电源"
answer = ""
hand = "plug in"
"""
SET_UP = """
[[question]]
asks = "Set up the stage"
answer = ""
[[question]]
asks = "the usual light of a room"
answer = ""
"""
BACK = """
[[question]]
asks = "移到距终端 90 mm"
answer = ""
"""
NO_RAIL = """
[[question]]
asks = "将手机移到"
answer = "skip 没有导轨"
"""
TOO_SLOW = """
[[question]]
asks = "将手机移到"
answer = ""
after_s = 5
"""


def run(tmp_path: Path, tables: str, script: str, *rows: str):
    answers, bench = tmp_path / "answers.toml", tmp_path / "bench.toml"
    answers.write_text(script, encoding="utf-8")
    bench.write_text(BENCH + tables.format(script=answers), encoding="utf-8")
    return certify(tmp_path / "run", "--bench", str(bench), *SUBJECT, "--only", *rows)


def reason(ended, requirement: str) -> dict[str, str]:
    return next(row["reason"] for row in ended.document["verdicts"] if row["requirement"] == requirement)


def test_a_row_a_person_leaves_out_is_not_assessed_and_the_next_is_run(tmp_path: Path) -> None:
    ended = run(tmp_path, PERSON, SET_UP + BACK + NO_RAIL + PLUG, "EHC-TRM-001", "EHC-TRM-002", "EHC-TRM-009")
    verdicts = {"EHC-TRM-001": "PASS", "EHC-TRM-002": "PASS", "EHC-TRM-009": "NOT_ASSESSED"}
    assert ended.planned() == verdicts, ended.said
    assert "操作员跳过（没有导轨）" in reason(ended, "EHC-TRM-009")["zh"]
    assert "the operator declined (没有导轨)" in reason(ended, "EHC-TRM-009")["en"]
    journal = [json.loads(line) for line in (ended.folder / "journal.jsonl").read_text().splitlines()]
    told = [record["what"] for record in journal if record["channel"] == "operator"]
    plugged = ["asked", "hand", "not an answer", "answered", "asked", "hand", "answered"]
    moved_back = ["asked", "answered"]
    assert told == ["asked", "answered"] * 2 + ["asked", "declined", *moved_back, *plugged]
    assert ended.exit_code == 2


@pytest.mark.nightly
def test_a_person_who_does_not_answer_in_time_blames_nobody(tmp_path: Path) -> None:
    ended = run(tmp_path, PERSON, SET_UP + TOO_SLOW, "EHC-TRM-001", "EHC-TRM-009")
    assert ended.planned() == {"EHC-TRM-001": "PASS", "EHC-TRM-009": "NOT_ASSESSED"}, ended.said
    assert "did not answer within 1 s" in reason(ended, "EHC-TRM-009")["en"]


@pytest.mark.nightly
def test_a_question_nobody_scripted_is_the_benchs_fault_and_is_named(tmp_path: Path) -> None:
    ended = run(tmp_path, PERSON, SET_UP, "EHC-TRM-001", "EHC-TRM-009")
    assert ended.planned() == {"EHC-TRM-001": "PASS", "EHC-TRM-009": "RIG_ERROR"}, ended.said
    assert "a question that is not in the script" in reason(ended, "EHC-TRM-009")["en"]
    assert ended.exit_code == 3


@pytest.mark.nightly
def test_a_device_that_cannot_read_what_the_camera_sees_is_to_blame(tmp_path: Path) -> None:
    bench = tmp_path / "bench.toml"
    bench.write_text(BENCH + '[camera]\ndriver = "opencv"\n[camera.emulated]\n', encoding="utf-8")
    rows = ("EHC-TRM-001", "EHC-TRM-003")
    ended = certify(
        tmp_path / "run", "--bench", str(bench), *SUBJECT, "--defect", "drops-record-numbers", "--only", *rows
    )
    assert ended.planned() == {"EHC-TRM-001": "PASS", "EHC-TRM-003": "FAIL"}, ended.said
    record = json.loads((ended.folder / "run.json").read_text(encoding="utf-8"))
    assert record["photographs"] == ["bench-1.png"]
    assert (ended.folder / "pictures" / "bench-1.png").stat().st_size > 1000
    assert '<figure class="photograph">' in (ended.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.nightly
def test_a_camera_that_sees_nothing_is_told_before_anything_is_written(tmp_path: Path) -> None:
    for number in range(40):
        cv2.imwrite(str(tmp_path / f"dark-{number:03d}.png"), np.zeros((48, 64, 3), np.uint8))
    bench = tmp_path / "bench.toml"
    bench.write_text(BENCH + f'[camera]\ndriver = "opencv"\nsource = "{tmp_path}/dark-%03d.png"\n', encoding="utf-8")
    ended = certify(tmp_path / "run", "--bench", str(bench), *SUBJECT, "--only", "EHC-TRM-001")
    assert ended.exit_code == 3
    assert "camera: " in ended.said
    assert not ended.folder.exists()
