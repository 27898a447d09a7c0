"""An interrupted run read back: what is kept, what begins again, what is refused, and one run killed for real."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from shell import RunFolder, bench, until

from certification.catalogue import SubjectKind, load_catalogue
from certification.errors import PlanError
from certification.laboratory import load_laboratory
from certification.observations import Observation, from_line, in_force
from certification.people import apart
from certification.verdicts import Verdict
from evidence.chain import Chain, bare, follow
from evidence.manifest import chain_heads, read_manifest, write_manifest
from fixtures.evidence import Evidence
from rigs.roles import DeviceIdentity
from xiangka.asked import Asked, Given, RunOptions
from xiangka.cli import main
from xiangka.resuming import read_earlier
from xiangka.run_lock import LOCK, RunLock
from xiangka.sittings import Sitting
from xiangka.taking_up import take_up
from xiangka.whole_lines import whole_lines

DONE, BROKEN, FAILED, CUT, NOT_BEGUN = (f"EHC-TRM-{n:03d}" for n in (1, 3, 6, 10, 11))
EXECUTE = (DONE, BROKEN, FAILED, CUT, NOT_BEGUN)
IDENTITY = {"vendor": "Xiangka", "model": "EMU", "serial": "1", "hardware": "V1.00", "firmware": "V1.23"}


def observation(requirement: str, value: str = "exact", journal: int = 1, **fields) -> dict:
    made = Observation(requirement, fields.pop("measure", "read"), value, journal=(journal, journal), **fields)
    return made.as_record()


RUN = "20261127-100000-abcd"


def write_chained(file: Path, records: list[dict], run: str = RUN) -> None:
    chain = Chain(file.name, run=run)
    file.write_text("".join(chain.line(record) for record in records), encoding="utf-8")


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """The folder of a run that was killed in its fourth row: one done, one the bench broke, one that had failed."""
    folder = tmp_path / "run"
    folder.mkdir()
    Asked.of(RunOptions(), SubjectKind.TERMINAL).write(folder)
    sitting = Sitting(1, "2026-11-27T10:00:00.000+08:00", 5_000_000_000, "boot", "abc")
    rig = {"verdict": "RIG_ERROR", "reason": {"zh": "线断了", "en": "the cable broke"}}
    record = {
        "run": RUN,
        "started": sitting.started,
        "overall": None,
        "sittings": [sitting.as_record()],
        "subject": {"kind": "terminal"},
        "plan": {"name": "quick", "execute": sorted(EXECUTE)},
        "identity_read": IDENTITY,
        "circumstances": {BROKEN: rig},
        "durations": {DONE: 1.5, BROKEN: 2.0},
        "notes": [],
        "reads": 7,
    }
    lines = [observation(DONE), observation(BROKEN), observation(CUT, journal=12)]
    lines += [observation(FAILED, "as_card", measure="other_symbol") for _ in range(3)]
    write_chained(folder / "observations.jsonl", lines)
    begun = {"channel": "run", "what": "sitting", "number": 1, "wall": sitting.started, "boot": sitting.boot}
    journal = [{"n": 1, "t_ns": sitting.t_ns, **begun}]
    journal += [{"n": n, "t_ns": (5 + n) * 1_000_000_000} for n in range(2, 11)]
    write_chained(folder / "journal.jsonl", journal)
    record["chains"] = {
        "journal.jsonl": head_at(folder / "journal.jsonl", 9),
        "observations.jsonl": head_at(folder / "observations.jsonl", 2),
    }
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def head_at(file: Path, records: int) -> dict:
    """How a file ended when it had so many records."""
    return {"records": records, "head": json.loads(file.read_text().splitlines()[records - 1])["chain"]}


def cut(file: Path, records: int) -> None:
    """Cut a file down to so many whole records."""
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:records]))


def ended(folder: Path, why: str, **fields) -> None:
    """Let the sitting have ended in its own way, with its files closed."""
    sitting = json.loads((folder / "run.json").read_text())["sittings"][0]
    cut(folder / "observations.jsonl", 2)
    change(folder, sittings=[{**sitting, "ended": sitting["started"], "why": why, **fields}])


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder as who goes on with its run does."""
    lock = RunLock(folder)
    try:
        yield
    finally:
        lock.release()


