"""``xiangka report judge``: verdicts follow from the evidence to the byte, and whatever was bent is told by name."""

import json
import shutil

import pytest
from synthetic_run import Story, write_run

from certification.catalogue import load_catalogue
from certification.catalogue_file import catalogue_text
from certification.observations import Observation
from evidence.chain import Chain, published
from reports.journal_numbers import journal_numbers, unfounded
from xiangka.cli import main
from xiangka.judging_again import judged_again

LATENCY, COLOURS, KEYS = "EHC-TRM-015", "EHC-TRM-007", "EHC-TRM-026"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A small run with rows of every verdict. Not to be changed."""
    folder = write_run(tmp_path_factory.mktemp("kept"), Story(pictures=False, short=False))
    lines = [one for one in records(folder / "observations.jsonl") if one["requirement"] in (LATENCY, COLOURS, KEYS)]
    named = {n for one in lines for n in range(one["journal"][0], one["journal"][1] + 1)}
    write_lines(folder / "observations.jsonl", lines)
    write_lines(folder / "journal.jsonl", [one for one in records(folder / "journal.jsonl") if one["n"] in named])
    (folder / "verdicts.json").write_text(judged_again(folder).text, encoding="utf-8")
    return folder


@pytest.fixture
def folder(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / kept.name)


def records(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def write_lines(file, lines):
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def one_line(said):
    assert len(said.splitlines()) == 1
    assert said.startswith("xiangka: ")
    assert "; " in said, "no remedy"
    return said


def judge(folder, capsys, *arguments):
    code = main(["report", "judge", str(folder), *map(str, arguments)])
    return code, capsys.readouterr()


def test_verdicts_follow_byte_for_byte_and_nothing_is_written(folder, capsys):
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    code, said = judge(folder, capsys)
    assert (code, said.err) == (0, "")
    assert "byte for byte: FAIL" in said.out
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_a_verdict_that_was_bent_is_named(folder, capsys):
    file = folder / "verdicts.json"
    document = json.loads(file.read_text())
    [row] = [row for row in document["verdicts"] if row["requirement"] == COLOURS]
    assert row["verdict"] == "FAIL"
    row["verdict"] = "PASS"
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    code, said = judge(folder, capsys)
    assert code == 1
    assert f"{COLOURS}  记录 kept PASS，导出 derived FAIL" in said.out
    code, said = judge(folder, capsys, "--json")
    assert (code, json.loads(said.out)["same"]) == (1, False)
    assert json.loads(said.out)["differing"] == [{"requirement": COLOURS, "kept": "PASS", "derived": "FAIL"}]


@pytest.mark.parametrize(
    "harm",
    [
        lambda text: text.replace('"overall": "FAIL"', '"overall": "PASS"'),
        lambda text: text.replace("\n", " "),
        lambda text: text.replace('"trials": 75', '"trials": 76', 1),
    ],
)
def test_any_other_byte_of_it_is_told_too(folder, capsys, harm):
    file = folder / "verdicts.json"
    changed = harm(file.read_text())
    assert changed != file.read_text()
    file.write_text(changed)
    assert judge(folder, capsys)[0] == 1


def test_an_observation_that_was_bent_or_left_out_shows_in_the_verdicts(folder, capsys):
    file = folder / "observations.jsonl"
    lines = records(file)
    write_lines(file, [line | {"value": "exact"} if line["requirement"] == COLOURS else line for line in lines])
    code, said = judge(folder, capsys)
    assert code == 1
    assert f"{COLOURS}  记录 kept FAIL，导出 derived PASS" in said.out


def test_a_circumstance_that_was_taken_away_shows(folder, capsys):
    record = json.loads((folder / "run.json").read_text())
    del record["circumstances"][KEYS]
    (folder / "run.json").write_text(json.dumps(record))
    code, said = judge(folder, capsys)
    assert code == 1
    assert f"{KEYS}  记录 kept RIG_ERROR" in said.out


def test_an_observation_whose_journal_records_are_gone_is_told_by_line(folder, capsys):
    lines = records(folder / "observations.jsonl")
    begin, end = lines[6]["journal"]
    write_lines(
        folder / "journal.jsonl", [line for line in records(folder / "journal.jsonl") if line["n"] != begin + 1]
    )
    code, said = judge(folder, capsys)
    assert code == 1
    assert f"line 7 rests on journal records {begin}–{end}, and {begin + 1} is not there" in said.out
    assert "byte for byte" in said.out


WIRE = {"t_ns": 1, "channel": "scanner", "dir": "rx", "hex": "00"}
BEGINS = {"t_ns": 2, "channel": "run", "dir": "event", "what": "sitting"}
CITING = [("A", (1, 2)), ("B", (3, 6)), ("B", (2, 3)), ("A", (8, 9)), ("B", (3, 8)), ("A", (2, 8)), ("C", (2, 11))]
"""Rows and the records their observations name; records 4 to 6 and 10 are not there."""


@pytest.mark.parametrize(
    ("killed", "reproached"),
    [([1], [(6, 4), (7, 4)]), ([2], [(2, 4), (5, 4), (6, 4), (7, 4)]), ([], [(2, 4), (5, 4), (6, 4), (7, 4)])],
)
def test_a_kill_explains_missing_records_to_the_row_it_cut_short_alone(killed, reproached, tmp_path):
    journal = tmp_path / "journal.jsonl"
    numbered = [(1, BEGINS | {"number": 1}), (2, WIRE), (3, WIRE), (7, BEGINS | {"number": 2}), (8, WIRE), (9, WIRE)]
    write_lines(journal, [{"n": n, **record} for n, record in [*numbered, (11, WIRE)]])
    lines = [(line, Observation(row, "read", "exact", journal=span)) for line, (row, span) in enumerate(CITING, 1)]
    found = list(unfounded(lines, journal_numbers(journal, killed)))
    assert [(line, missing) for line, _, missing in found] == reproached


def test_records_gone_from_an_interrupted_sitting_are_told(folder, capsys):
    """It closed its files, so that nothing of them can be missing."""
    lines = records(folder / "observations.jsonl")
    begin, end = lines[-1]["journal"]
    there = [line for line in records(folder / "journal.jsonl") if line["n"] < begin]
    journal = [{"n": 0, **BEGINS, "number": 1}, *there, {"n": end + 1, **BEGINS, "number": 2}]
    write_lines(folder / "journal.jsonl", journal)
    record = json.loads((folder / "run.json").read_text())
    sitting = {"number": 1, "why": "interrupted"}
    for why, code in (("interrupted", 1), ("killed", 0)):
        told = record | {"sittings": [sitting | {"why": why}, {"number": 2, "why": "finished"}]}
        (folder / "run.json").write_text(json.dumps(told))
        found, said = judge(folder, capsys)
        assert found == code, said.out
        assert (f"{begin} is not there" in said.out) == bool(code)


def test_numbers_of_a_journal_and_its_gaps(tmp_path):
    journal = tmp_path / "journal.jsonl"
    numbered = [(1, BEGINS | {"number": 1}), (2, WIRE), (7, BEGINS | {"number": 2}), (8, WIRE), (10, WIRE)]
    write_lines(journal, [{"n": n, **record} for n, record in numbered])
    numbers = journal_numbers(journal, {1})
    assert numbers.lost == ((3, 6),)
    spans = ((1, 2), (2, 6), (3, 8), (8, 10), (10, 10), (10, 11), (0, 1))
    assert [numbers.missing(*span, numbers.lost) for span in spans] == [None, None, None, 9, None, 11, 0]
    assert [numbers.missing(*span) for span in spans] == [None, 3, 3, 9, None, 11, 0]


def test_the_redacted_twin_gives_the_same(folder, tmp_path, capsys):
    twin = tmp_path / "twin"
    twin.mkdir()
    for name in ("run.json", "verdicts.json", "catalogue.json"):
        shutil.copy(folder / name, twin / name)
    for name in ("observations", "journal"):
        chain = Chain(f"{name}.jsonl", run="")
        full = [
            chain.line(record, ["detail.shown"] if "shown" in record.get("detail", {}) else [])
            for record in records(folder / f"{name}.jsonl")
        ]
        lines = [published(line.rstrip("\n").encode()) for line in full]
        (twin / f"{name}.redacted.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    assert b'"shown":{"sm3":' in (twin / "observations.redacted.jsonl").read_bytes()
    assert judge(twin, capsys)[0] == 0
    assert judged_again(twin).text == judged_again(folder).text


def changed_catalogue(tmp_path, **limits):
    document = json.loads(catalogue_text(load_catalogue(), "2027.1"))
    for row in document["requirements"]:
        if row["id"] in limits:
            limits[row["id"]](row)
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_a_changed_limit_shows_what_changes_and_why(folder, tmp_path, capsys):
    file = changed_catalogue(tmp_path, **{LATENCY: lambda row: row["criterion"][0].update(at_most=100)})
    code, said = judge(folder, capsys, "--catalogue", file, "--json")
    found = json.loads(said.out)
    assert (code, found["worse"], found["same"]) == (1, [LATENCY], True)
    [change] = found["changes"]
    assert (change["before"], change["now"]) == ("PASS", "FAIL")
    assert change["demands"] == [{"where": "criterion.1.at_most", "before": 500.0, "now": 100.0}]
    limits = [(one["before"]["limit"], one["now"]["limit"]) for one in change["results"]]
    assert limits == [(500.0, 100.0)]
    assert judge(folder, capsys, "--catalogue", file)[0] == 1


def test_a_milder_limit_is_told_and_ends_with_0(folder, tmp_path, capsys):
    def milder(row):
        row["criterion"][0].update(failures=75)

    file = changed_catalogue(tmp_path, **{COLOURS: milder})
    code, said = judge(folder, capsys, "--catalogue", file)
    assert code == 0, said.out
    assert f"{COLOURS}  FAIL → " in said.out
    assert "criterion.1.failures: 1 → 75" in said.out


def test_the_same_catalogue_changes_nothing(folder, tmp_path, capsys):
    file = tmp_path / "same.json"
    assert main(["catalogue", "export", "--out", str(file)]) == 0
    assert file.read_bytes() == (folder / "catalogue.json").read_bytes()
    code, said = judge(folder, capsys, "--catalogue", file)
    assert code == 0
    assert "nothing changes" in said.out


def test_an_export_goes_over_no_file_and_to_standard_output_without_one(tmp_path, capsys):
    file = tmp_path / "there.json"
    file.write_text("mine")
    assert main(["catalogue", "export", "--out", str(file)]) == 4
    assert "is there already" in one_line(capsys.readouterr().err)
    assert file.read_text() == "mine"
    assert main(["catalogue", "export"]) == 0
    assert capsys.readouterr().out == catalogue_text(load_catalogue())


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (shutil.rmtree, "there is no such folder"),
        (lambda folder: (folder / "run.json").unlink(), "run.json: is missing"),
        (lambda folder: (folder / "run.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "run.json").write_text(DEEP), "run.json: cannot be read (it is nested too deeply"),
        (lambda folder: (folder / "catalogue.json").write_text(DEEP), "catalogue.json: "),
        (lambda folder: (folder / "observations.jsonl").write_text(f"{DEEP}\n"), "line 1: is not an observation"),
        (lambda folder: (folder / "journal.jsonl").write_text(f"{DEEP}\n"), "line 1: is no record"),
        (lambda folder: (folder / "run.json").write_text('{"run": "a", "schema": 1, "state": "running"}'), "not ended"),
        (lambda folder: (folder / "run.json").write_text('{"run": "a", "schema": 9}'), "schema 9"),
        (lambda folder: (folder / "run.json").write_text('{"run": "a", "schema": 1}'), "does not keep what befell"),
        (lambda folder: (folder / "catalogue.json").unlink(), "catalogue.json: is missing"),
        (lambda folder: (folder / "catalogue.json").write_text("[]"), "holds no JSON object"),
        (lambda folder: (folder / "observations.jsonl").unlink(), "observations.jsonl: is missing"),
        (lambda folder: (folder / "observations.jsonl").write_text('{"a": 1}\n'), "line 1: is not an observation"),
        (lambda folder: (folder / "observations.jsonl").write_bytes(b"\xff\n"), "cannot be read"),
        (lambda folder: (folder / "journal.jsonl").unlink(), "journal.jsonl: is missing"),
        (lambda folder: (folder / "journal.jsonl").write_text('{"n": 1}\n[]\n'), "line 2: is no record"),
    ],
)
def test_what_is_no_run_is_told_in_one_line(folder, capsys, harm, said):
    harm(folder)
    code, told = judge(folder, capsys)
    assert code == 4
    assert said in one_line(told.err)


def test_a_run_without_its_verdicts_does_not_pass(folder, capsys):
    (folder / "verdicts.json").unlink()
    code, said = judge(folder, capsys)
    assert code == 1
    assert "is missing" in said.out
