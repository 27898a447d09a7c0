"""Waivers from the command line: written, filled in, signed, checked, and taken into a run."""

import re
from datetime import date, timedelta

import pytest
from shell import RunFolder, one_line

from certification.catalogue import Level, Text, load_catalogue
from certification.exit_codes import ExitCode
from certification.subject_file import load_subject
from certification.verdicts import Row, Verdict
from xiangka.cli import main
from xiangka.scenarios import ROOT
from xiangka.waived import Waived

SUBJECT = ROOT / "fixtures" / "subjects" / "emulated-gm65.toml"
OTHERS = ROOT / "fixtures" / "subjects" / "emulated-ssi.toml"
ROW = "EHC-TRM-001"
TODAY = date.today()  # noqa: DTZ011 - a waiver counts by the day of the place


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys") / "specimen"
    assert main(["keys", "specimen", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strangers") / "specimen"
    assert main(["keys", "specimen", str(folder)]) == 0
    return folder


def written(folder, name, *, subject=SUBJECT, row=ROW, known_issue=False, expires=TODAY):
    """A waiver written by the command and filled in."""
    path = folder / f"{name}.toml"
    more = ["--known-issue"] if known_issue else []
    assert main(["waiver", "new", "--requirement", row, "--subject", str(subject), "--out", str(path), *more]) == 0
    text = path.read_text(encoding="utf-8")
    for key, value in {"id": name, "approved_by": "张三", "zh": "待新版本", "en": "next version"}.items():
        text = text.replace(f'{key} = ""', f'{key} = "{value}"')
    text = re.sub(r"issued = \S+", f"issued = {TODAY - timedelta(days=9)}", text)
    path.write_text(text.replace('expires = ""', f"expires = {expires}"), encoding="utf-8")
    return path


def sign(path, keys, role="authoriser"):
    return main(["waiver", "sign", str(path), "--keys", str(keys / role), "--password-file", str(keys / "password")])


def check(path, keys, *more):
    return main(["waiver", "check", str(path), "--centre", str(keys / "centre.pem"), *map(str, more)])


def test_signed_waiver_counts_for_its_subject_alone(tmp_path, keys, capsys):
    path = written(tmp_path, "W-1")
    assert check(path, keys) == 1
    assert "there is no signature beside it" in capsys.readouterr().out
    assert sign(path, keys) == 0
    assert check(path, keys, "--subject", SUBJECT) == 0
    assert f"counts until {TODAY}" in capsys.readouterr().out
    assert check(path, keys, "--subject", OTHERS) == 1
    assert "V1.23 alone" in capsys.readouterr().out
    assert main(["waiver", "check", str(path)]) == 1
    assert "nobody can tell who signed it" in capsys.readouterr().out


def test_waiver_is_signed_by_the_authoriser_and_a_known_issue_by_either(tmp_path, keys, capsys):
    assert sign(written(tmp_path, "W-1"), keys, "laboratory") == 4
    assert "let the authoriser sign it" in one_line(capsys.readouterr().err.strip())
    known = written(tmp_path, "K-1", known_issue=True)
    assert sign(known, keys, "laboratory") == 0
    assert check(known, keys) == 0


def test_changed_waiver_and_strangers_signature_do_not_count(tmp_path, keys, strangers, capsys):
    path = written(tmp_path, "W-1")
    assert sign(path, keys) == 0
    assert check(path, strangers) == 1
    assert "was not issued by this centre" in capsys.readouterr().out
    path.write_text(path.read_text().replace("next version", "never"))
    assert check(path, keys) == 1
    assert "its signature does not hold" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (("张三", " "), "left blank: approved_by"),
        (("kind =", "kid ="), "did you mean 'kind'"),
        ((ROW, "EHC-TRM-999"), "the catalogue has no row EHC-TRM-999"),
        (("waiver = 1", "waiver ="), "is not TOML"),
        ((f"expires = {TODAY}", "expires = 2020-01-01"), "it expires before it is issued"),
    ],
)
def test_waiver_that_is_none_is_refused_in_one_line(changed, says, tmp_path, keys, capsys):
    path = written(tmp_path, "W-1")
    path.write_text(path.read_text(encoding="utf-8").replace(*changed), encoding="utf-8")
    for command in (lambda: check(path, keys), lambda: sign(path, keys)):
        capsys.readouterr()
        assert command() == 4
        assert says in one_line(capsys.readouterr().err.strip())
    assert not path.with_name("W-1.toml.sig").exists()


