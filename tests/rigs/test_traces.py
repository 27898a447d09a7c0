"""What is left behind: every form a log could use, whatever it is packed in, and what an emulated device keeps."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import os
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import ValidationError

from rigs.bench_tables.traces import TracesTable
from rigs.clear_text import files_below, places_in_clear
from rigs.drivers.traces import EmulatedTraces, MachineTraces
from rigs.emulators.defects.retention import KeepsLastCodes, LogsPayloads
from rigs.emulators.device_log import LINES_A_FILE, DeviceLog, LogHabits
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.number_search import numbers_in_files
from rigs.unpacked import with_contents

CODE = "0123456789ABCDEF" * 4
WANTED = {"code 1": CODE, "another": "F" * 64}


def searched(folder: Path, files: list[Path]) -> dict[str, str]:
    unpacked = folder / "unpacked"
    unpacked.mkdir(exist_ok=True)
    named = with_contents(files, unpacked)
    return {key: named[path] for key, (_, path) in places_in_clear(WANTED, named).items()}


FORMS = {
    "plain": CODE.encode(),
    "utf-16 little": CODE.encode("utf-16-le"),
    "utf-16 big": CODE.encode("utf-16-be"),
    "hex": CODE.encode().hex().encode(),
    "HEX": CODE.encode().hex().upper().encode(),
    "hex with spaces": CODE.encode().hex(" ").encode(),
    "url, every byte": "".join(f"%{byte:02x}" for byte in CODE.encode()).encode(),
    "backwards": CODE[::-1].encode(),
    **{f"base64 after {n} bytes": base64.b64encode(b"x" * n + CODE.encode() + b"yz") for n in range(4)},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_code_is_found_in_every_form_a_log_would_use(form, tmp_path):
    log = tmp_path / "vendor.log"
    log.write_bytes(b"\x00\xff scan [" + FORMS[form] + b"] done\n")
    assert searched(tmp_path, [log]) == {"code 1": "vendor.log"}


def test_a_url_with_a_code_that_needs_escaping_is_found(tmp_path):
    log = tmp_path / "access.log"
    log.write_text(f"GET /scan?code={quote('王:110101199003070011', safe='')}&x=1", encoding="utf-8")
    assert list(places_in_clear({"it": "王:110101199003070011"}, [log])) == ["it"]


@pytest.mark.parametrize("kept", [CODE[:2] + "****", "sha256:" + "9" * 64, CODE[:60], ""])
def test_a_mask_or_a_digest_is_no_find(kept, tmp_path):
    log = tmp_path / "vendor.log"
    log.write_text(f"scan {kept} done")
    assert searched(tmp_path, [log]) == {}


def a_zip(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs/today.txt", content)
    return packed.getvalue()


def a_tar(content: bytes, mode: str = "w:gz") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        entry = tarfile.TarInfo("logs/today.txt")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def a_database(content: bytes) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE scans (n INTEGER, filler BLOB, said TEXT)")
    connection.execute("INSERT INTO scans VALUES (1, ?, ?)", (bytes(9000), content.decode()))
    whole = connection.serialize()
    connection.close()
    return whole


PACKED = {
    "log.gz": gzip.compress,
    "log.bz2": bz2.compress,
    "log.xz": lzma.compress,
    "log.zip": a_zip,
    "log.tar.gz": a_tar,
    "log.tar": lambda content: a_tar(content, "w"),
    "log.db": a_database,
    "log.zip in gz": lambda content: gzip.compress(a_zip(content)),
    "db in zip": lambda content: a_zip(a_database(content)),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_code_is_found_in_whatever_a_log_is_packed_in(name, tmp_path):
    file = tmp_path / name.replace(" ", "-")
    file.write_bytes(PACKED[name](f"2026-11-27 scan {CODE} ok".encode() * 3))
    found = searched(tmp_path, [file])
    assert list(found) == ["code 1"]
    assert found["code 1"].startswith(file.name)


@pytest.mark.parametrize("head", [b"\x1f\x8b", b"BZh", b"PK\x03\x04", b"SQLite format 3\x00", b"\xfd7zXZ\x00"])
def test_what_only_looks_like_an_archive_is_searched_as_it_is(head, tmp_path):
    file = tmp_path / "odd.bin"
    file.write_bytes(head + b" not really " + CODE.encode())
    assert searched(tmp_path, [file]) == {"code 1": "odd.bin"}


def test_without_anything_to_look_for_nothing_is_found(tmp_path):
    (tmp_path / "log").write_bytes(CODE.encode())
    assert places_in_clear({}, [tmp_path / "log"]) == {}


@pytest.mark.parametrize(
    "search",
    [
        lambda path, folder: places_in_clear(WANTED, [path]),
        lambda path, folder: with_contents([path], folder),
        lambda path, folder: list(numbers_in_files({"it": "6228480402564890018"}, [path])),
    ],
)
def test_a_file_that_cannot_be_read_is_the_bench_at_fault(search, tmp_path, monkeypatch):
    """Whatever the system says: here that it went away between being named and being read."""
    path = tmp_path / "vendor.log"
    path.write_text(CODE)
    monkeypatch.setattr(Path, "open", lambda self, *_: os.open(self.with_name("gone"), os.O_RDONLY))
    with pytest.raises(RigError, match="cannot be searched"):
        search(path, tmp_path)


HIDDEN = """
import sys
from pathlib import Path
from rigs.clear_text import content_of, files_below
from rigs.errors import RigError
for look in (lambda: list(files_below([Path(sys.argv[1])])), lambda: content_of(Path(sys.argv[2]))):
    try:
        print("looked", look())
    except RigError as error:
        print(error)
