"""The command line a user meets: exit codes, run folder, words on the screen, the commands beside ``certify``."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter

import httpx
import pytest
import serial
from shell import RunFolder, bench, emulated_terminal, one_line

from certification.catalogue import load_catalogue
from certification.verdicts import Verdict
from evidence.clear_text import scan
from evidence.manifest import read_manifest
from rigs.emulators.defects.table import DEFECTS
from rigs.protocols import gm65, honeywell, newland, ssi
from xiangka.coverage import State, coverage_of
from xiangka.plan_delta import plan_delta
from xiangka.scenarios import ROOT, implemented

IDENTITY_NUMBER = re.compile(rb"439900[0-9]{11}[0-9Xx]")
RUN_FOLDER = {
    "run.json",
    "journal.jsonl",
    "observations.jsonl",
    "verdicts.json",
    "junit.xml",
    "allure-results",
    "report.html",
    "catalogue.json",
    "manifest.json",
}
NOTHING_CERTIFIED = "An emulated run certifies nothing."
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


SUBJECT = ROOT / "fixtures" / "subjects" / "emulated-gm65.toml"
NEEDS_A_SUPPLY = "EHC-TRM-002"
"""A row that a bench without a supply leaves open."""


def test_a_sound_terminal_passes_leaves_a_whole_run_folder_and_no_secret(shell, platform):
    out = shell.folder / "run"
    file = bench(shell.folder, platform=platform.table)
    ended = shell.run("certify", "--bench", file, "--only", "EHC-TRM-003", "EHC-TRM-016", "--seed", "5", "--out", out)

    assert ended.exit_code == 0, ended.said
    assert NOTHING_CERTIFIED in ended.said
    assert re.findall(r"^\[(\d/\d)\] (EHC-TRM-\d{3}) ", ended.said, re.MULTILINE) == [
        ("1/2", "EHC-TRM-003"),
        ("2/2", "EHC-TRM-016"),
    ]
    assert "\x1b" not in ended.said
    assert "\r" not in ended.said
    assert list(shell.temporary.iterdir()) == []

    assert {entry.name for entry in out.iterdir()} >= RUN_FOLDER
    assert list((out / "allure-results").iterdir())
    every = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {file.name for file in read_manifest(out).files} == every - {"manifest.json"}
    expect_whole_documents(RunFolder(out))
    expect_no_secret(RunFolder(out), platform.app_secret)


def expect_whole_documents(left: RunFolder) -> None:
    rows = load_catalogue()
    run, document = left.run, left.document
    assert left.follows_from_its_evidence
    assert plan_delta(left.folder, None, None).affected == ()
    assert (run["schema"], run["state"], run["exit_code"], run["overall"]) == (1, "finished", 0, "PASS")
    assert (run["seed"], run["emulated"]) == (5, True)
    assert (document["schema"], document["run"], document["overall"]) == (1, run["run"], "PASS")
    for row in document["verdicts"]:
        assert row["emulated"] is True
        assert row["verdict"] in set(Verdict)
        assert (row["level"], row["method"]) == (rows[row["requirement"]].level, rows[row["requirement"]].method)
        assert row["reason"]["zh"]
        assert row["reason"]["en"]
        if row["requirement"] in ("EHC-TRM-003", "EHC-TRM-016"):
            assert (row["verdict"], row["planned"]) == ("PASS", True)
        else:
            assert row["verdict"] in ("NOT_ASSESSED", "NOT_APPLICABLE")
            assert row["planned"] is False
    assert [record["n"] for record in left.journal] == list(range(1, len(left.journal) + 1))


def expect_no_secret(left: RunFolder, app_secret: str) -> None:
    wires = b"\n".join(bytes.fromhex(record["hex"]) for record in left.journal if "hex" in record)
    assert b"ehc.ehealthcard.register" in wires
    for content in [wires, *(file.read_bytes() for file in left.folder.rglob("*") if file.is_file())]:
        assert IDENTITY_NUMBER.search(content) is None
    assert scan(left.folder, [app_secret]) == ()


def test_the_same_seed_shows_the_same_codes_and_another_seed_others(shell, platform):
    file = bench(shell.folder, platform=platform.table)
    runs = []
    for number, seed in enumerate(("7", "7", "8")):
        out = shell.folder / f"run-{number}"
        arguments = ("--bench", file, "--only", "EHC-TRM-003", "--seed", seed, "--out", out)
        runs.append((shell.start("certify", *arguments), RunFolder(out)))
    for running, _ in runs:
        assert running.wait().exit_code == 0, running.said
    first, second, other = (left.shown for _, left in runs)
    assert len(first) == len(set(first)) > 200
    assert first == second
    assert not set(first) & set(other)


def test_a_failure_ends_with_1(shell):
    out = shell.folder / "run"
    ended = shell.run("certify", "--defect", "hides-firmware", "--only", "EHC-TRM-001", "--out", out)
    assert ended.exit_code == 1, ended.said
    assert RunFolder(out).verdicts["EHC-TRM-001"] == RunFolder(out).run["overall"] == "FAIL"
    assert RunFolder(out).run["defect"] == "hides-firmware"
    assert RunFolder(out).follows_from_its_evidence
    assert NOTHING_CERTIFIED in ended.said


def test_a_device_that_is_not_the_one_applied_for_is_not_measured_at_all(shell, platform):
    subject, out = shell.folder / "subject.toml", shell.folder / "run"
    own = SUBJECT.read_text(encoding="utf-8").replace("photographs/", f"{SUBJECT.parent}/photographs/")
    subject.write_text(own.replace("EMU-0001", "EMU-0002"), encoding="utf-8")
    label = "[scanner.label]\nvendor = 'Xiangka'\nmodel = 'EMU-GM65'\nserial = 'EMU-0001'\n[scanner.emulated]"
    file = bench(shell.folder, scanner=label, platform=platform.table)
    ended = shell.run("certify", "--subject", subject, "--bench", file, "--out", out)
    assert ended.exit_code == 2, ended.said
    assert "the device is not the one applied for: Serial number differ" in ended.said
    left = RunFolder(out)
    assert left.run["overall"] == left.document["overall"] == "INVALID"
    assert left.follows_from_its_evidence
    assert set(left.verdicts.values()) <= {"NOT_ASSESSED", "NOT_APPLICABLE"}
    assert left.shown == []
    assert (out / "observations.jsonl").read_bytes() == b""
    assert (out / "report.html").is_file()


def test_a_row_nobody_can_assess_ends_with_2_and_a_terminal_shows_a_bar(shell, screen):
    out, missing = shell.folder / "run", NEEDS_A_SUPPLY
    label = "[scanner.label]\nvendor = 'Xiangka'\nmodel = 'EMU-GM65'\nserial = 'EMU-0001'\n[scanner.emulated]"
    files = ("--bench", bench(shell.folder, scanner=f"{label}\ntime_scale = 20"), "--subject", SUBJECT)
    arguments = (*files, "--only", "EHC-TRM-001", missing, "--out", out)
    ended = shell.run("certify", *arguments, terminal=screen.terminal)
    assert ended.exit_code == 2, screen.shown
    left = RunFolder(out)
    assert (left.verdicts["EHC-TRM-001"], left.verdicts[missing]) == ("PASS", "NOT_ASSESSED")
    assert left.follows_from_its_evidence
    assert {row["requirement"] for row in left.document["verdicts"] if row["planned"]} == {"EHC-TRM-001", missing}
    assert "━━━" in screen.shown
    assert "1/1" in screen.shown
    assert screen.shown.count(HIDE_CURSOR) == screen.shown.count(SHOW_CURSOR) == 1
    assert NOTHING_CERTIFIED in screen.shown


def test_on_a_terminal_a_mistake_is_one_line_and_draws_nothing(shell, screen):
    ended = shell.run("certify", "--plan", "fast", terminal=screen.terminal)
    assert ended.exit_code == 4
    assert "\x1b" not in screen.shown
    one_line(screen.shown)


@pytest.mark.parametrize(
    ("protocol", "end", "question", "answer"),
    [
        ("gm65", signal.SIGTERM, gm65.read_command(gm65.Register.MODE, 1), b"\x02\x00\x00"),
        ("honeywell", signal.SIGINT, honeywell.command("CBRENA?"), b"CBRENA"),
        ("ssi", signal.SIGTERM, ssi.STOP.encode(), ssi.DECODER_ACK.encode()),
        ("newland", signal.SIGTERM, newland.command("C11ENA*"), b"\x02\x010000#C11ENA0"),
    ],
)
def test_an_emulated_scanner_prints_its_port_and_runs_until_it_is_stopped(protocol, end, question, answer, shell):
    arguments = ("--protocol", protocol, "--camera", "http://127.0.0.1:1/frame", "--defect", "hides-firmware")
    running = shell.start("emulate", "scanner", *arguments, "--pace", "usb")
    with serial.Serial(running.line(), timeout=20) as port:
        port.write(question)
        assert port.read(len(answer)) == answer
    ended = running.stop(end)
    assert (ended.exit_code, ended.said) == (0, "")
    assert ended.out.count("\n") == 1


def test_a_bench_check_says_what_answers(shell, platform):
    port = emulated_terminal(shell, 1).line()
    ended = shell.run("bench", "check", bench(shell.folder, scanner=f"url = '{port}'", platform=platform.table))
    assert (ended.exit_code, ended.said) == (0, "")
    for word in ("frame-port", f"gm65 {port}", "V1.00", "V1.23", platform.url, "emulated: certifies nothing"):
        assert word in ended.out
    assert list(shell.temporary.iterdir()) == []


def test_the_lists_name_every_requirement_and_every_defect(shell):
    started = {name: shell.start(*name.split()) for name in ("catalogue list", "catalogue coverage", "defects list")}
    ended = {name: running.wait() for name, running in started.items()}
    assert {name: (end.exit_code, end.said) for name, end in ended.items()} == dict.fromkeys(started, (0, ""))
    catalogue = load_catalogue()
    assert re.findall(r"EHC-[A-Z]{3}-\d{3}", ended["catalogue list"].out) == list(catalogue)
    covered = ended["catalogue coverage"].out
    assert f"{len(implemented(catalogue))} / {len(catalogue)}" in covered
    states = Counter(one.state for one in coverage_of())
    assert states.total() == len(catalogue)
    assert all(f"{state}: {states[state]}" in covered for state in State)
    for name, defect in DEFECTS.items():
        row = next(line for line in ended["defects list"].out.splitlines() if f" {name} " in line)
        assert all(requirement in row for requirement in defect.requirements)
        assert name in covered


def test_a_platform_is_served_until_it_is_stopped(shell):
    running = shell.start("platform", "serve", "--port", "0", "--data", shell.folder / "data")
    ready = json.loads(running.line())
    assert httpx.get(f"{ready['url']}/health").json()["status"] == "ok"
    port = ready["url"].rpartition(":")[2]
    second = shell.run("platform", "serve", "--port", port, "--data", shell.folder / "other")
    assert f":{port}" in one_line(second.said)
    assert second.exit_code == 3
    ended = running.stop(signal.SIGINT)
    assert ended.exit_code == 0
