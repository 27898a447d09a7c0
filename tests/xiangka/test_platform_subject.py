"""A platform as the subject, told in one line where files and options do not fit together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xiangka.judging_again import judged_again

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "rigs" / "benches" / "reference-platform.toml"
WRONG_INPUT, RIG_ERROR = 4, 3


def someones(folder: Path, credentials: dict[str, str], url: str = "http://127.0.0.1:1", more: str = "") -> Path:
    (folder / "credentials.json").write_text(json.dumps(credentials), encoding="utf-8")
    file = folder / "bench.toml"
    table = f"driver = 'hn-a'\nurl = '{url}'\ncredentials = '{folder / 'credentials.json'}'"
    file.write_text(f"name = 'p'\n[platform]\n{table}\n{more}", encoding="utf-8")
    return file


def refused(shell, *arguments) -> tuple[int, str]:
    ended = shell.run("certify", *arguments, "--out", shell.folder / "run")
    assert "Traceback" not in ended.said
    assert ended.said.count("\n") == 1, ended.said
    assert not (shell.folder / "run").exists()
    return ended.exit_code, ended.said


def test_a_terminal_is_no_subject_of_a_platforms_bench(shell):
    subject = ROOT / "fixtures" / "subjects" / "emulated-gm65.toml"
    code, line = refused(shell, "--bench", BENCH, "--subject", subject)
    assert "the subject is a terminal, and the bench is one for a platform" in line
    assert code == WRONG_INPUT


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--bench", BENCH, "--defect", "hides-firmware"), "is a defect of a terminal"),
        (("--defect", "accepts-replay"), "is a defect of a platform"),
        (("--bench", BENCH, "--defect", "accepts-repley"), "did you mean accepts-replay?"),
        (("--bench", BENCH, "--defect", "accepts-replay/7"), "has no rarity"),
        (("--bench", BENCH, "--defect", "hides-a-stall/often"), "a whole number from 1"),
        (("--defect", "hides-a-stall/20"), "is a defect of a platform"),
        (("--bench", BENCH, "--only", "EHC-TRM-003"), "is demanded of a terminal"),
    ],
)
def test_what_belongs_to_another_kind_of_subject_is_refused(arguments, said, shell):
    code, line = refused(shell, *arguments)
    assert said in line
    assert code == WRONG_INPUT


def test_a_platform_nobody_can_reach_is_the_benchs_trouble(shell):
    file = someones(shell.folder, {"app_id": "a", "app_secret": "0" * 32, "term_id": "t"})
    code, line = refused(shell, "--bench", file)
    assert "no answer from http://127.0.0.1:1" in line or "stopped answering" in line
    assert code == RIG_ERROR


def test_a_defect_is_refused_for_somebody_elses_platform(shell):
    file = someones(shell.folder, {"app_id": "a", "app_secret": "0" * 32, "term_id": "t"})
    code, line = refused(shell, "--bench", file, "--defect", "accepts-replay")
    assert "--defect" in line
    assert code == WRONG_INPUT


def test_somebody_elses_platform_is_tested_as_far_as_the_credentials_reach(shell, platform):
    known = json.loads(platform.credentials.read_text(encoding="utf-8"))
    bare = {name: known[name] for name in ("app_id", "app_secret", "term_id")}
    file = someones(shell.folder, bare, platform.url, "real = true\n")
    ended = shell.run("certify", "--bench", file, "--only", "EHC-PLT-003", "EHC-PLT-010", "--out", shell.folder / "run")
    said = {
        row["requirement"]: row for row in json.loads((shell.folder / "run" / "verdicts.json").read_text())["verdicts"]
    }
    assert said["EHC-PLT-003"]["verdict"] == "PASS", ended.said
    assert said["EHC-PLT-010"]["verdict"] == "NOT_ASSESSED"
    assert "admin_token" in said["EHC-PLT-010"]["reason"]["en"]
    assert not said["EHC-PLT-003"]["emulated"]
    assert judged_again(shell.folder / "run").sound
    assert ended.exit_code == 2


def test_a_platform_whose_key_officers_the_bench_is_not_is_not_assessed_for_its_keys(shell, platform):
    known = json.loads(platform.credentials.read_text(encoding="utf-8"))
    one = {**{name: known[name] for name in known if name != "url"}, "officer_tokens": known["officer_tokens"][:1]}
    shell.run(
        *("certify", "--bench", someones(shell.folder, one, platform.url)),
        *("--only", "EHC-PLT-007", "--out", shell.folder / "run"),
    )
    verdicts = json.loads((shell.folder / "run" / "verdicts.json").read_text(encoding="utf-8"))["verdicts"]
    [keys] = [row for row in verdicts if row["requirement"] == "EHC-PLT-007"]
    assert keys["verdict"] == "NOT_ASSESSED"
    assert "officer_tokens" in keys["reason"]["en"]


def test_a_bench_check_names_the_platform_and_what_can_be_done_with_it(shell):
    ended = shell.run("bench", "check", BENCH)
    assert ended.exit_code == 0, ended.said
    for told in ("reference platform", "REF-0001", "admin, auditor", "can be turned", "emulated: certifies nothing"):
        assert told in ended.out, told


def test_the_lists_know_both_kinds_of_defect(shell):
    listed = shell.run("defects", "list").out
    assert "accepts-replay" in listed
    assert "hides-firmware" in listed
    coverage = shell.run("catalogue", "coverage").out
    assert "platform/codes.feature" in coverage