def refused(folder: Path) -> str:
    """Why a run does not go on; nothing of it has changed."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(PlanError) as error:
        read_earlier(folder, Given())
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return str(error.value)


def change(folder: Path, **fields) -> None:
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, **fields}))


def test_finished_rows_keep_their_verdict_and_a_broken_one_begins_again(killed):
    earlier = read_earlier(killed, Given())
    kept = earlier.kept(EXECUTE, load_catalogue())
    assert kept == {DONE: 1.5, FAILED: 0.0}
    assert earlier.circumstances(kept) == {}
    assert earlier.options == replace(RunOptions(), out=killed, subject=earlier.options.subject)


def test_a_failure_that_was_proved_before_the_kill_is_not_tried_again(killed):
    """A second try must never turn red to green."""
    earlier = read_earlier(killed, Given())
    assert FAILED in earlier.kept(EXECUTE, ())
    assert CUT not in earlier.kept(EXECUTE, ())


def test_a_killed_sitting_ends_with_its_last_journal_record(killed):
    [sitting] = read_earlier(killed, Given()).sittings
    assert (sitting.ended, sitting.why) == ("2026-11-27T10:00:10.000+08:00", "killed")
    assert sitting.pause_s(Sitting(2, "2026-11-27T02:01:10.000+00:00", 0, "", None)) == 60


def test_numbers_of_journal_records_that_a_kill_lost_are_not_given_again(killed):
    assert read_earlier(killed, Given()).journal_end == 12


@pytest.mark.parametrize("torn", [b'{"n": 11, "t_', b"\0" * 300, b'{"n": 11, "t_\0\0\0\n', b"\xff\xfe\n\n"])
def test_a_torn_end_is_cut_off_and_nothing_else(killed, torn):
    file = killed / "journal.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + torn)
    found = read_earlier(killed, Given())
    assert file.read_bytes() == whole + torn, "reading alone changes nothing"
    assert [str(len(torn)) in note.en for note in found.found_torn()] == [True]
    for lines in found.files:
        lines.cut()
    assert file.read_bytes() == whole


def test_a_file_of_nothing_but_torn_bytes_has_no_records(tmp_path):
    file = tmp_path / "lines"
    file.write_bytes(b'{"n"')
    found = whole_lines(file)
    assert (found.size, found.torn, found.last, found.lines()) == (0, 4, {}, [])


def test_observations_set_aside_stay_in_the_file_and_do_not_count(killed):
    earlier = read_earlier(killed, Given())
    evidence = Evidence(killed, earlier.observations, 2, earlier.chains[0])
    mark = evidence.set_aside(CUT, 2)
    assert (mark.requirement, mark.sitting, mark.records) == (CUT, 2, 1)
    evidence.add(Observation(CUT, "read", "no_read"))
    evidence.close()
    written = (killed / "observations.jsonl").read_bytes().splitlines()
    assert follow("observations.jsonl", written, run=RUN).records == 8
    lines = [from_line(bare(json.loads(line))) for line in written]
    assert [one.value for one in lines if isinstance(one, Observation) and one.requirement == CUT] == [
        "exact",
        "no_read",
    ]
    assert [one.value for one in in_force(lines) if one.requirement == CUT] == ["no_read"]
    assert len([one for one in in_force(lines) if one.requirement == FAILED]) == 3
    assert evidence.set_aside(NOT_BEGUN, 2) is None
    assert evidence.beside("captures", "it.pcap") == killed / "captures" / "it-sitting2.pcap"


GIVEN = {
    "--seed is 2, the run began with 1": Given(seed=2),
    "--plan is full, the run began with quick": Given(plan="full"),
    "--only is EHC-TRM-001, the run began with no such choice": Given(only=("EHC-TRM-001",)),
    "--defect is guesses, the run began with none": Given(defect="guesses"),
    "--bench is ": Given(bench=Path("rigs/benches/emulated-ssi.toml")),
    "--subject is ": Given(subject=Path("other.toml")),
    "--out: the run goes on in its own folder": Given(out=Path("elsewhere")),
}


@pytest.mark.parametrize("said", GIVEN)
def test_a_run_does_not_go_on_as_another(killed, said):
    with pytest.raises(PlanError) as refused:
        read_earlier(killed, GIVEN[said])
    assert said in str(refused.value)


CHANGED = {
    "the bench file": {"bench_sha256": "0" * 64},
    "the subject file": {"subject_sha256": "0" * 64},
    "the catalogue is": {"catalogue": "2020.1.1"},
    "rows of the catalogue have changed": {"catalogue_sha256": "0" * 64},
}


@pytest.mark.parametrize("said", CHANGED)
def test_a_run_does_not_go_on_over_something_that_has_changed(killed, said):
    asked = json.loads((killed / "asked.json").read_text())
    (killed / "asked.json").write_text(json.dumps({**asked, **CHANGED[said]}))
    with pytest.raises(PlanError) as refused:
        read_earlier(killed, Given())
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("why", "said"),
    [("finished", "finished (PASS), there is nothing left"), ("subject", "because of its subject")],
)
def test_a_run_that_has_said_its_last_word_does_not_go_on(killed, why, said):
    sitting = json.loads((killed / "run.json").read_text())["sittings"][0]
    change(killed, sittings=[{**sitting, "ended": sitting["started"], "why": why}], overall="PASS")
    write_manifest(killed, RUN)
    with pytest.raises(PlanError) as refused:
        read_earlier(killed, Given())
    assert said in str(refused.value)


def test_a_run_cut_between_its_last_row_and_its_manifest_goes_on_to_write_it(killed):
    ended(killed, "finished")
    change(killed, overall="PASS")
    earlier = read_earlier(killed, Given())
    said = earlier.told(Sitting(2, "2026-11-27T10:01:00.000+08:00", 0, "", None)).en
    assert said.startswith("sitting 1 ended because its report or its manifest could not be written")


@pytest.mark.parametrize("file", ["asked.json", "run.json", "observations.jsonl", "journal.jsonl"])
def test_a_folder_that_is_not_whole_is_refused_in_words(killed, file):
    (killed / file).unlink()
    with pytest.raises(PlanError) as refused:
        read_earlier(killed, Given())
    assert file in str(refused.value)


@pytest.mark.parametrize("people", [None, "[" * 100_000, "{}"])
def test_a_run_does_not_go_on_without_what_its_laboratory_said_of_people(people, killed):
    said = load_laboratory(Path("fixtures/laboratories/specimen.toml")).model_dump(mode="json")
    shown, apart_from_it = apart({"laboratory": said})
    change(killed, **shown)
    (killed / "people.json").write_text(json.dumps(apart_from_it))
    assert read_earlier(killed, Given()).record["laboratory"] == said
    (killed / "people.json").unlink() if people is None else (killed / "people.json").write_text(people)
    with pytest.raises(PlanError, match=r"people\.json"):
        read_earlier(killed, Given())


@pytest.mark.parametrize("file", ["asked.json", "run.json", "journal.jsonl"])
def test_a_folder_with_a_file_nested_beyond_reason_is_refused_in_words(file, killed):
    (killed / file).write_text("[" * 100_000 + "\n")
    with pytest.raises(PlanError, match=file):
        read_earlier(killed, Given())


def test_a_run_does_not_go_on_with_the_journal_of_another(killed):
    """Though made by the same harness on the same bench, and whole."""
    lines = [bare(json.loads(line)) for line in (killed / "journal.jsonl").read_text().splitlines()]
    write_chained(killed / "journal.jsonl", lines, "20261127-100000-ffff")
    with pytest.raises(PlanError, match=r"journal\.jsonl, line 1: does not continue the chain"):
        read_earlier(killed, Given())


@pytest.mark.parametrize("field", ["number", "wall", "boot", "t_ns"])
def test_a_run_does_not_go_on_where_journal_and_record_tell_of_different_sittings(field, killed):
    first, *lines = [bare(json.loads(line)) for line in (killed / "journal.jsonl").read_text().splitlines()]
    write_chained(killed / "journal.jsonl", [{**first, field: 7}, *lines])
    journal = head_at(killed / "journal.jsonl", 9)
    change(killed, chains={**json.loads((killed / "run.json").read_text())["chains"], "journal.jsonl": journal})
    with pytest.raises(PlanError, match=r"journal\.jsonl.*does not begin sitting 1"):
        read_earlier(killed, Given())


def test_a_line_spoilt_in_the_middle_is_named(killed):
    file = killed / "observations.jsonl"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], "spoilt", *lines[1:]]) + "\n")
    with pytest.raises(PlanError) as refused:
        read_earlier(killed, Given())
    assert "observations.jsonl, line 2" in str(refused.value)


def test_a_record_that_was_changed_is_named_and_the_run_does_not_go_on(killed):
    file = killed / "journal.jsonl"
    file.write_text(file.read_text().replace('"n":3,"t_ns":8', '"n":3,"t_ns":9'))
    with pytest.raises(PlanError) as refused:
        read_earlier(killed, Given())
    assert "journal.jsonl, line 3: does not continue the chain" in str(refused.value)


@pytest.mark.parametrize(
    ("file", "records", "said"),
    [
        ("journal.jsonl", 8, "journal.jsonl: holds 8 records, and had 9 when run.json was written"),
        ("journal.jsonl", 0, "journal.jsonl: holds 0 records, and had 9"),
        ("observations.jsonl", 1, "observations.jsonl: holds 1 records, and had 2"),
    ],
)
def test_a_killed_run_does_not_go_on_without_what_its_last_row_wrote_down(file, records, said, killed):
    cut(killed / file, records)
    reason = refused(killed)
    assert said in reason
    assert "run the plan anew" in reason


@pytest.mark.parametrize(
    ("file", "records"), [("journal.jsonl", 9), ("observations.jsonl", 2), ("observations.jsonl", 4)]
)
def test_a_killed_run_goes_on_with_what_the_row_cut_short_has_left(file, records, killed):
    cut(killed / file, records)
    assert read_earlier(killed, Given()).kept((DONE,), ()) == {DONE: 1.5}


def test_whoever_resumes_a_run_cut_short_by_whole_lines_is_told_in_one_line(killed, capsys):
    cut(killed / "journal.jsonl", 4)
    before = {path: path.read_bytes() for path in killed.iterdir()}
    assert main(["certify", "--resume", str(killed)]) == 4
    [said] = capsys.readouterr().err.splitlines()
    assert f"{killed / 'journal.jsonl'}: holds 4 records, and had 9" in said
    assert {path: path.read_bytes() for path in killed.iterdir()} == before


def test_a_run_does_not_go_on_with_files_written_over_under_its_name(killed):
    file = killed / "observations.jsonl"
    write_chained(file, [bare(json.loads(line)) | {"value": "no_read"} for line in file.read_text().splitlines()])
    assert "observations.jsonl: is not what it was when run.json was written: record 2 is another" in refused(killed)


@pytest.mark.parametrize("chains", [None, {}, {"journal.jsonl": {"records": 1}}, {"journal.jsonl": 1}])
def test_a_run_that_does_not_tell_how_its_files_ended_does_not_go_on(chains, killed):
    change(killed, chains=chains)
    assert "run.json: does not tell how" in refused(killed)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda run: cut(run / "journal.jsonl", 9), "journal.jsonl: has 9 records that hold together, and had 10"),
        (
            lambda run: cut(run / "observations.jsonl", 1),
            "observations.jsonl: has 1 records that hold together, and had 2",
        ),
        (lambda run: change(run, overall="PASS"), "run.json: "),
        (lambda run: (run / "asked.json").unlink(), "asked.json: is missing"),
        (lambda run: (run / "manifest.json").write_text("{}"), "manifest.json: is no manifest"),
        (lambda run: (run / "more.txt").touch(), "more.txt: is in no list of this run"),
    ],
)
def test_a_sealed_run_goes_on_only_as_it_was_sealed(harm, said, killed):
    ended(killed, "interrupted")
    write_manifest(killed, RUN)
    with held(killed):
        assert read_earlier(killed, Given()).sittings[0].why == "interrupted"
    harm(killed)
    reason = refused(killed)
    assert said in reason
    assert "run the plan anew" in reason


def test_an_interrupted_sitting_wrote_every_record_its_observations_name(killed):
    observed = (killed / "observations.jsonl").read_bytes()
    ended(killed, "interrupted")
    (killed / "observations.jsonl").write_bytes(observed)
    assert f"journal.jsonl: ends with record 10, and the observation of {CUT} in line 3 rests on record 12" in refused(
        killed
    )


def test_a_kill_takes_journal_records_of_the_row_it_cut_short_alone(killed):
    earlier = read_earlier(killed, Given())
    run = SimpleNamespace(notes=[], bench_file=SimpleNamespace(scanner=None), ahead=())
    take_up(run, earlier, Sitting(2, "2026-11-27T10:01:00.000+08:00", 0, "", "abc"))
    [_, note] = run.notes
    assert note.en == f"the kill took journal records 11–12, on which observations of {CUT} rest"
    assert "11–12" in note.zh
    lines = [observation(DONE), observation(BROKEN), observation(CUT, journal=12), observation(NOT_BEGUN, journal=11)]
    write_chained(killed / "observations.jsonl", lines)
    change(killed, chains={**earlier.record["chains"], "observations.jsonl": head_at(killed / "observations.jsonl", 2)})
    assert "rests on record 12" in refused(killed)
    cut(killed / "observations.jsonl", 3)
    change(killed, chains={**earlier.record["chains"], "observations.jsonl": head_at(killed / "observations.jsonl", 3)})
    assert "rests on record 12" in refused(killed)


@pytest.mark.parametrize("why", [None, "bench failed", "interrupted", "finished"])
def test_a_run_whose_clock_ran_backwards_does_not_go_on(why, killed):
    ended(killed, why, clock={"wall_s": 5.0, "monotonic_s": 65.0})
    assert "clock ran 60.0 s backwards during sitting 1; the run was broken off" in (reason := refused(killed))
    assert "run it anew" in reason


def test_a_signed_run_does_not_go_on(killed):
    (killed / "manifest.sig").write_text("{}")
    with pytest.raises(PlanError, match="is signed"):
        read_earlier(killed, Given())


def test_another_device_on_the_bench_is_refused_with_what_differs(killed):
    earlier = read_earlier(killed, Given())
    earlier.refuse_other_subject(DeviceIdentity(**IDENTITY))
    with pytest.raises(PlanError) as refused:
        earlier.refuse_other_subject(DeviceIdentity(**{**IDENTITY, "firmware": "V1.24", "serial": None}))
    assert "serial not told, was 1; firmware V1.24, was V1.23" in str(refused.value)


def test_two_processes_do_not_work_in_one_folder(tmp_path):
    other = "import sys, time; from pathlib import Path; from xiangka.run_lock import RunLock\n"
    other += "lock = RunLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", other, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(PlanError, match=f"process {holder.pid} is at work"):
            RunLock(tmp_path)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    lock = RunLock(tmp_path)
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("next_one", [False, True])
def test_a_lock_whose_file_its_holder_takes_away_meanwhile_is_taken_anew(next_one, tmp_path, monkeypatch):
    """Else the next process would find no file, make one of its own, and work in the same folder."""
    real, path, moves = fcntl.lockf, tmp_path / LOCK, []

    def lockf(descriptor, how):
        if not moves:
            moves.append("released")
            path.unlink()
            if next_one:
                path.touch()
        real(descriptor, how)

    monkeypatch.setattr("xiangka.run_lock.fcntl.lockf", lockf)
    lock = RunLock(tmp_path)
    assert os.path.samestat(os.fstat(lock._descriptor), path.stat())
    assert path.read_text() == str(os.getpid())
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_goes_on_in_its_folder(shell, platform):
    out = shell.folder / "run"
    file = bench(shell.folder, platform=platform.table)
    rows = ("EHC-TRM-010", "EHC-TRM-011")
    running = shell.start("certify", "--bench", file, "--only", *rows, "--out", out)
    until(lambda: "EHC-TRM-011 " in running.said and b"EHC-TRM-011" in (out / "observations.jsonl").read_bytes())
    running.stop(signal.SIGKILL)
    with (out / "observations.jsonl").open("a") as observations:
        observations.write('{"requirement":"EHC-T')

    went_on = shell.run("certify", "--resume", out)
    left = RunFolder(out)
    assert went_on.exit_code == 0, went_on.said
    assert {row: left.verdicts[row] for row in rows} == dict.fromkeys(rows, Verdict.PASS)
    assert "[1/1] EHC-TRM-011" in went_on.said, "a finished row ran again"
    assert left.follows_from_its_evidence
    assert [one["why"] for one in left.run["sittings"]] == ["killed", "finished"]
    assert [record["number"] for record in left.journal if record.get("what") == "sitting"] == [1, 2]
    manifest = read_manifest(out)
    assert manifest.chains == chain_heads(out, manifest.run)
    assert left.run["chains"] == {name: asdict(head) for name, head in manifest.chains.items()}
    for name, head in manifest.chains.items():
        chain = follow(name, (out / name).read_bytes().splitlines(), run=manifest.run)
        assert (chain.records, chain.head.hex()) == (head.records, head.head)
    numbers = [record["n"] for record in left.journal]
    assert numbers == sorted(set(numbers))
    lines = [json.loads(line) for line in (out / "observations.jsonl").read_text().splitlines()]
    [mark] = [line for line in lines if "set_aside" in line]
    assert mark["set_aside"] == "EHC-TRM-011"
    page = (out / "report.html").read_text()
    assert "observations are kept, not counted" in page
    assert "21 bytes were cut off" in page
