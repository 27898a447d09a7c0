"""`xiangka report verify`, `redact` and `bundle` as typed: exit codes, one line for a mistake, nothing half-written."""

import errno
import json
import os
from zipfile import ZipFile

import pytest

from tests.evidence.sealed_runs import NAME, copied, make_run, make_signers, seal, sign_run
from xiangka.cli import main

PASSED, FAILED, WRONG_INPUT = 0, 1, 4


@pytest.fixture
def centre(signers, tmp_path, monkeypatch):
    """The centre's file; no environment names another."""
    monkeypatch.delenv("XIANGKA_CENTRE", raising=False)
    path = tmp_path / "centre.pem"
    path.write_bytes(signers.centre)
    return path


def complaint(capsys):
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("xiangka: ")
    assert err.count("\n") == 1
    return err


def test_a_sound_run_passes_by_option_or_environment(signed_run, centre, capsys, monkeypatch):
    assert main(["report", "verify", str(signed_run), "--centre", str(centre)]) == PASSED
    assert "核验通过 · verified" in capsys.readouterr().out
    monkeypatch.setenv("XIANGKA_CENTRE", str(centre))
    assert main(["report", "verify", str(signed_run)]) == PASSED


def test_a_run_that_differs_fails_and_the_first_difference_is_told(signed_run, centre, tmp_path, capsys):
    run = copied(signed_run, tmp_path / "run")
    (run / "report.html").write_bytes(b"")
    assert main(["report", "verify", str(run), "--centre", str(centre)]) == FAILED
    out = capsys.readouterr().out
    assert "核验未通过 · does not verify" in out
    assert "report.html: holds other bytes: its salted SM3 is not the one listed; it was changed after" in out


def test_all_that_was_found_is_told_as_json(signed_run, centre, tmp_path, capsys):
    assert main(["report", "verify", str(signed_run), "--centre", str(centre), "--json"]) == PASSED
    told = json.loads(capsys.readouterr().out)
    assert (told["verified"], told["run"], told["twin"], told["findings"]) == (True, NAME, False, [])
    assert [one["role"] for one in told["signatures"]] == ["laboratory", "authoriser"]
    run = copied(signed_run, tmp_path / "run")
    (run / "run.json").unlink()
    assert main(["report", "verify", str(run), "--centre", str(centre), "--json"]) == FAILED
    told = json.loads(capsys.readouterr().out)
    assert [finding["where"] for finding in told["findings"]] == ["run.json"]


def test_one_signature_is_enough_where_one_is_asked_for(tmp_path, signers, centre, capsys):
    run = str(sign_run(seal(make_run(tmp_path / "run")), signers.laboratory))
    assert main(["report", "verify", run, "--centre", str(centre)]) == FAILED
    assert main(["report", "verify", run, "--centre", str(centre), "--signed-by", "laboratory"]) == PASSED
    capsys.readouterr()
    assert main(["report", "verify", run, "--centre", str(centre), "--signed-by", "somebody"]) == WRONG_INPUT
    assert "--signed-by" in complaint(capsys)


def test_a_strangers_centre_and_none_at_all_do_not_verify(signed_run, centre, tmp_path, capsys):
    other = tmp_path / "other.pem"
    other.write_bytes(make_signers(tmp_path / "keys").centre)
    assert main(["report", "verify", str(signed_run), "--centre", str(other)]) == FAILED
    assert "was not issued by this centre" in capsys.readouterr().out
    assert main(["report", "verify", str(signed_run)]) == FAILED
    assert "name its centre.pem with --centre" in capsys.readouterr().out


def test_what_cannot_be_read_is_a_wrong_input(signed_run, centre, tmp_path, capsys):
    assert main(["report", "verify", str(tmp_path / "nothing"), "--centre", str(centre)]) == WRONG_INPUT
    assert "nothing: No such file or directory" in complaint(capsys)
    assert main(["report", "verify", str(signed_run), "--centre", str(tmp_path / "none.pem")]) == WRONG_INPUT
    assert "none.pem" in complaint(capsys)
    assert main(["report", "verify", str(signed_run), "--centre", str(signed_run / "run.json")]) == WRONG_INPUT
    assert "run.json" in complaint(capsys)


