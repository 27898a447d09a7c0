"""``xiangka report sign``: who may sign which run, and when not, in one line and with nothing written."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from shell import one_line

from evidence.keys.folder import load_signer
from evidence.keys.making import keys_in_files, make_centre, make_signer
from evidence.manifest import write_manifest
from evidence.signed import sign as sign_file
from evidence.signer_certificates import AUTHORISER, LABORATORY, Holder, Validity
from tests.evidence.sealed_runs import NAME, PASSWORD, make_run
from xiangka.cli import main

FEW = keys_in_files(PASSWORD, iterations=1)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Folders of both signers, of one whose time is over, and of another centre's laboratory."""
    folder = tmp_path_factory.mktemp("keys")
    now = datetime.now(UTC)
    long = Validity.days(now - timedelta(days=2000), 4000)
    for centre in ("centre", "elsewhere"):
        make_centre(folder / centre, "发证中心", "省", long, FEW)
    here, elsewhere = (load_signer(folder / name, PASSWORD) for name in ("centre", "elsewhere"))
    year = Validity.days(now - timedelta(days=1), 365)
    make_signer(folder / "laboratory", Holder("甲", LABORATORY, "所"), year, here, FEW)
    make_signer(folder / "authoriser", Holder("乙", AUTHORISER, "所"), year, here, FEW)
    make_signer(folder / "second", Holder("丙", LABORATORY, "所"), year, here, FEW)
    make_signer(folder / "expired", Holder("丁", LABORATORY, "所"), Validity.days(long.begin, 30), here, FEW)
    make_signer(folder / "stranger", Holder("戊", AUTHORISER, "所"), year, elsewhere, FEW)
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o600)
    return folder


@pytest.fixture
def run(tmp_path):
    """A sealed run nobody has signed."""
    folder = make_run(tmp_path / "run")
    write_manifest(folder, NAME)
    return folder


def sign(run, keys, who, *more):
    options = ["--keys", str(keys / who), "--password-file", str(keys / "password"), *more]
    return main(["report", "sign", str(run), *options])


def refused(capsys, run, keys, who, *more):
    """What is said of a signature that must not be made; the run stays as it is."""
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    capsys.readouterr()
    assert sign(run, keys, who, *more) == 4
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before
    told = capsys.readouterr()
    assert told.out == ""
    return one_line(told.err)


def recorded(run, **changes):
    """The run as if it had recorded that, sealed anew."""
    file = run / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    write_manifest(run, NAME)


def test_laboratory_and_authoriser_sign_and_the_run_verifies(run, keys, capsys):
    centre = ("--centre", str(keys / "centre" / "centre.pem"))
    assert sign(run, keys, "laboratory") == 0
    assert "The authoriser's signature is still missing" in capsys.readouterr().out
    assert main(["report", "verify", str(run), *centre]) == 1
    assert main(["report", "verify", str(run), *centre, "--signed-by", "laboratory"]) == 0
    assert sign(run, keys, "authoriser") == 0
    assert main(["report", "verify", str(run), *centre]) == 0
    told = capsys.readouterr().out
    assert "laboratory 甲" in told
    assert "authoriser 乙" in told


def test_the_authoriser_does_not_sign_first(run, keys, capsys):
    assert "signs after the laboratory, which has not signed yet" in refused(capsys, run, keys, "authoriser")


def test_nobody_signs_twice_and_no_second_one_of_his_role(run, keys, capsys):
    assert sign(run, keys, "laboratory") == 0
    assert "the key of 甲 has signed already" in refused(capsys, run, keys, "laboratory")
    assert "a laboratory has signed already" in refused(capsys, run, keys, "second")


def test_another_organisation_than_the_runs_laboratory_does_not_sign(run, keys, capsys):
    recorded(run, laboratory={"laboratory": {"name": {"zh": "检测中心", "en": "Test Centre"}}})
    said = refused(capsys, run, keys, "laboratory")
    assert "the run is of the laboratory 检测中心 Test Centre, and 甲 signs for 所" in said
    assert "keys made for --organisation by its name" in said


@pytest.mark.parametrize("name", [{"zh": "所", "en": "Institute"}, {"zh": "研究所", "en": "所"}])
def test_the_runs_laboratory_signs_by_either_of_its_names(name, run, keys, capsys):
    recorded(run, laboratory={"laboratory": {"name": name}})
    assert sign(run, keys, "laboratory") == 0
    assert "states no laboratory" not in capsys.readouterr().out


def test_a_run_that_states_no_laboratory_is_signed_with_a_word_on_it(run, keys, capsys):
    assert sign(run, keys, "laboratory") == 0
    assert "The run states no laboratory (certify --laboratory)" in capsys.readouterr().out


def test_an_expired_certificate_and_one_of_another_centre_do_not_sign(run, keys, capsys):
    assert "the certificate of 丁 expired on" in refused(capsys, run, keys, "expired")
    assert sign(run, keys, "laboratory") == 0
    assert "not issued by this centre" in refused(capsys, run, keys, "stranger")


def test_the_centre_signs_no_run(run, keys, capsys):
    assert "names the role 'centre'" in refused(capsys, run, keys, "centre")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "running"}, "the run is running, not finished"),
        ({"state": "interrupted"}, "the run is interrupted, not finished"),
        ({"state": None}, "the run is None, not finished"),
        ({"befell": {"invalid": True}}, "the run is INVALID"),
        ({"overall": "INVALID"}, "the run is INVALID"),
        ({"sittings": [{"what": 1}]}, "is no record of a run"),
        ({"sittings": 5}, "is no record of a run"),
        ({"laboratory": {"laboratory": {}}}, "is no record of a run"),
    ],
)
def test_a_run_that_says_nothing_is_not_signed(run, keys, capsys, changes, said):
    recorded(run, **changes)
    assert said in refused(capsys, run, keys, "laboratory")


