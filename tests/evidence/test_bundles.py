"""Runs in a ZIP: ours, in which every byte counts, and those of other programs."""

import io
import stat
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from evidence.verification import verify
from tests.evidence.sealed_runs import NOW, copied, read_all
from xiangka.publishing import bundle, redact

UNSEALED = "the ZIP itself bears no seal, so that nobody answers for the times and attributes it tells"


@pytest.fixture
def found(tmp_path, signers):
    """Everything found in a ZIP of these bytes."""

    def look(archive):
        path = tmp_path / "run.zip"
        path.write_bytes(archive)
        return verify(path, signers.centre, NOW)

    return look


def packed(entries, comment=b""):
    """A ZIP as another program makes it."""
    archive = io.BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as made:
        for entry, data in entries:
            made.writestr(entry, data)
        made.comment = comment
    return archive.getvalue()


def link(name):
    entry = ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return entry


def test_a_bundle_holds_and_comes_out_alike(sealed, signed_run, found, tmp_path):
    assert found(sealed).holds
    assert found(sealed).remarks == ()
    again = bundle(copied(signed_run, tmp_path / "again"), tmp_path / "again.zip")
    assert again.read_bytes() == sealed
    with ZipFile(io.BytesIO(sealed)) as archive:
        assert archive.namelist() == sorted(read_all(signed_run))


def test_a_twin_in_a_zip_is_the_bundle_of_its_folder(signed_run, tmp_path, signers):
    folder = redact(signed_run, tmp_path / "twin")
    straight = redact(signed_run, tmp_path / "straight.zip")
    assert bundle(folder, tmp_path / "of-the-folder.zip").read_bytes() == straight.read_bytes()
    found = verify(straight, signers.centre, NOW)
    assert found.holds
    assert found.twin


def test_another_programs_zip_holds_by_its_files_and_is_told(files, found):
    assert found(packed(files.items())).holds
    assert found(packed(files.items())).remarks == (UNSEALED,)
    below = packed([("a run/", b""), *((f"a run/{name}", data) for name, data in files.items())])
    assert found(below).holds


def test_a_changed_file_in_another_programs_zip_is_named(files, found):
    told = found(packed({**files, "run.json": files["run.json"] + b" "}.items()))
    assert [finding.where for finding in told.findings] == ["run.json"]


def test_a_bundle_that_was_damaged_is_told_with_the_file_it_happened_to(sealed, found, files):
    place = sealed.index(b"EHC-TRM-001-shown-01.png") + len("EHC-TRM-001-shown-01.png") + 30
    told = found(sealed[:place] + bytes((sealed[place] ^ 1,)) + sealed[place + 1 :])
    assert told.findings[0].what == "is not the ZIP that was sealed"
    assert told.findings[1].where == "pictures/EHC-TRM-001-shown-01.png"


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        (lambda sealed: sealed + b"x", "ends in bytes or in a comment that no bundle ends in"),
        (lambda sealed: b"x" + sealed, "is not the ZIP that was sealed"),
        (lambda sealed: sealed[:-1], "ends in bytes or in a comment that no bundle ends in"),
        (lambda sealed: sealed[:-1] + b"X", "ends in bytes or in a comment that no bundle ends in"),
        (lambda sealed: sealed[: len(sealed) // 2], "is no sound ZIP (File is not a zip file)"),
        (lambda sealed: b"", "is no sound ZIP (File is not a zip file)"),
        (lambda sealed: b"no ZIP at all" * 20, "is no sound ZIP (File is not a zip file)"),
    ],
)
def test_what_is_no_bundle_any_more_is_told(harm, what, sealed, found):
    told = found(harm(sealed))
    assert (told.findings[0].where, told.findings[0].what) == ("run.zip", what)


def test_bytes_before_another_programs_zip_are_found(files, found):
    told = found(b"#!/bin/sh\n" + packed(files.items()))
    assert told.findings[0].what == "holds bytes that belong to no file in it, from byte 0 to 10"


def test_a_comment_is_a_seal_or_a_finding(files, found):
    for comment in (b"with kind regards", b"0" * 63, b"G" * 64):
        assert "comment" in found(packed(files.items(), comment)).findings[0].what
    assert found(packed(files.items(), b"0" * 64)).findings[0].what == "is not the ZIP that was sealed"


@pytest.mark.parametrize(
    "name", ["../run.json", "/run.json", "a/../../b", "C:\\run.json", "a//b", "./run.json", "x\\y"]
)
def test_names_that_lead_elsewhere_are_found(name, files, found):
    told = found(packed([*files.items(), (name, b"")]))
    assert (told.findings[0].where, told.findings[0].what) == (name, "is no name of a file below the run's folder")


@pytest.mark.parametrize(("written", "read"), [(b"\0QQ", "\0QQ"), (b"Q\0Q", "Q\0Q"), (b"./.", "./."), (b"...", "...")])
def test_names_that_are_none_are_found(written, read, files, found):
    told = found(packed([*files.items(), ("QQQ", b"")]).replace(b"QQQ", written))
    assert read in [finding.where for finding in told.findings]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_doubled_names_links_and_filled_folders_are_found(files, found):
    twice = found(packed([*files.items(), ("run.json", files["run.json"])]))
    assert (twice.findings[0].where, twice.findings[0].what) == ("run.json", "stands in the ZIP 2 times")
    linked = found(packed([*files.items(), (link("more.json"), "run.json")]))
    assert (linked.findings[0].where, linked.findings[0].what) == ("more.json", "is a link or no file at all")
    filled = found(packed([*files.items(), ("pictures/more/", b"something")]))
    assert filled.findings[0].where == "pictures/more/"


def test_a_folder_for_no_file_is_found(files, found):
    told = found(packed([*files.items(), ("REVOKED by the laboratory/", b""), ("pictures/", b"")]))
    assert [one.where for one in told.findings] == ["REVOKED by the laboratory/"]
    below = [("a run/", b""), ("another/", b""), *((f"a run/{name}", data) for name, data in files.items())]
    assert [one.where for one in found(packed(below)).findings] == ["another/"]


def test_more_than_is_listed_is_not_unpacked(files, found):
    told = found(packed({**files, "run.json": b"\0" * 50_000_000}.items()))
    assert told.findings[0].what == f"is longer than the {len(files['run.json'])} bytes it had"


def test_what_no_list_tells_the_size_of_is_not_unpacked_without_an_end(files, found, monkeypatch):
    monkeypatch.setattr("evidence.examination.LONGEST_WITHHELD", 1_000_000)
    told = found(packed({**files, "report.html": b"\0" * 50_000_000}.items()))
    assert told.findings[0].what == "is longer than 1000000 bytes, as no file of a run is"