"""


def test_a_folder_this_user_may_not_look_into_does_not_pass_for_an_empty_one(tmp_path):
    """Looked into by a process without root's power to read everything."""
    closed, sealed = tmp_path / "logs" / "closed", tmp_path / "sealed.log"
    closed.mkdir(parents=True)
    sealed.write_text(CODE)
    command = [sys.executable, "-c", HIDDEN, str(tmp_path / "logs"), str(sealed)]
    if not os.geteuid():
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    for path in (closed, sealed):
        path.chmod(0)
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    closed.chmod(0o700)
    assert [line.split("cannot be searched")[1] for line in ended.stdout.splitlines()] == [
        " (Permission denied); run as a user who may read it, while no program takes files away there"
    ] * 2


def test_places_of_a_machine_are_files_folders_and_patterns(tmp_path):
    (tmp_path / "logs").mkdir()
    for name in ("a.txt", "logs/b.txt", "vendor-1.log", "vendor-2.log"):
        (tmp_path / name).write_text(name)
    traces = MachineTraces((f"{tmp_path}/a.txt", f"{tmp_path}/logs", f"{tmp_path}/vendor-*.log"), None, Journal(None))
    assert sorted(file.name for file in traces.files(tmp_path / "export")) == [
        "a.txt",
        "b.txt",
        "vendor-1.log",
        "vendor-2.log",
    ]


def test_a_place_that_is_not_there_is_the_bench_at_fault(tmp_path):
    with pytest.raises(RigError, match="there is nothing at"):
        MachineTraces((f"{tmp_path}/nowhere*",), None, Journal(None)).files(tmp_path)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("cp /no/such/file {folder}", "was not exported (cp:"),
        ("true {folder}", "exit 0, no file written"),
        ("no-such-program {folder}", "No such file"),
    ],
)
def test_a_device_that_exports_nothing_is_not_taken_for_one_that_keeps_nothing(command, said, tmp_path):
    export = tmp_path / "export"
    export.mkdir()
    with pytest.raises(RigError) as failed:
        MachineTraces((), command, Journal(None)).files(export)
    assert said in str(failed.value)


def test_what_a_command_exports_is_searched(tmp_path):
    export, memory = tmp_path / "export", tmp_path / "memory"
    export.mkdir()
    memory.write_text(CODE)
    [file] = MachineTraces((), f"cp {memory} {{folder}}", Journal(None)).files(export)
    assert searched(tmp_path, [file]) == {"code 1": "memory"}


@pytest.mark.parametrize(
    ("habits", "found"), [(LogHabits, set()), (LogsPayloads, {"code 1"}), (KeepsLastCodes, {"another"})]
)
def test_each_emulated_device_leaves_what_it_should(habits, found, tmp_path):
    """A sound one a mask and a digest; the first defect writes every tenth code, the second keeps the last ones."""
    folder, export = tmp_path / "log", tmp_path / "export"
    folder.mkdir()
    export.mkdir()
    log = DeviceLog(folder, habits())
    texts = [f"{n:064d}:1".encode() for n in range(LINES_A_FILE + 60)]
    texts[9], texts[-3] = f"{CODE}:1".encode(), f"{'F' * 64}:1".encode()
    for text in texts:
        log.delivered(text)
    traces = EmulatedTraces(folder, lambda order: (log.export(Path(order.split()[1])), "done")[1])
    files = traces.files(export)
    assert {file.name for file in files} == {"scanner.log", "scanner.log.1.gz", "memory.bin"}
    assert set(searched(tmp_path, files)) == found
    assert list(files_below([export])) != []


def test_an_emulator_that_exports_nothing_is_no_fault_of_a_device(tmp_path):
    with pytest.raises(RigError, match="exported nothing"):
        EmulatedTraces(tmp_path, lambda _: "not understood").files(tmp_path)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "needs `paths`, `export` or"),
        ({"paths": ["/var/log"], "emulated": {}}, "not both"),
        ({"export": "dump"}, "{folder}"),
    ],
)
def test_a_wrong_table_is_refused_in_words(table, said):
    with pytest.raises(ValidationError, match=said.replace("{", r"\{")):
        TracesTable(**table)