def test_a_run_whose_clock_ran_backwards_is_not_signed(run, keys, capsys):
    times = {"started": "2026-03-02T09:00:00.000+00:00", "t_ns": 1, "boot": "", "commit": None}
    sitting = {"number": 2, **times, "ended": "2026-03-02T09:30:00.000+00:00", "why": "finished"}
    recorded(run, sittings=[{**sitting, "clock": {"wall_s": 1795.0, "monotonic_s": 1800.0}}])
    assert "ran 5.0 s backwards during sitting 2" in refused(capsys, run, keys, "laboratory")
    recorded(run, state="aborted", sittings=[{**sitting, "clock": {"wall_s": 1795.0, "monotonic_s": 1800.0}}])
    said = refused(capsys, run, keys, "laboratory")
    assert "run it anew" in said
    assert "--resume" not in said, "it cannot be gone on with"
    recorded(run, state="finished", sittings=[{**sitting, "clock": {"wall_s": 1799.5, "monotonic_s": 1800.0}}])
    assert sign(run, keys, "laboratory") == 0


def test_a_run_sealed_at_a_time_to_come_is_not_signed(run, keys, capsys):
    write_manifest(run, NAME, datetime.now(UTC) + timedelta(hours=1))
    assert "is still to come by the clock of this machine" in refused(capsys, run, keys, "laboratory")


def test_a_run_that_does_not_verify_is_not_signed(run, keys, capsys):
    (run / "report.html").write_text("<p>another</p>")
    assert "does not verify: report.html" in refused(capsys, run, keys, "laboratory")


def test_a_run_changed_after_the_laboratory_signed_is_not_authorised(run, keys, capsys):
    assert sign(run, keys, "laboratory") == 0
    recorded(run, overall="PASS")
    assert "does not verify: manifest.sig signature 1: 甲 signed other bytes" in refused(
        capsys, run, keys, "authoriser"
    )


def test_an_unsealed_run_and_what_is_no_run_are_not_signed(run, keys, capsys, tmp_path):
    (run / "manifest.json").unlink()
    assert "manifest.json is missing: the run was not finished" in refused(capsys, run, keys, "laboratory")
    (tmp_path / "empty").mkdir()
    assert "run.json" in refused(capsys, tmp_path / "empty", keys, "laboratory")
    (tmp_path / "empty" / "run.json").write_text("[" * 100_000)
    assert "nested too deeply" in refused(capsys, tmp_path / "empty", keys, "laboratory")
    assert "is no folder" in refused(capsys, tmp_path / "nowhere", keys, "laboratory")


def test_keys_that_lie_within_the_run_are_not_used(run, keys, capsys):
    shutil.copytree(keys / "laboratory", run / "keys")
    write_manifest(run, NAME)
    assert "the keys lie within the run" in refused(capsys, run, run, "keys")


def test_a_redacted_twin_is_not_signed(run, keys, capsys, tmp_path):
    assert sign(run, keys, "laboratory") == 0
    assert main(["report", "redact", str(run), "--out", str(tmp_path / "twin")]) == 0
    assert "is a redacted twin" in refused(capsys, tmp_path / "twin", keys, "authoriser")


def test_a_run_with_a_waiver_of_another_centre_is_not_signed(run, keys, capsys, tmp_path):
    waiver = run / "waivers" / "W-1.toml"
    waiver.parent.mkdir()
    waiver.write_text("waiver = 1\n")
    recorded(run, waivers=[{"id": "W-1", "kind": "waiver", "file": "W-1.toml", "state": "applied"}])
    assert "there is no signature beside it" in refused(capsys, run, keys, "laboratory")
    for who, says in (
        ("stranger", "was not issued by this centre"),
        ("laboratory", "the authoriser has not signed it"),
    ):
        sign_file(waiver, load_signer(keys / who, PASSWORD), datetime.now(UTC))
        write_manifest(run, NAME)
        said = refused(capsys, run, keys, "laboratory")
        assert "the run counts waiver W-1, and by this signer's centre" in said
        assert says in said
        waiver.with_name("W-1.toml.sig").unlink()
    sign_file(waiver, load_signer(keys / "authoriser", PASSWORD), datetime.now(UTC))
    write_manifest(run, NAME)
    assert sign(run, keys, "laboratory") == 0


def test_a_run_that_tells_a_number_in_clear_is_not_signed(run, keys, capsys):
    (run / "allure-results").mkdir()
    (run / "allure-results" / "x-result.json").write_text('{"name":\n "43990019900307707X"}')
    write_manifest(run, NAME)
    said = refused(capsys, run, keys, "laboratory")
    assert "identity number in clear at allure-results/x-result.json, line 2; `xiangka report scan` lists them" in said
    assert "0307707" not in said


def test_a_code_that_looks_like_a_card_is_signed_once_it_was_looked_at_and_an_identity_number_never(run, keys, capsys):
    (run / "junit.xml").write_text("\n6228480402564890018\n")
    write_manifest(run, NAME)
    looked = ["--looked-at", "junit.xml: line 3", "junit.xml: line 2"]
    assert "bank card number in clear at junit.xml, line 2" in refused(capsys, run, keys, "laboratory")
    assert "line 2" in refused(capsys, run, keys, "laboratory", *looked[:2])
    (run / "junit.xml").write_text("\n43990019900307707X\n")
    write_manifest(run, NAME)
    assert "identity number in clear" in refused(capsys, run, keys, "laboratory", *looked)
    (run / "junit.xml").write_text("\n6228480402564890018\n")
    write_manifest(run, NAME)
    assert sign(run, keys, "laboratory", *looked) == 0
    assert sign(run, keys, "authoriser") == 0