def test_a_file_that_is_no_zip_does_not_verify(tmp_path, centre, capsys):
    path = tmp_path / "run.zip"
    path.write_bytes(b"PK")
    assert main(["report", "verify", str(path), "--centre", str(centre)]) == FAILED
    assert "run.zip: is no sound ZIP" in capsys.readouterr().out


def test_names_a_terminal_would_obey_are_told_harmless(signed_run, centre, tmp_path, capsys):
    run = copied(signed_run, tmp_path / "run")
    (run / "a\x1b[2Jb\n核验通过").write_bytes(b"")
    assert main(["report", "verify", str(run), "--centre", str(centre)]) == FAILED
    assert "a\\x1b[2Jb\\n核验通过: is in no list" in capsys.readouterr().out


def test_names_that_are_no_text_are_told_by_escapes(signed_run, centre, tmp_path, capsys):
    run = copied(signed_run, tmp_path / "run")
    (run / os.fsdecode(b"\xff")).write_bytes(b"")
    assert main(["report", "verify", str(run), "--centre", str(centre)]) == FAILED
    assert "\\udcff: is in no list" in capsys.readouterr().out
    assert main(["report", "verify", str(run), "--centre", str(centre), "--json"]) == FAILED
    assert [one["where"] for one in json.loads(capsys.readouterr().out)["findings"]] == ["\udcff"]


def test_twin_and_bundle_are_made_and_verify(signed_run, centre, tmp_path, capsys):
    twin, archive = tmp_path / "twin", tmp_path / "twin.zip"
    assert main(["report", "redact", str(signed_run), "--out", str(twin)]) == PASSED
    assert main(["report", "bundle", str(twin), "--out", str(archive)]) == PASSED
    for path in (twin, archive):
        capsys.readouterr()
        assert main(["report", "verify", str(path), "--centre", str(centre)]) == PASSED
        assert "公开版 redacted twin" in capsys.readouterr().out


@pytest.mark.parametrize("action", ["redact", "bundle"])
def test_nothing_is_made_of_a_run_that_does_not_hold_or_put_where_something_is(action, signed_run, tmp_path, capsys):
    run, out = copied(signed_run, tmp_path / "run"), tmp_path / "out.zip"
    (run / "verdicts.json").write_bytes(b"{}")
    for folder, place, word in (
        (run, out, "verdicts.json"),
        (signed_run, run, "is there already" if action == "redact" else "is no name of a ZIP"),
        (signed_run, signed_run / "within.zip", "lies within the run itself"),
        (signed_run, tmp_path / "no" / "out.zip", "has no folder to stand in"),
        (tmp_path / "nothing", out, "is no folder"),
    ):
        assert main(["report", action, str(folder), "--out", str(place)]) == WRONG_INPUT
        assert word in complaint(capsys)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


@pytest.mark.parametrize("out", ["twin", "twin.zip"])
def test_no_twin_is_made_that_tells_a_number_in_clear(out, tmp_path, signers, capsys):
    run = make_run(tmp_path / "run")
    (run / "catalogue.json").write_text('{"title": "43990019900307707X"}\n')
    sign_run(seal(run), *signers.both)
    assert main(["report", "redact", str(run), "--out", str(tmp_path / out)]) == WRONG_INPUT
    told = complaint(capsys)
    assert f"{run}: identity number in clear at" in told
    assert "catalogue.json, line 1" in told
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_unsigned_run_and_a_twin_have_no_twin(signed_run, tmp_path, capsys):
    run = seal(make_run(tmp_path / "run"))
    assert main(["report", "redact", str(run), "--out", str(tmp_path / "out")]) == WRONG_INPUT
    assert "nobody has signed this run" in complaint(capsys)
    assert main(["report", "redact", str(signed_run), "--out", str(tmp_path / "twin")]) == PASSED
    capsys.readouterr()
    assert main(["report", "redact", str(tmp_path / "twin"), "--out", str(tmp_path / "out")]) == WRONG_INPUT
    assert "is a redacted twin already" in complaint(capsys)


def test_a_full_disk_leaves_nothing_half_written(signed_run, tmp_path, capsys, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ZipFile, "open", full)
    out = tmp_path / "run.zip"
    assert main(["report", "bundle", str(signed_run), "--out", str(out)]) == WRONG_INPUT
    assert "run.zip: No space left on device" in complaint(capsys)
    assert list(tmp_path.iterdir()) == []
