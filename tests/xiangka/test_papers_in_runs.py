"""Papers a run takes in: a person's filled form, a vendor's declared document; and papers it must not take in."""

from __future__ import annotations

import hashlib
import re
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shell import RunFolder, Shell, one_line, until

from xiangka.cli import main
from xiangka.scenarios import ROOT

SUBJECTS = ROOT / "fixtures" / "subjects"
SUBJECT = (SUBJECTS / "emulated-gm65.toml").read_text(encoding="utf-8").replace('"photo', f'"{SUBJECTS}/photo')
DISTANCE, REPORT = "EHC-TRM-009", "EHC-TRM-034"
TODAY = datetime.now(UTC).astimezone().date()
WRONG_INPUT = 4


def filled(shell: Shell, **outcomes_at: str) -> Path:
    """The distance form, written by the command and filled in: 20 of 20 but at the distances given (``at_60``)."""
    path = shell.folder / "distance.toml"
    path.unlink(missing_ok=True)
    assert main(["catalogue", "form", DISTANCE, "--out", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    identity = dict(re.findall(r'^(vendor|model|serial|firmware) = "(.*)"$', SUBJECT, re.MULTILINE))
    for name, value in identity.items():
        text = text.replace(f'{name} = ""', f'{name} = "{value}"', 1)
    text = text.replace('operator = ""', 'operator = "检测员 A"').replace('place = ""', 'place = "desk 3"')
    text = text.replace('date = ""', f"date = {TODAY}", 1)
    text = text.replace('name = ""', 'name = "rail"', 1)
    before, after = text.split('name = "rail"')
    text = f'{before}name = "rail"' + after.replace('serial = ""', 'serial = "R-1"', 1)
    text = text.replace('calibrated_until = ""', f"calibrated_until = {TODAY + timedelta(days=30)}")
    text = text.replace("# [[photograph]]", "[[photograph]]").replace('# file = ""', 'file = "rail.jpg"')
    text = text.replace('# shows = ""', 'shows = "the rail"')
    (shell.folder / "rail.jpg").write_bytes(b"\xff\xd8\xff synthetic")
    blocks = text.split("[[result]]")
    for number, block in enumerate(blocks[1:], start=1):
        distance = re.search(r"distance = (\d+)", block)[1]
        told = outcomes_at.get(f"at_{distance}", "exact = 20")
        blocks[number] = re.sub(r"outcomes = \{.*\}", f"outcomes = {{ {told} }}", block)
    path.write_text("[[result]]".join(blocks), encoding="utf-8")
    return path


def declared(shell: Shell, *, issued: str, model: str = "EMU-GM65", body: bytes = b"%PDF-1.4\n% synthetic\n") -> Path:
    """The subject of the default bench, with a report on its environment."""
    (shell.folder / "report.pdf").write_bytes(body)
    digest = hashlib.sha256(b"%PDF-1.4\n% synthetic\n").hexdigest()
    path = shell.folder / "subject.toml"
    path.write_text(
        SUBJECT.replace('environment_report = "no"', 'environment_report = "yes"')
        + f'\n[declarations.environment]\nfile = "report.pdf"\nsha256 = "{digest}"\n'
        + 'laboratory = "Synthetic laboratory"\n'
        f'accreditation = "CNAS L0000"\nissued = {issued}\nmodel = "{model}"\ndevice = "EMU-0001"\n',
        encoding="utf-8",
    )
    return path


def test_a_form_and_a_document_are_taken_in_kept_and_judged(shell):
    out, form = shell.folder / "run", filled(shell, at_150="exact = 18, otherwise = 2")
    subject = declared(shell, issued=str(TODAY - timedelta(days=400)))
    ended = shell.run("certify", "--subject", subject, "--form", form, "--only", REPORT, "--out", out)
    assert ended.exit_code == 0, ended.said
    left = RunFolder(out)
    assert {row["requirement"]: row["verdict"] for row in left.document["verdicts"] if row["planned"]} == {
        DISTANCE: "PASS",
        REPORT: "PASS",
    }
    row = next(row for row in left.document["verdicts"] if row["requirement"] == DISTANCE)
    assert (row["observations"], row["emulated"]) == (360, True)
    (told,) = left.run["forms"]
    assert (told["requirement"], told["operator"], told["date"]) == (DISTANCE, "检测员 A", str(TODAY))
    kept = out / told["file"]
    assert kept.read_bytes() == form.read_bytes()
    assert told["sha256"] == hashlib.sha256(form.read_bytes()).hexdigest()
    assert (out / told["photographs"][0]["file"]).read_bytes() == (shell.folder / "rail.jpg").read_bytes()
    assert (out / "declarations" / "environment.pdf").read_bytes() == (shell.folder / "report.pdf").read_bytes()
    assert left.run["subject"]["declarations"]["environment"]["laboratory"] == "Synthetic laboratory"
    said = (out / "observations.jsonl").read_text(encoding="utf-8")
    assert said.count('"recorded_by":"检测员 A"') == 19
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "recorded by a person" in report
    assert "declarations/environment.pdf" in report
    assert left.shown == [], "a row that a person has assessed is not run"
    assert left.follows_from_its_evidence


def test_a_form_on_which_it_went_badly_fails_and_a_report_that_proves_nothing_does_not(shell):
    out = shell.folder / "run"
    bad = {f"at_{distance}": "exact = 17, otherwise = 3" for distance in (60, 110, 160)}
    subject = declared(shell, issued=str(TODAY - timedelta(days=3 * 366)))
    ended = shell.run("certify", "--subject", subject, "--form", filled(shell, **bad), "--only", REPORT, "--out", out)
    assert ended.exit_code == 1, ended.said
    row = next(row for row in RunFolder(out).document["verdicts"] if row["requirement"] == REPORT)
    assert (RunFolder(out).verdicts[DISTANCE], row["verdict"]) == ("FAIL", "NOT_ASSESSED")
    assert "does not meet the criterion" in row["reason"]["en"]
    assert row["observations"] == 3
    assert RunFolder(out).follows_from_its_evidence


@pytest.mark.nightly
def test_a_report_of_another_model_leaves_its_row_unassessed(shell):
    out = shell.folder / "run"
    subject = declared(shell, issued=str(TODAY - timedelta(days=30)), model="EMU-GM66")
    ended = shell.run("certify", "--subject", subject, "--only", REPORT, "--out", out)
    assert RunFolder(out).verdicts[REPORT] == "NOT_ASSESSED", ended.said
    assert '"value":"differs"' in (out / "observations.jsonl").read_text(encoding="utf-8")


def test_another_document_than_the_one_declared_is_refused_before_anything_is_opened(shell):
    subject = declared(shell, issued="2026-01-01", body=b"%PDF-1.4\n% another\n")
    ended = shell.run("certify", "--subject", subject, "--only", REPORT, "--out", shell.folder / "run")
    assert ended.exit_code == WRONG_INPUT
    assert "is not the one declared" in one_line(ended.said)
    assert not (shell.folder / "run").exists()


def test_everything_that_is_wrong_with_a_form_is_listed_and_nothing_is_opened(shell):
    form = filled(shell, at_30="exact = 19", at_40="exakt = 20")
    form.write_text(
        form.read_text(encoding="utf-8").replace('operator = "检测员 A"', 'operator = ""'), encoding="utf-8"
    )
    (shell.folder / "rail.jpg").unlink()
    ended = shell.run("certify", "--form", form, form, "--out", shell.folder / "run")
    assert ended.exit_code == WRONG_INPUT
    assert "another form is of the same requirement" in ended.said
    for key in ("record.operator", "result 1 (read).outcomes", "result 2 (read).outcomes", "photograph 1.file"):
        assert key in ended.said
    assert "more, as listed" in ended.said.splitlines()[-1]
    assert not (shell.folder / "run").exists()


@pytest.mark.nightly
def test_what_a_person_recorded_stands_when_an_interrupted_run_goes_on(shell):
    out = shell.folder / "run"
    running = shell.start("certify", "--form", filled(shell), "--only", "EHC-TRM-003", "--out", out)
    until(lambda: "[1/1]" in running.said)
    assert running.stop(signal.SIGINT).exit_code == 2
    again = shell.run("certify", "--resume", out, "--form", shell.folder / "distance.toml")
    assert again.exit_code == WRONG_INPUT
    assert "--form" in one_line(again.said)
    resumed = shell.run("certify", "--resume", out)
    assert resumed.exit_code == 0, resumed.said
    left = RunFolder(out)
    assert (left.verdicts[DISTANCE], left.verdicts["EHC-TRM-003"]) == ("PASS", "PASS")
    assert left.run["forms"][0]["operator"] == "检测员 A"
    assert left.follows_from_its_evidence
