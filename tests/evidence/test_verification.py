"""What a verifier says of a run that is not as it was signed: the first thing that does not match, and where."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.chain import Chain
from evidence.errors import SignatureError
from evidence.findings import UnreadableError
from evidence.manifest import MANIFEST, SIGNATURES, ChainHead, Manifest, parsed_manifest
from evidence.redaction import HIDDEN_IN
from evidence.signed import sign
from evidence.verification import verify
from tests.evidence.sealed_runs import (
    MADE,
    NAME,
    NOW,
    REPORT,
    add_report,
    copied,
    make_run,
    make_signers,
    seal,
    sign_run,
)


@pytest.fixture
def run(signed_run, tmp_path):
    """A copy of the signed run to do harm to."""
    return copied(signed_run, tmp_path / "run")


@pytest.fixture
def first(signers):
    """The first thing found, as place and words."""

    def look(folder, centre=signers.centre, **options):
        found = verify(folder, centre, NOW, **options)
        assert not found.holds
        return found.findings[0].where, found.findings[0].what

    return look


def test_a_sound_run_holds_and_says_what_was_looked_at(signed_run, signers):
    found = verify(signed_run, signers.centre, NOW)
    assert found.holds
    assert [one.role for one in found.signatures] == ["laboratory", "authoriser"]
    assert list(found.additions) == [REPORT]
    assert (found.run, found.twin, found.files) == (NAME, False, 8)
    assert found.records == {"journal.jsonl": 6, "observations.jsonl": 3}


def test_a_changed_file_is_named_by_what_differs(run, first):
    verdicts = run / "verdicts.json"
    verdicts.write_text(verdicts.read_text().replace("PASS", "FAIL"))
    assert first(run) == ("verdicts.json", "has its 62 bytes, but others: their SM3 is not the one listed")
    verdicts.write_bytes(verdicts.read_bytes()[:-1])
    assert first(run) == ("verdicts.json", "has 61 bytes and had 62")
    verdicts.write_bytes(verdicts.read_bytes() + b"\n\n")
    assert first(run) == ("verdicts.json", "is longer than the 62 bytes it had")


def test_a_changed_record_is_named_by_its_line(run, first):
    journal = run / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:2], lines[2].replace(b"scanner", b"scannes"), *lines[3:]]))
    place = len(lines[0]) + len(lines[1])
    assert first(run) == (f"journal.jsonl line 3 (byte {place})", "does not continue the chain")


def test_a_truncated_journal_is_named_by_what_is_left(run, first):
    journal = run / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:4]))
    assert first(run) == ("journal.jsonl", "has 4 records that hold together, and had 6")
    journal.write_bytes(b"".join(lines[:5]) + lines[5][:20])
    assert first(run) == ("journal.jsonl line 6", "is torn: 20 bytes of it are left")


def test_files_taken_away_put_in_or_linked_are_named(run, first):
    (run / "pictures" / "extra.png").write_bytes(b"")
    assert first(run) == ("pictures/extra.png", "is in no list of this run")
    (run / "pictures" / "extra.png").unlink()
    (run / "report.html").rename(run / "report-old.html")
    assert first(run) == ("report.html", "is missing")
    (run / "report.html").symlink_to("report-old.html")
    assert first(run) == ("report.html", "is a link or no file at all")
    (run / "report.html").unlink()
    os.mkfifo(run / "report.html")
    assert first(run) == ("report.html", "is a link or no file at all")


def test_a_folder_for_no_file_is_named(run, first, signers):
    for name in ("本次运行已撤销 REVOKED", "pictures/more/still"):
        (run / name).mkdir(parents=True)
    found = verify(run, signers.centre, NOW)
    assert [one.where for one in found.findings] == [
        "pictures/more/",
        "pictures/more/still/",
        "本次运行已撤销 REVOKED/",
    ]
    assert {one.what for one in found.findings} == {"is a folder for no file of this run"}


def test_a_linked_folder_is_found_and_not_followed(run, first, tmp_path):
    (run / "pictures").rename(tmp_path / "elsewhere")
    (run / "pictures").symlink_to(tmp_path / "elsewhere")
    assert first(run) == ("pictures", "is a link or no file at all")


def test_a_file_of_another_run_is_found(run, first, tmp_path, signers):
    other = make_run(tmp_path / "other", name="another")
    (run / "run.json").write_bytes((other / "run.json").read_bytes())
    assert first(run)[0] == "run.json"


def test_a_manifest_of_another_run_is_found_by_the_signature(run, first):
    manifest = run / MANIFEST
    manifest.write_bytes(manifest.read_bytes().replace(NAME.encode(), b"20260302-093000-specimeN"))
    where, what = first(run)
    assert where == SIGNATURES
    assert "signed other bytes" in what


def test_an_unsigned_run_and_one_with_a_signature_missing_are_told_apart(tmp_path, signers, first):
    run = seal(make_run(tmp_path / "run"))
    assert first(run) == (SIGNATURES, "is missing: nobody has signed this run")
    sign_run(run, signers.laboratory)
    assert first(run) == (SIGNATURES, "bears no signature of the authoriser")
    assert verify(run, signers.centre, NOW, signed_by=("laboratory",)).holds
    assert verify(run, None, NOW, signed_by=()).holds


def test_nobody_is_trusted_without_the_right_centre(run, first, signers, tmp_path):
    assert first(run, centre=None) == (SIGNATURES, "cannot be trusted without the centre's certificate")
    stranger = make_signers(tmp_path / "keys")
    assert "was not issued by this centre" in first(run, centre=stranger.centre)[1]
    with pytest.raises(SignatureError):
        verify(run, b"no certificate", NOW)


def test_a_signature_of_tomorrow_or_of_before_the_manifest_is_found(tmp_path, signers):
    run = seal(make_run(tmp_path / "run"))
    sign(run / MANIFEST, signers.laboratory, MADE - timedelta(minutes=1), run=NAME)
    found = verify(run, signers.centre, NOW, signed_by=("laboratory",))
    assert "before there was a manifest" in found.findings[0].what
    found = verify(run, signers.centre, MADE - timedelta(days=1), signed_by=("laboratory",))
    assert "is still to come" in found.findings[0].what


def test_a_signature_made_for_another_run_is_found(tmp_path, signers, first):
    run = sign_run(seal(make_run(tmp_path / "run")), *signers.both, name="another")
    assert first(run) == (SIGNATURES, "was made for the run another")


def test_an_added_report_needs_a_signature_for_this_run(run, first, signers, tmp_path):
    report, beside = run / REPORT, run / f"{REPORT}.sig"
    written = report.read_bytes()
    report.write_bytes(written[:-1])
    assert first(run)[0] == beside.name
    report.unlink()
    assert first(run) == (beside.name, f"is a signature without {REPORT}")
    beside.unlink()
    report.write_bytes(written)
    assert first(run) == (REPORT, f"has no {beside.name} beside it")
    report.unlink()
    for other, what in (("another", "was made for the run another"), (None, "was made for no run")):
        beside.unlink(missing_ok=True)
        add_report(run, *signers.both, run=other)
        assert first(run) == (beside.name, what)


def test_a_lock_in_a_sealed_run_is_told(run, first):
    (run / "running.lock").write_text("123")
    assert first(run) == ("running.lock", "says that a process is at work here")


def test_an_unfinished_run_says_how_far_its_chains_hold(tmp_path, signers):
    run = make_run(tmp_path / "run")
    with (run / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"n":7,"t_')
    (run / "running.lock").write_text("123")
    found = verify(run, signers.centre, NOW)
    assert [finding.where for finding in found.findings] == [SIGNATURES, MANIFEST]
    assert found.records == {"journal.jsonl": 6, "observations.jsonl": 3}
    assert any("10 bytes of a torn record" in remark for remark in found.remarks)
    assert any("a process is at work here, or was killed" in remark for remark in found.remarks)


def test_an_unfinished_run_whose_chain_is_broken_says_where(tmp_path, signers):
    run = make_run(tmp_path / "run")
    observations = run / "observations.jsonl"
    lines = observations.read_bytes().splitlines(keepends=True)
    observations.write_bytes(b"".join(lines[1:]))
    found = verify(run, signers.centre, NOW)
    assert found.records["observations.jsonl"] == 0
    assert found.findings[-1].where == "observations.jsonl line 1 (byte 0)"


@pytest.mark.parametrize(("numbers", "line"), [((1, 1), 2), ((2, 1), 2), ((1, "2"), 2), ((None, 2), 1)])
def test_numbers_of_a_journal_must_rise(numbers, line, tmp_path, signers):
    chain, hidden = Chain("journal.jsonl", run=NAME), HIDDEN_IN["journal.jsonl"]
    records = [{"n": number, "t_ns": 1, "channel": "run"} for number in numbers]
    run = make_run(tmp_path / "run")
    (run / "journal.jsonl").write_text("".join(chain.line(record, hidden(record)) for record in records))
    found = verify(seal(run), signers.centre, NOW, signed_by=())
    assert found.findings[0].where.startswith(f"journal.jsonl line {line} ")
    assert found.findings[0].what.startswith("has no number above")


@pytest.mark.parametrize(
    ("chains", "what"),
    [
        ({}, "tells no chain of journal.jsonl"),
        ({"journal.jsonl": 0, "observations.jsonl": 0, "more.jsonl": 0}, "tells a chain of more.jsonl"),
    ],
)
def test_a_manifest_tells_a_chain_of_each_chained_file_and_of_no_other(chains, what, tmp_path):
    run = seal(make_run(tmp_path / "run"))
    sealed = parsed_manifest((run / MANIFEST).read_bytes())
    told = {name: sealed.chains.get(name, ChainHead(1, "0" * 64)) for name in chains}
    (run / MANIFEST).write_bytes(Manifest(sealed.run, sealed.made, sealed.files, told).encoded())
    found = verify(run, None, NOW, signed_by=())
    assert (found.findings[0].where, found.findings[0].what[: len(what)]) == (MANIFEST, what)


@pytest.mark.parametrize("made", ["yesterday", "2026-03-02T09:30:00"])
def test_a_manifest_tells_its_time_with_a_zone(made, tmp_path):
    run = seal(make_run(tmp_path / "run"))
    told = json.loads((run / MANIFEST).read_text()) | {"made": made}
    (run / MANIFEST).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    found = verify(run, None, NOW, signed_by=())
    assert found.findings[0].what == f"tells no time with its zone, but {made!r}"


def test_a_manifest_written_otherwise_is_none(tmp_path):
    run = seal(make_run(tmp_path / "run"))
    (run / MANIFEST).write_bytes((run / MANIFEST).read_bytes() + b"\n")
    found = verify(run, None, NOW, signed_by=())
    assert found.findings[0].where == MANIFEST
    assert found.records == {"journal.jsonl": 6, "observations.jsonl": 3}


def test_a_signature_without_a_manifest_is_a_run_without_one(run, first):
    (run / MANIFEST).unlink()
    assert first(run, signed_by=())[0] == MANIFEST


def test_what_is_not_there_cannot_be_judged(tmp_path, signers):
    with pytest.raises(UnreadableError, match="No such file"):
        verify(tmp_path / "nothing", signers.centre, NOW)


def test_what_has_no_end_is_not_read(tmp_path, signers):
    os.mkfifo(tmp_path / "pipe")
    for endless in (Path("/dev/zero"), tmp_path / "pipe"):
        with pytest.raises(UnreadableError, match="is neither a folder nor a file"):
            verify(endless, signers.centre, NOW)
