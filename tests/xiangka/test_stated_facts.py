"""What a run keeps for its report beside what it measures: taken in once, kept when the run is gone on with."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from shell import RunFolder, one_line

from certification.catalogue import load_catalogue
from certification.errors import PlanError
from certification.laboratory import load_laboratory
from certification.people import together
from certification.plan import make_plan
from certification.subject_file import load_subject
from xiangka.asked import RunOptions
from xiangka.cli import main
from xiangka.scenarios import ROOT
from xiangka.stated import StatedFacts, plan_digest, statement_digest

SPECIMEN = ROOT / "fixtures" / "laboratories" / "specimen.toml"
SUBJECT = load_subject(ROOT / "fixtures" / "subjects" / "emulated-gm65.toml")
CATALOGUE = load_catalogue()
WRONG_INPUT = 4


def plan(*only: str):
    return make_plan(CATALOGUE, SUBJECT, name="quick", only=only, scenarios=list(CATALOGUE))


def stated(laboratory: Path | None = None, earlier: dict | None = None) -> StatedFacts:
    before = None if earlier is None else SimpleNamespace(record=earlier)
    return StatedFacts(RunOptions(laboratory=laboratory), SUBJECT, CATALOGUE, plan(), before)


def test_a_run_keeps_what_its_laboratory_states(shell):
    out = shell.folder / "run"
    ended = shell.run("certify", "--only", "EHC-TRM-001", "--laboratory", SPECIMEN, "--out", out)
    assert ended.exit_code == 0, ended.said
    record = RunFolder(out).run
    people = json.loads((out / "people.json").read_text(encoding="utf-8"))
    assert together(record, people)["laboratory"] == load_laboratory(SPECIMEN).model_dump(mode="json")
    assert "样本试验员" not in (out / "run.json").read_text(encoding="utf-8")
    assert record["subject_photographs"] == ["photograph-1.png", "photograph-2.png"]
    assert all((out / "subject" / name).is_file() for name in record["subject_photographs"])
    assert record["catalogue"]["sm3"] == hashlib.new("sm3", (out / "catalogue.json").read_bytes()).hexdigest()
    assert record["statement_digest"] == statement_digest(SUBJECT)
    clocks = {(one["of"], one["when"]): one for one in record["clocks"]}
    assert set(clocks) == {(of, when) for of in ("host", "platform", "device") for when in ("start", "end")}
    for when in ("start", "end"):
        assert abs(clocks["platform", when]["offset_s"]) <= clocks["platform", when]["uncertainty_s"]
        assert clocks["device", when]["offset_s"] is None
    for told in ("样本检测实验室", "样本试验员"):
        assert told in (out / "report.html").read_text(encoding="utf-8")
    assert all(any(folder.iterdir()) for folder in out.rglob("*") if folder.is_dir())  # an empty one has no seal
    ended = shell.run("certify", "--resume", out, "--laboratory", SPECIMEN)
    assert ended.exit_code == WRONG_INPUT
    assert "--laboratory: what a laboratory states is taken in when a run begins" in one_line(ended.said)


def test_a_run_that_is_gone_on_with_keeps_what_was_stated():
    first = stated(SPECIMEN).as_record()
    first |= {"subject_photographs": ["photograph-1.png"], "clocks": [{"of": "host", "when": "start", "sitting": 1}]}
    assert stated(earlier=json.loads(json.dumps(first))).as_record() == first


@pytest.mark.parametrize("command", [("certify",), ("load", "run")], ids=" ".join)
def test_a_laboratory_file_that_is_not_there_is_wrong_input_and_leaves_nothing(tmp_path, capfd, command):
    asked = [*command, "--laboratory", str(tmp_path / "none.toml"), "--out", str(tmp_path / "run")]
    assert main(asked) == WRONG_INPUT
    assert "none.toml: cannot be read" in one_line(capfd.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_an_item_that_arrives_after_the_tests_began_is_refused(tmp_path):
    tomorrow = datetime.now(UTC).astimezone().date() + timedelta(days=1)
    file = tmp_path / "laboratory.toml"
    text = SPECIMEN.read_text(encoding="utf-8").replace("received = 2026-11-02", f"received = {tomorrow}")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=f"received on {tomorrow}, after the tests begin"):
        stated(file)


def test_a_number_in_clear_is_refused_before_the_run(tmp_path):
    file, number = tmp_path / "laboratory.toml", "43990019900307707X"
    text = SPECIMEN.read_text(encoding="utf-8").replace("质量部", f"某人 {number}")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=r"laboratory\.toml, line 13: identity number in clear") as refused:
        stated(file)
    assert number not in str(refused.value)


@pytest.mark.parametrize(("row", "asked"), [("EHC-TRM-010", True), ("EHC-PLT-001", False), ("EHC-TRM-999", False)])
def test_a_deviation_concerns_a_row_that_is_asked_of_the_subject(tmp_path, row, asked):
    file = tmp_path / "laboratory.toml"
    text = SPECIMEN.read_text(encoding="utf-8")
    file.write_text(text.replace('# requirement = "EHC-TRM-010"', f'requirement = "{row}"'), encoding="utf-8")
    if asked:
        assert stated(file).as_record()["laboratory"]["deviations"][0]["requirement"] == row
    else:
        with pytest.raises(PlanError, match=rf"{row} is not asked of this subject"):
            stated(file)


def test_the_digest_of_a_statement_follows_identity_and_answers_and_nothing_else():
    first = statement_digest(SUBJECT)
    assert statement_digest(SUBJECT.model_copy(update={"photographs": ()})) == first
    aimer = SUBJECT.options.model_copy(update={"aimer": "yes"})
    assert statement_digest(SUBJECT.model_copy(update={"options": aimer})) != first
    other = SUBJECT.identity.model_copy(update={"firmware": "V1.24"})
    assert statement_digest(SUBJECT.model_copy(update={"identity": other})) != first


def test_the_digest_of_a_plan_follows_its_rows():
    assert plan_digest(plan()) == plan_digest(plan())
    assert plan_digest(plan()) != plan_digest(plan("EHC-TRM-001"))
