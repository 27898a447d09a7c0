"""What hides in a ZIP between its files is found in ours and any other; other programs' own ways are no fault."""

import io
import shutil
import struct
import subprocess
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from evidence.verification import verify
from tests.evidence.sealed_runs import NOW
from xiangka.cli import main

END_BYTES, SEAL_BYTES = 22, 64
HIDDEN = b"this report was withdrawn"


class OneWay(io.RawIOBase):
    """A pipe: what was written cannot be gone back to."""

    def __init__(self):
        self.written = b""

    def writable(self):
        return True

    def write(self, data):
        self.written += bytes(data)
        return len(data)


@pytest.fixture
def found(tmp_path, signers):
    """Findings in a ZIP of these bytes, as place and words."""

    def look(archive):
        path = tmp_path / "run.zip"
        path.write_bytes(archive)
        return [(one.where, one.what) for one in verify(path, signers.centre, NOW).findings]

    return look


def packed(files, out=None, method=ZIP_DEFLATED, **options):
    out = io.BytesIO() if out is None else out
    with ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            with archive.open(name, "w", **options) as entry:
                entry.write(data)
    return out.written if isinstance(out, OneWay) else out.getvalue()


def stripped(sealed):
    """A bundle whose seal was taken off."""
    bare = sealed[:-SEAL_BYTES]
    return bare[:-2] + b"\0\0"


def with_bytes_before_the_directory(archive, more):
    directory = struct.unpack("<L", archive[-6:-2])[0]
    moved = archive[:directory] + more + archive[directory:]
    return moved[:-6] + struct.pack("<L", directory + len(more)) + moved[-2:]


def first_entry(name, data):
    """An entry as it stands in a ZIP, without a directory that lists it."""
    archive = packed({name: data})
    return archive[: archive.index(b"PK\1\2")]


def test_bytes_between_the_files_and_the_directory_are_found(sealed, files, found):
    for archive in (stripped(sealed), packed(files)):
        ((where, what),) = found(with_bytes_before_the_directory(archive, HIDDEN))
        assert where == "run.zip"
        assert what.startswith("holds bytes that belong to no file in it, from byte ")


def test_a_file_no_directory_lists_is_found(files, found):
    ghost = first_entry("verdicts.json", b'{"overall":"FAIL"}')
    ((where, what),) = found(with_bytes_before_the_directory(packed(files), ghost))
    assert (where, what[:36]) == ("run.zip", "holds bytes that belong to no file i")


def test_bytes_between_two_files_are_found(files, found):
    archive = packed(files)
    names = list(files)
    second = ZipFile(io.BytesIO(archive)).getinfo(names[1]).header_offset
    moved = bytearray(with_bytes_before_the_directory(archive, b""))
    moved[second:second] = HIDDEN
    directory = struct.unpack("<L", archive[-6:-2])[0] + len(HIDDEN)
    place = directory
    while moved[place : place + 4] == b"PK\1\2":
        lengths = struct.unpack_from("<3H", moved, place + 28)
        (offset,) = struct.unpack_from("<L", moved, place + 42)
        if offset >= second:
            struct.pack_into("<L", moved, place + 42, offset + len(HIDDEN))
        place += 46 + sum(lengths)
    struct.pack_into("<L", moved, len(moved) - 6, directory)
    assert found(bytes(moved)) == [
        ("run.zip", f"holds bytes that belong to no file in it, from byte {second} to {second + len(HIDDEN)}")
    ]


@pytest.mark.parametrize(("field", "at"), [("flags", 6), ("method", 8), ("time", 10), ("crc", 14), ("size", 22)])
def test_a_header_that_differs_from_the_directory_is_found(field, at, files, found):
    archive = bytearray(packed(files))
    place = ZipFile(io.BytesIO(bytes(archive))).getinfo("verdicts.json").header_offset
    archive[place + at] ^= 8
    assert ("verdicts.json", "is told otherwise by its own header than by the directory of the ZIP") in found(
        bytes(archive)
    ), field


def test_two_files_in_the_same_bytes_are_found(files, found):
    archive = bytearray(packed(files))
    last = archive.rindex(b"PK\1\2")
    (offset,) = struct.unpack_from("<L", archive, last + 42)
    assert offset
    struct.pack_into("<L", archive, last + 42, 0)
    assert "begins within the file before it in the ZIP" in [what for _, what in found(bytes(archive))]


@pytest.mark.parametrize("method", [ZIP_DEFLATED, ZIP_STORED])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("one_way", [False, True])
def test_zips_of_python_hold(one_way, wide, method, files, found):
    out = OneWay() if one_way else None
    assert found(packed({**files}, out, method, force_zip64=wide)) == []


def test_an_empty_file_described_after_its_bytes_is_one(files, found):
    told = found(packed({**files, "empty": b""}, OneWay(), force_zip64=True))
    assert told == [("empty", "is in no list of this run")]


@pytest.mark.skipif(shutil.which("zip") is None, reason="zip is missing: apt-get install zip")
@pytest.mark.parametrize("options", [(), ("-0",), ("-D", "-X"), ("-fz",)])
def test_zips_of_info_zip_hold(options, signed_run, tmp_path, found):
    subprocess.run(["zip", "-q", "-r", *options, tmp_path / "other.zip", "."], cwd=signed_run, check=True)
    assert found((tmp_path / "other.zip").read_bytes()) == []


@pytest.mark.skipif(shutil.which("zip") is None, reason="zip is missing: apt-get install zip")
@pytest.mark.parametrize("options", [(), ("-0",)])
def test_zips_of_info_zip_through_a_pipe_hold(options, signed_run, found):
    assert (
        found(subprocess.run(["zip", "-q", "-r", *options, "-", "."], cwd=signed_run, stdout=-1, check=True).stdout)
        == []
    )


def test_a_zip_without_a_seal_is_verified_with_a_word_on_it_in_the_last_line(sealed, signers, tmp_path, capsys):
    path, centre = tmp_path / "run.zip", tmp_path / "centre.pem"
    centre.write_bytes(signers.centre)
    for archive, last in (
        (sealed, "nothing differs from what was signed"),
        (stripped(sealed), "nothing differs from what was signed; the ZIP itself bears no seal"),
    ):
        path.write_bytes(archive)
        assert main(["report", "verify", str(path), "--centre", str(centre)]) == 0
        told = capsys.readouterr().out.splitlines()[-1]
        assert told.startswith(f"核验通过 · verified: {last}")
        assert ("seal" in told) == (archive != sealed)
