"""Waivers from the command line: written, filled in, signed, checked; and what an exit code comes to under one."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from shell import one_line
from waiver_writing import OTHERS, ROW, SUBJECT, TODAY, TOMORROW, sign, written

from certification.catalogue import Level, Text, load_catalogue
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from certification.subject_file import load_subject
from certification.verdicts import Row, Verdict
from xiangka.asked import Asked, Given, RunOptions, refuse_other
from xiangka.cli import main
from xiangka.waived import Waived

NOW = datetime.now(UTC) + timedelta(hours=1)
"""When the runs of these tests begin: after every signature."""


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


def check(path, keys, *more):
    return main(["waiver", "check", str(path), "--centre", str(keys / "centre.pem"), *map(str, more)])


def test_signed_waiver_counts_for_its_subject_alone(tmp_path, keys, capsys):
    path = written(tmp_path, "W-1")
    assert check(path, keys) == 1
    assert "there is no signature beside it" in capsys.readouterr().out
    assert sign(path, keys) == 0
    assert check(path, keys, "--subject", SUBJECT) == 0
    assert f"counts until {TOMORROW}" in capsys.readouterr().out
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
        ((f"expires = {TOMORROW}", "expires = 2020-01-01"), "it expires before it is issued"),
        ((f"expires = {TOMORROW}", f"expires = {TODAY + timedelta(days=731)}"), "it spans more than 2 years"),
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


def test_a_run_takes_each_waiver_once(tmp_path, keys):
    path = written(tmp_path, "W-1")
    with pytest.raises(PlanError, match="two waivers have the number W-1"):
        Waived([path, path], None, load_catalogue())


def test_a_run_that_is_gone_on_with_has_the_waivers_it_began_with(tmp_path, keys):
    path, folder = written(tmp_path, "W-1"), tmp_path / "run"
    assert sign(path, keys) == 0
    folder.mkdir()
    began = Waived.of(RunOptions(waivers=(path,), centre=keys / "centre.pem"), load_catalogue(), None)
    began.keep(folder)
    path.unlink()
    on = Waived.of(RunOptions(), load_catalogue(), SimpleNamespace(folder=folder))
    on.keep(folder)
    rows = [row(Verdict.FAIL)]
    code = on.weigh(rows, load_subject(SUBJECT).identity, ExitCode.FAILED, "FAIL", began=NOW, broken=False)
    assert (code, on.overall, on.accepting(ROW)) == (ExitCode.PASSED, "PASS", " W-1")


def test_other_waivers_are_not_taken_into_a_run_that_goes_on(tmp_path):
    with pytest.raises(PlanError, match="--waivers: waivers are taken in when a run begins"):
        refuse_other(Asked.of(RunOptions(), "terminal"), Given(waivers=(tmp_path,)), "terminal", tmp_path)


@pytest.mark.parametrize("late", ["W-1.toml", "W-1.toml.sig", "W-2.toml", "centre.pem", "all"])
def test_a_run_does_not_go_on_with_waivers_that_were_touched_meanwhile(late, tmp_path, keys, strangers):
    path, folder = written(tmp_path, "W-1"), tmp_path / "run"
    assert sign(path, keys) == 0
    folder.mkdir()
    options = RunOptions(waivers=(path,), centre=keys / "centre.pem")
    asked = Asked.of(options, "terminal")
    Waived.of(options, load_catalogue(), None).keep(folder)
    refuse_other(asked, Given(), "terminal", folder)
    kept = folder / "waivers"
    if late == "all":
        shutil.rmtree(kept)
    elif late == "centre.pem":
        shutil.copy(strangers / late, kept)
    else:
        (kept / late).write_bytes(b"another")
    with pytest.raises(PlanError, match="was not there when" if late == "W-2.toml" else "not what it was|gone"):
        refuse_other(asked, Given(), "terminal", folder)


def test_what_a_run_says_of_its_waivers_is_read_back_and_nothing_else_taken_for_it(tmp_path, keys):
    path = written(tmp_path, "W-1")
    asked = Asked.of(RunOptions(waivers=(path,), centre=keys / "centre.pem"), "terminal")
    assert asked.waivers.keys() == {"W-1.toml", "centre.pem"}
    asked.write(tmp_path)
    assert Asked.read(tmp_path) == asked
    file = tmp_path / "asked.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "waivers": 5}))
    with pytest.raises(PlanError, match="does not say what the run was asked for"):
        Asked.read(tmp_path)


def test_a_waiver_signed_after_the_run_began_accepts_nothing(tmp_path, keys):
    path = written(tmp_path, "W-1")
    assert sign(path, keys) == 0
    waived = Waived([path], keys / "centre.pem", load_catalogue())
    began = datetime.now(UTC) - timedelta(minutes=1)
    identity = load_subject(SUBJECT).identity
    rows = [row(Verdict.FAIL)]
    code = waived.weigh(rows, identity, ExitCode.FAILED, "FAIL", began=began, broken=False)
    assert (code, waived.overall, waived.accepting(ROW)) == (ExitCode.FAILED, "FAIL", "")
    assert [one["state"] for one in waived.as_record()["waivers"]] == ["signed_late"]


def test_without_waivers_nobody_asks_for_the_centre(tmp_path):
    waived = Waived((), tmp_path / "nowhere.pem", load_catalogue())
    assert (
        waived.weigh([], load_subject(SUBJECT).identity, ExitCode.OPEN, "NOT_ASSESSED", began=NOW, broken=False)
        == ExitCode.OPEN
    )
    assert waived.as_record() == {"waivers": [], "overall_with_waivers": None}


def row(verdict):
    return Row(ROW, verdict, Level.SHALL, "T", False, True, Text(zh="", en=""), Text(zh="", en=""), 1)


@pytest.mark.parametrize(
    ("verdict", "without", "broken", "code", "word"),
    [
        ("FAIL", "FAIL", False, 0, "PASS"),
        ("FAIL", "FAIL", True, 3, "RIG_ERROR"),
        ("PASS", "PASS", False, 1, "FAIL"),
        ("FAIL", "INTERRUPTED", False, 1, None),
        ("FAIL", "INVALID", False, 1, None),
    ],
)
def test_exit_code_and_word_under_a_waiver(verdict, without, broken, code, word, tmp_path, keys):
    path = written(tmp_path, "W-1")
    assert sign(path, keys) == 0
    waived = Waived([path], keys / "centre.pem", load_catalogue())
    before = ExitCode.PASSED if verdict == "PASS" else ExitCode.FAILED
    identity = load_subject(SUBJECT).identity
    found = waived.weigh([row(Verdict(verdict))], identity, before, without, began=NOW, broken=broken)
    assert (found, waived.overall) == (code, word)
