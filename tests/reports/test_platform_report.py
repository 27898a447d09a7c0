"""The page of a platform: no word of a device, the mark of a test, counts that stand for many, decisions drawn."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from certification.catalogue import VERSION, SubjectKind, Text, load_catalogue
from certification.observations import Observation
from certification.verdicts import Circumstance, Verdict, exit_code, judge_run, overall_verdict
from reports.html_report import write_report

CATALOGUE = load_catalogue()
ROWS = [row.id for row in CATALOGUE.of(SubjectKind.PLATFORM)]
FORGED, SCOPE, REVOKED, AGES = "EHC-PLT-008", "EHC-PLT-010", "EHC-PLT-006", "EHC-PLT-004"
GONE = Text(zh="平台未能完成此项：停止应答", en="the platform did not get through it: it stopped answering")
DEVICE_WORDS = ("扫描", "识读时延", "固件", "模拟设备", "真实硬件上", "序列号", "设备所答")
ENGLISH_DEVICE_WORDS = ("scanner", "Firmware", "emulated device", "Serial number", "the device", "reads</span>")


def decisions(wrong: int) -> list[Observation]:
    """A matrix of four decisions, some of which are wrong."""
    found = []
    for number in range(4):
        cell = {"institution": 1 + number % 2, "action": ("verify a code", "close it")[number // 2], "wrong": "nothing"}
        expected = "accepted" if number % 2 else "refused"
        value = "wrong" if number < wrong else "right"
        found.append(Observation(SCOPE, "access_decision", value, cell=cell, detail={"expected": expected}))
    return found


def write(
    folder: Path, observations: Sequence[Observation], circumstances: Mapping[str, Circumstance] | None = None, **run
) -> str:
    planned = frozenset({o.requirement for o in observations} | set(circumstances or ()))
    left_out = Circumstance(Verdict.NOT_ASSESSED, Text(zh="不在计划内", en="not planned"))
    others = {row: left_out for row in ROWS if row not in planned}
    rows = judge_run(
        CATALOGUE, ROWS, observations, {**others, **(circumstances or {})}, plan=planned, emulated=True, options=()
    )
    identity = {"vendor": "Acme", "model": "Cards", "serial": "east", "hardware": "2 cores", "firmware": "4.1"}
    record = {
        "schema": 1,
        "run": "20261123-120000-abcd",
        "started": "2026-11-23T12:00:00+08:00",
        "finished": "2026-11-23T12:01:00+08:00",
        "state": "finished",
        "overall": str(overall_verdict(rows)),
        "exit_code": int(exit_code(rows)),
        "emulated": True,
        "plan": {"name": "quick"},
        "mode": "TEST",
        "subject": {
            "kind": "platform",
            "identity": {**identity, "firmware_sha256": None, "filing_number": "none"},
            "options": {"online_issuance": "yes", "record_sharing": "no"},
            "file": "p.toml",
        },
        "identity_read": identity,
        "bench": {"file": "b.toml", "settings": {"name": "p", "platform": {"driver": "hn-a"}}},
        "versions": {"xiangka": "0.1.0", "catalogue": VERSION},
        **run,
    }
    verdicts = {"schema": 1, "run": record["run"], "verdicts": [row.as_record() for row in rows]}
    for name, content in (("run.json", record), ("verdicts.json", verdicts)):
        (folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    lines = [json.dumps(o.as_record(), ensure_ascii=False) + "\n" for o in observations]
    (folder / "observations.jsonl").write_text("".join(lines), encoding="utf-8")
    return write_report(folder).read_text(encoding="utf-8")


def shown(page: str) -> str:
    """The page without its style, its script and the texts of the catalogue, which speak of all kinds."""
    body = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL)
    return re.sub(r"<dl class=\"basis\">.*?</dl>", "", body, flags=re.DOTALL)


@pytest.fixture
def page(tmp_path):
    return write(tmp_path, [*decisions(0), Observation(FORGED, "forged_code", "refused", times=100_000)])


def test_a_page_about_a_platform_has_no_word_of_a_device(page):
    said = shown(page).replace("须真实硬件", "").replace("H needs real hardware", "")
    assert [word for word in (*DEVICE_WORDS, *ENGLISH_DEVICE_WORDS) if word in said] == []
    for word in ("卡管平台", "部署编号", "软件版本", "等级保护备案号", "Deployment", "Online issuance", "在线申领"):
        assert word in said, word


def test_an_emulated_run_is_marked_test_and_the_platforms_own_mode_is_told(page):
    top = page[page.index("<main>") : page.index("<header")]
    assert "TEST" in top
    assert "An emulated run certifies nothing" in top
    assert "the platform says it runs in mode" in page


def test_a_record_that_stands_for_many_is_counted_as_many(tmp_path):
    accepted = Observation(FORGED, "forged_code", "accepted", times=1234)
    page = write(tmp_path, [accepted, Observation(FORGED, "forged_code", "refused", times=98_766)])
    section = page[page.index(f'id="{FORGED}"') :]
    assert re.search(r"×\s*1\D?234", section), "the failures listed do not say for how many they stand"
    assert re.search(r"100\D?000 observations", section)
    assert re.search(r"1\D?234 in all, all listed", section)


def test_decisions_are_drawn_as_a_matrix_that_marks_the_wrong_ones(tmp_path):
    sound, wrong = write(tmp_path, decisions(0)), write(tmp_path, decisions(2))
    for page in (sound, wrong):
        assert "One decision a cell" in page
        assert "注销" in page
    marks = [len(re.findall(r"#b3261e", page[page.index(f'id="{SCOPE}"') :])) for page in (sound, wrong)]
    assert marks[1] > marks[0]


def test_a_row_the_platform_broke_off_is_told_by_its_reason_and_not_by_numbers_that_look_well(tmp_path):
    sample = [Observation(REVOKED, "revoked_card_after_restart", "refused", times=100)]
    page = write(tmp_path, sample, {REVOKED: Circumstance(Verdict.FAIL, GONE)})
    attention = page[page.index('class="attention"') : page.index('id="verdicts"')]
    assert GONE.en[1:] in attention
    assert "100" not in attention


def test_ages_at_which_success_means_the_opposite_are_not_joined_by_a_line(tmp_path):
    sample = [
        Observation(AGES, "dynamic_code", value, cell={"past_ttl": past}, times=100)
        for past, value in (
            (-60.0, "accepted"),
            (-1.0, "accepted"),
            (0.0, "refused"),
            (1.0, "refused"),
            (60.0, "refused"),
        )
    ]
    page = write(tmp_path, [*sample, Observation(AGES, "ttl", 60.0, unit="s")])
    assert "shaded the range judged" not in page
    assert "100/100" in page
