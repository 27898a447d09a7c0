"""``xiangka plan delta``: the rows a change touches are to be run again, no others, and what nobody can tell is one."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from certification.catalogue import load_catalogue
from certification.catalogue_file import catalogue_text
from certification.subject_file import load_subject
from rigs.bench_file import load_bench
from xiangka import machinery, step_code
from xiangka.asked import DEFAULT_BENCH, SUBJECTS
from xiangka.cli import main
from xiangka.fingerprints import fingerprints
from xiangka.machinery import parts as machinery_parts
from xiangka.plan_delta import plan_delta
from xiangka.scenarios import ROOT, all_scenarios

SUBJECT = SUBJECTS / DEFAULT_BENCH.name
STATIC, OTHERS, COLOURS, KEYBOARD, CLOCK = "EHC-TRM-003", "EHC-TRM-006", "EHC-TRM-007", "EHC-TRM-018", "EHC-TRM-032"
ROWS = (STATIC, OTHERS, COLOURS)


@pytest.fixture
def since(tmp_path):
    """What a run of three rows that passed keeps."""
    catalogue, subject, bench = load_catalogue(), load_subject(SUBJECT), load_bench(DEFAULT_BENCH)
    folder = tmp_path / "run"
    folder.mkdir()
    record = {
        "schema": 1,
        "run": "20261127-100000-ab12",
        "state": "finished",
        "overall": "PASS",
        "defect": None,
        "plan": {"name": "quick", "only": list(ROWS), "execute": list(ROWS), "chosen": list(ROWS)},
        "circumstances": {},
        "subject": {**subject.model_dump(mode="json"), "file": str(SUBJECT)},
        "identity_read": {},
        "bench": {"file": str(DEFAULT_BENCH), "settings": bench.settings()},
        "forms": [],
        "fingerprints": fingerprints([catalogue[row] for row in ROWS], subject, bench).as_record(),
    }
    verdicts = {"verdicts": [{"requirement": row, "verdict": "PASS"} for row in ROWS]}
    (folder / "run.json").write_text(json.dumps(record, default=str))
    (folder / "verdicts.json").write_text(json.dumps(verdicts))
    (folder / "observations.jsonl").touch()
    (folder / "catalogue.json").write_text(catalogue_text(catalogue))
    return folder


def change(folder, edit):
    record = json.loads((folder / "run.json").read_text())
    edit(record)
    (folder / "run.json").write_text(json.dumps(record))


def why(found):
    return {one.requirement: " | ".join(text.en for text in one.why) for one in found.affected}


def edited(tmp_path, path, *changes):
    text = path.read_text(encoding="utf-8").replace('"photographs/', f'"{path.parent}/photographs/')
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    file = tmp_path / f"now-{path.name}"
    file.write_text(text, encoding="utf-8")
    return file


def test_where_nothing_changed_nothing_is_run_again(since, capsys):
    found = plan_delta(since, None, None)
    assert (found.affected, found.kept, found.command) == ((), ROWS, None)
    assert main(["plan", "delta", "--since", str(since)]) == 0
    assert "0 rows to run again, 3 verdicts stand" in capsys.readouterr().out


def test_new_firmware_touches_every_row_and_the_command_runs_them(since, tmp_path, capsys):
    now = edited(tmp_path, SUBJECT, ('firmware = "V1.23"', 'firmware = "V1.24"'))
    assert main(["plan", "delta", "--since", str(since), "--subject", str(now), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["requirement"] for one in found["affected"]] == [STATIC, OTHERS, COLOURS]
    assert all("firmware V1.23 → V1.24" in one["why"][0]["en"] for one in found["affected"])
    typed = shlex.split(found["command"])
    assert typed[:2] == ["xiangka", "certify"]
    assert typed[typed.index("--seed") + 1] == "1"
    assert typed[typed.index("--subject") + 1] == str(now)
    assert typed[typed.index("--only") + 1 :] == [STATIC, OTHERS, COLOURS]


def test_an_option_touches_the_rows_that_ask_about_it(since, tmp_path):
    """EHC-TRM-006 asks of the keyboard in the code of its steps, and EHC-TRM-018 is about nothing else."""
    change(since, lambda record: record["plan"].update(only=[*ROWS, KEYBOARD]))
    names = ("keyboard_link", "keyboard_layout_us", "keyboard_layout_zh")
    now = edited(tmp_path, SUBJECT, *((f'{name} = "yes"', f'{name} = "no"') for name in names))
    found = plan_delta(since, now, DEFAULT_BENCH)
    assert why(found) == {OTHERS: "the subject changed: keyboard_link yes → no"}
    change(since, lambda record: record["plan"].update(execute=[*ROWS, KEYBOARD]))
    found = plan_delta(since, now, DEFAULT_BENCH)
    assert set(found.dropped) == {KEYBOARD}
    assert "answers no" in found.dropped[KEYBOARD].en


def test_an_option_no_row_asks_about_touches_none(since, tmp_path):
    now = edited(tmp_path, SUBJECT, ('coloured_codes = "yes"', 'coloured_codes = "no"'))
    assert plan_delta(since, now, None).affected == ()


def test_a_changed_clause_touches_its_row_and_names_both_numbers(since):
    def other(record):
        record["fingerprints"]["rows"][STATIC]["requirement"] = "0" * 64

    change(since, other)
    document = json.loads((since / "catalogue.json").read_text())
    [row] = [row for row in document["requirements"] if row["id"] == STATIC]
    now = load_catalogue()[STATIC].criterion[0].at_least
    row["criterion"][0]["at_least"] = 0.5
    (since / "catalogue.json").write_text(json.dumps(document))
    assert why(plan_delta(since, None, None)) == {STATIC: f"the requirement changed: criterion.1.at_least 0.5 → {now}"}


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda r: r["fingerprints"]["rows"][COLOURS].update(scenario="0"), "its scenario reads differently"),
        (lambda r: r["fingerprints"]["rows"][COLOURS].pop("steps"), "its steps rest on other modules"),
        (lambda r: r["fingerprints"]["rows"].pop(COLOURS), "its scenario reads differently"),
    ],
)
def test_a_part_that_differs_or_is_not_known_touches_its_row_alone(since, edit, said):
    change(since, edit)
    found = why(plan_delta(since, None, None))
    assert list(found) == [COLOURS]
    assert said in found[COLOURS]


def test_changed_code_of_a_step_touches_the_rows_that_speak_it(since):
    file = "steps/misleading.py"
    assert [row for row in ROWS if file in step_code.step_code().files(sentences(row))] == [OTHERS]

    def other(record):
        record["fingerprints"]["code"][file] = "0" * 64
        record["fingerprints"]["rows"][OTHERS]["steps"] = "0" * 64

    change(since, other)
    assert why(plan_delta(since, None, None)) == {OTHERS: f"code of its steps changed: {file}"}


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda r: r.pop("fingerprints"), "keeps no fingerprints"),
        (lambda r: r.update(fingerprints=None), "keeps no fingerprints"),
        (lambda r: r["fingerprints"]["machinery"].update(rigs="0"), "the harness changed: rigs"),
        (lambda r: r["fingerprints"]["machinery"].pop("rigs/optics"), "the harness changed: rigs/optics"),
        (lambda r: r["fingerprints"]["libraries"].update({"zxing-cpp": "1.0"}), "libraries changed: zxing-cpp 1.0 →"),
        (lambda r: r["fingerprints"]["libraries"].update(python="3.8.0"), "libraries changed: python 3.8.0 →"),
        (lambda r: r["fingerprints"]["files"].update({"cards.deck": "0"}), "files the bench names changed: cards.deck"),
        (lambda r: r["fingerprints"].pop("machinery"), "keeps no fingerprints"),
        (lambda r: r.update(overall="INVALID"), "INVALID"),
        (lambda r: r.update(defect="red-lit"), "red-lit"),
    ],
)
def test_what_touches_the_whole_run_touches_every_row(since, edit, said):
    change(since, edit)
    found = why(plan_delta(since, None, None))
    assert found.keys() == set(ROWS)
    assert all(said in text for text in found.values())


def test_another_bench_is_told_by_its_table_and_its_calibration_is_no_change(since, tmp_path):
    text = ("baud = 115200", "baud = 9600")
    found = why(plan_delta(since, SUBJECT, edited(tmp_path, DEFAULT_BENCH, text)))
    assert set(found.values()) == {"the bench changed: [scanner]"}
    renamed = ('name = "', 'name = "renamed ')
    assert plan_delta(since, SUBJECT, edited(tmp_path, DEFAULT_BENCH, renamed)).affected == ()


def test_a_row_the_run_did_not_decide_is_run_again(since):
    verdicts = {
        "verdicts": [{"requirement": STATIC, "verdict": "RIG_ERROR"}, {"requirement": COLOURS, "verdict": "FAIL"}]
    }
    (since / "verdicts.json").write_text(json.dumps(verdicts))
    found = why(plan_delta(since, None, None))
    assert found == {
        STATIC: "that run did not decide it (RIG_ERROR)",
        OTHERS: "that run did not decide it (—)",
    }


def test_a_row_done_by_hand_is_named_with_its_form(since):
    distance = "EHC-TRM-009"

    def by_hand(record):
        record["forms"] = [{"requirement": distance}]

    change(since, by_hand)
    found = plan_delta(since, None, None)
    [one] = found.affected
    assert (one.requirement, one.by_hand) == (distance, True)
    assert found.command.endswith(f"--form {distance}.toml")


@pytest.mark.parametrize("arguments", [["--subject", "absent.toml"], ["--bench", "absent.toml"]])
def test_a_file_that_is_not_there_is_told_in_one_line(since, arguments, capsys):
    assert main(["plan", "delta", "--since", str(since), *arguments]) == 4
    assert capsys.readouterr().err.startswith("xiangka: absent.toml")


def test_a_subject_of_another_kind_is_refused(since, capsys):
    other, bench = SUBJECTS / "reference-platform.toml", DEFAULT_BENCH.with_name("reference-platform.toml")
    assert main(["plan", "delta", "--since", str(since), "--subject", str(other), "--bench", str(bench)]) == 4
    assert "the subject file of what was run" in capsys.readouterr().err


def sentences(row):
    return [step for scenario in all_scenarios() if scenario.requirement == row for step in scenario.steps]


def test_every_sentence_of_every_scenario_is_a_step_whose_code_is_known():
    code = step_code.step_code()
    unknown = {row for row in (s.requirement for s in all_scenarios()) if code.files(sentences(row)) is None}
    assert unknown == set()
    assert code.files(["nobody's step"]) is None


def test_a_row_rests_on_its_steps_the_decision_and_not_on_another_subjects_steps():
    code = step_code.step_code()
    clock, platform = code.files(sentences(CLOCK)), code.files(sentences("EHC-PLT-001"))
    assert {"steps/clock.py", "steps/criterion.py", "fixtures/run.py", "certification/decision.py"} <= clock
    assert "steps/platform/issuing.py" in platform - clock
    assert "steps/clock.py" not in platform
    assert not [file for file in clock | platform if file.startswith("rigs/drivers")]


def imported_by_a_run():
    """Files of the project that a run's own process has imported when its first scenario begins."""
    names = ("xiangka.certify", "xiangka.certification_run", "xiangka.load_run", "conftest")
    script = (
        "import importlib, sys; "
        f"[importlib.import_module(name) for name in {names}]; "
        "[importlib.import_module(name) for name in sys.modules['conftest'].pytest_plugins]; "
        "print('\\n'.join(m.__file__ for m in list(sys.modules.values()) if getattr(m, '__file__', None)))"
    )
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [Path(line) for line in told.splitlines()]
    return {
        file.relative_to(ROOT).as_posix() for file in files if file.is_relative_to(ROOT) and ".venv" not in str(file)
    }


