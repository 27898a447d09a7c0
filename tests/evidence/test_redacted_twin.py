"""The redacted twin: it shows nothing hidden, stands under the run's own signatures, and is no mixture."""

import pytest

from evidence.verification import verify
from tests.evidence.sealed_runs import HIDDEN, NOW, copied, make_run, read_all, seal
from xiangka.publishing import redact


@pytest.fixture(scope="module")
def made(signed_run, tmp_path_factory):
    """The twin of the signed run. Not to be written into."""
    return redact(signed_run, tmp_path_factory.mktemp("published") / "twin")


@pytest.fixture
def twin(made, tmp_path):
    """A copy of the twin to do harm to."""
    return copied(made, tmp_path / "twin")


@pytest.fixture
def first(signers):
    def look(folder):
        found = verify(folder, signers.centre, NOW)
        assert not found.holds
        return found.findings[0].where, found.findings[0].what

    return look


def test_the_twin_stands_under_the_same_manifest_and_signatures(made, signed_run, signers):
    found = verify(made, signers.centre, NOW)
    assert found.holds
    assert found.twin
    assert found.records == {"journal.redacted.jsonl": 6, "observations.redacted.jsonl": 3}
    full, twin = read_all(signed_run), read_all(made)
    for name in ("manifest.json", "manifest.sig", "run.json", "verdicts.json", "catalogue.json"):
        assert twin.pop(name) == full[name]
    assert set(twin) == {"journal.redacted.jsonl", "observations.redacted.jsonl"}


def test_the_twin_shows_nothing_hidden(made, signed_run):
    assert HIDDEN.encode() in read_all(signed_run)["journal.jsonl"]
    for data in read_all(made).values():
        assert HIDDEN.encode() not in data
        assert b'"salt"' not in data


@pytest.mark.parametrize("name", ["journal.jsonl", "observations.jsonl", "report.html"])
def test_a_mixture_of_both_is_neither(name, twin, signed_run, first):
    (twin / name).write_bytes((signed_run / name).read_bytes())
    assert first(twin) == (name, "stands in full in a redacted twin")


def test_a_full_run_with_a_redacted_file_is_neither(made, signed_run, tmp_path, first):
    run = copied(signed_run, tmp_path / "run")
    name = "journal.redacted.jsonl"
    (run / name).write_bytes((made / name).read_bytes())
    assert first(run)[1] == "stands in full in a redacted twin"


def test_full_records_under_a_redacted_name_are_found(twin, signed_run, first):
    (twin / "journal.redacted.jsonl").write_bytes((signed_run / "journal.jsonl").read_bytes())
    assert first(twin) == (
        "journal.redacted.jsonl line 1 (byte 0)",
        "stands here in full, with what a publication hides",
    )


def test_redacted_records_under_the_full_name_are_found(made, tmp_path, signers):
    run = make_run(tmp_path / "run")
    (run / "journal.jsonl").write_bytes((made / "journal.redacted.jsonl").read_bytes())
    found = verify(seal(run), None, NOW, signed_by=())
    assert found.findings[0].what == "stands here as in a redacted twin, without what it hides"


def test_half_a_twin_is_none(twin, first):
    (twin / "observations.redacted.jsonl").unlink()
    assert first(twin) == ("observations.redacted.jsonl", "is missing")


def test_cut_and_moved_records_are_found(twin, first):
    journal = twin / "journal.redacted.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]))
    assert first(twin) == (journal.name, "has 5 records that hold together, and had 6")
    journal.write_bytes(b"".join(lines).removesuffix(b"\n"))
    assert first(twin)[0] == f"{journal.name} line 6"
    fields = lines[0].removesuffix(b"}\n").removeprefix(b"{").rsplit(b',"chain"', 1)
    journal.write_bytes(b"".join([b'{"chain"' + fields[1] + b"," + fields[0] + b"}\n", *lines[1:]]))
    assert first(twin) == (f"{journal.name} line 1 (byte 0)", "is not written as the chain writes")