def test_expired_waiver_cannot_be_signed_and_no_file_is_overwritten(tmp_path, keys, capsys):
    path = written(tmp_path, "W-1", expires=TODAY - timedelta(days=1))
    assert sign(path, keys) == 4
    assert "expired on" in capsys.readouterr().err
    again = ["waiver", "new", "--requirement", ROW, "--subject", str(SUBJECT), "--out", str(path)]
    assert main(again) == 4
    assert main([*again[:3], "EHC-PLT-001", *again[4:-1], str(tmp_path / "p.toml")]) == 4
    assert "is asked of a terminal" in capsys.readouterr().err


def test_run_under_waivers_fails_by_its_word_and_passes_by_its_exit_code(tmp_path, shell, keys, capsys):
    applied = written(tmp_path, "W-1")
    expired = written(tmp_path, "W-2", expires=TODAY - timedelta(days=1))
    unsigned, elsewhere = written(tmp_path, "W-3"), written(tmp_path, "W-4", subject=OTHERS)
    for path in (applied, elsewhere):
        assert sign(path, keys) == 0
    (tmp_path / "W-2.toml.sig").write_bytes((tmp_path / "W-1.toml.sig").read_bytes())
    waivers = ["--waivers", applied, expired, unsigned, elsewhere, "--centre", keys / "centre.pem"]
    ended = shell.run("certify", "--only", ROW, "--defect", "hides-firmware", "--out", "run", *waivers)
    assert ended.exit_code == 0, ended.said
    assert "FAIL W-1" in ended.said
    assert "with waivers: PASS" in ended.said
    assert "W-3 (EHC-TRM-001) does not apply: there is no signature beside it" in ended.said
    folder = RunFolder(shell.folder / "run")
    assert (folder.run["overall"], folder.run["overall_with_waivers"]) == ("FAIL", "PASS")
    assert folder.document["overall"] == "FAIL"
    assert {one["id"]: one["state"] for one in folder.run["waivers"]} == {
        "W-1": "applied",
        "W-2": "unsigned",
        "W-3": "unsigned",
        "W-4": "out_of_scope",
    }
    kept = folder.folder / "waivers"
    assert sorted(file.name for file in kept.iterdir()) == sorted(
        ["W-1.toml", "W-1.toml.sig", "W-2.toml", "W-2.toml.sig", "W-3.toml", "W-4.toml", "W-4.toml.sig", "centre.pem"]
    )
    page = (folder.folder / "report.html").read_text(encoding="utf-8")
    assert "W-1" in page
    assert "待新版本" in page
    capsys.readouterr()
    assert main(["certify", "--out", str(tmp_path / "other"), "--waivers", str(applied), str(applied)]) == 4
    assert "two waivers have the number W-1" in one_line(capsys.readouterr().err.strip())
    assert not (tmp_path / "other").exists()


def row(verdict):
    return Row(ROW, verdict, Level.SHALL, "T", False, True, Text(zh="", en=""), Text(zh="", en=""), 1)


@pytest.mark.parametrize(
    ("verdict", "without", "broken", "code", "word"),
    [
        ("FAIL", "FAIL", False, 0, "PASS"),
        ("FAIL", "FAIL", True, 3, "RIG_ERROR"),
        ("PASS", "PASS", False, 1, "FAIL"),
        ("FAIL", "INTERRUPTED", False, 1, "INTERRUPTED"),
        ("FAIL", "INVALID", False, 1, "INVALID"),
    ],
)
def test_exit_code_and_word_under_a_waiver(verdict, without, broken, code, word, tmp_path, keys):
    path = written(tmp_path, "W-1")
    assert sign(path, keys) == 0
    waived = Waived([path], keys / "centre.pem", load_catalogue())
    before = ExitCode.PASSED if verdict == "PASS" else ExitCode.FAILED
    found = waived.weigh([row(Verdict(verdict))], load_subject(SUBJECT).identity, before, without, broken=broken)
    assert (found, waived.overall) == (code, word)