TELLS_ONLY = (
    "reports/",
    "register/",
    "steps/allure_",
    "steps/sentences.py",
    *(f"steps/{of}__init__.py" for of in ("", "load/", "platform/")),
)
"""What tells of a run and decides none of its verdicts."""


@pytest.mark.nightly
def test_whatever_a_run_imports_is_in_its_fingerprints():
    loaded = load_bench(DEFAULT_BENCH.with_name("reference-platform-load.toml"))
    machinery = tuple(f"{part}/" if (ROOT / part).is_dir() else part for part in machinery_parts(loaded))
    code = step_code.step_code()
    of_rows = set().union(*(code.files(scenario.steps) or () for scenario in all_scenarios()))
    left = [
        file
        for file in imported_by_a_run()
        if file not in of_rows and not file.startswith((*machinery, *TELLS_ONLY, "rigs/"))
    ]
    assert left == []


@pytest.mark.parametrize(
    "file",
    [
        *("loadtests/profiles.toml", "certification/declarations.py", "certification/data/statement.toml"),
        *("evidence/chain.py", "xiangka/platform_making.py", "xiangka/pytest_plugin.py", "pytest.ini"),
        *("rigs/drivers/gm65.py", "reference_impl/door/gateway.py", "rigs/optics/frames.py", "fixtures/run.py"),
    ],
)
def test_a_change_of_any_file_of_the_machinery_is_seen(file, tmp_path, monkeypatch):
    """Each file in a copy of its part, once as it is and once with a byte more."""
    bench = load_bench(DEFAULT_BENCH.with_name("reference-platform-load.toml"))
    [part] = [one for one in machinery_parts(bench) if file == one or file.startswith(f"{one}/")][-1:]
    place = tmp_path / part
    if (ROOT / part).is_dir():
        shutil.copytree(ROOT / part, place, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(ROOT / part, place)
    monkeypatch.setattr(machinery, "ROOT", tmp_path)
    before = machinery.digest_of_part.__wrapped__(part)
    with (tmp_path / file).open("ab") as changed:
        changed.write(b"\n")
    assert machinery.digest_of_part.__wrapped__(part) != before


def test_files_a_bench_names_count_by_what_they_hold(tmp_path):
    script = tmp_path / "answers.toml"
    script.write_text("[answers]\n")
    bench = load_bench(DEFAULT_BENCH)
    bound = bench.model_copy(update={"platform": bench.platform.model_copy(update={"credentials": script})})
    before = machinery.named_files(bound)
    assert set(before) == {"platform.credentials"}
    script.write_text("[answers]\nmore = 1\n")
    assert machinery.named_files(bound) != before
