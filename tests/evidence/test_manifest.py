"""The manifest of a run: every file in it, written one way only."""

import dataclasses
import json

import pytest

from evidence.chain import Chain, follow, sm3
from evidence.manifest import (
    MANIFEST,
    SALTS,
    ChainHead,
    ManifestError,
    chain_heads,
    parsed_manifest,
    parsed_salts,
    read_manifest,
    write_manifest,
)


@pytest.fixture
def folder(tmp_path):
    for name in ("run.json", "verdicts.json", "report.html", "asked.json", "pictures/a.png", "waivers/w.toml.sig"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    chain = Chain("journal.jsonl", run="a-run")
    (tmp_path / "journal.jsonl").write_text("".join(chain.line({"n": n, "hex": "aa"}, ["hex"]) for n in (1, 2)))
    (tmp_path / "observations.jsonl").touch()
    for name in ("running.lock", "manifest.sig", "report-7-zh.pdf", "report-7-zh.pdf.sig", "certificate-9.pdf"):
        (tmp_path / name).write_text("added later")
    (tmp_path / "report-of").mkdir()
    (tmp_path / "report-of" / "it.pdf").write_text("a file of the run")
    return tmp_path


def test_every_file_of_the_run_is_listed_with_its_digest_and_how_it_is_published(folder):
    manifest = write_manifest(folder, "a-run")
    assert {file.name: file.publication for file in manifest.files} == {
        "asked.json": "withheld",
        "journal.jsonl": "redacted",
        "observations.jsonl": "redacted",
        "pictures/a.png": "withheld",
        "report-of/it.pdf": "withheld",
        "report.html": "withheld",
        "run.json": "whole",
        "salts.json": "withheld",
        "verdicts.json": "whole",
        "waivers/w.toml.sig": "whole",
    }
    salts = json.loads((folder / "salts.json").read_text())
    assert list(salts) == ["asked.json", "pictures/a.png", "report-of/it.pdf", "report.html"]
    for file in manifest.files:
        data = (folder / file.name).read_bytes()
        if file.name in salts:
            assert (file.size, file.sm3) == (None, None)
            assert file.salted_sm3 == sm3(bytes.fromhex(salts[file.name]) + data).hex()
        else:
            assert (file.size, file.sm3, file.salted_sm3) == (len(data), sm3(data).hex(), None)
    assert [file.name for file in manifest.files] == sorted(file.name for file in manifest.files)
    assert read_manifest(folder) == manifest
    assert not list(folder.glob(".manifest*"))


def test_the_chains_end_as_their_last_lines_tell(folder):
    lines = (folder / "journal.jsonl").read_bytes().splitlines()
    assert chain_heads(folder, "a-run") == {
        "journal.jsonl": ChainHead(2, follow("journal.jsonl", lines, run="a-run").head.hex()),
        "observations.jsonl": ChainHead(0, Chain("observations.jsonl", run="a-run").head.hex()),
    }
    (folder / "journal.jsonl").write_bytes(lines[0] + b"\n" + lines[1][:20])
    with pytest.raises(ValueError, match=r"journal\.jsonl does not end in a chained line"):
        chain_heads(folder, "a-run")


def test_every_changed_byte_of_a_manifest_makes_it_another_or_none(folder):
    manifest = write_manifest(folder, "a-run")
    data = (folder / MANIFEST).read_bytes()
    for place in range(len(data)):
        for mask in (0x01, 0x20, 0x80):
            changed = data[:place] + bytes((data[place] ^ mask,)) + data[place + 1 :]
            try:
                assert parsed_manifest(changed) != manifest
            except ManifestError:
                continue


def spoilt(document: dict, name: str = "run.json", **fields) -> bytes:
    [file] = [file for file in document["files"] if file["name"] == name]
    file |= fields
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def told_plainly(document: dict) -> bytes:
    """With size and digest of a file that is withheld, as anybody could confirm them who guesses its content."""
    files = [
        {"name": file["name"], "size": 9, "sm3": "ab" * 32, "publication": "withheld"}
        if file["name"] == "asked.json"
        else file
        for file in document["files"]
    ]
    return (json.dumps({**document, "files": files}, indent=1) + "\n").encode()


WRONG = {
    "bytes": lambda d: b"\xff",
    "no object": lambda d: b"7\n",
    "another schema": lambda d: (json.dumps({**d, "schema": 2}, indent=1) + "\n").encode(),
    "other spaces": lambda d: json.dumps(d).encode(),
    "a further field": lambda d: spoilt(d, more=1),
    "a size that is none": lambda d: spoilt(d, size=-1),
    "a size that is a truth": lambda d: spoilt(d, size=True),
    "a digest that is none": lambda d: spoilt(d, sm3="AB"),
    "a salted digest that is none": lambda d: spoilt(d, "asked.json", salted_sm3="AB"),
    "a withheld file told plainly": told_plainly,
    "published otherwise": lambda d: spoilt(d, publication="withheld"),
    "not sorted": lambda d: (json.dumps({**d, "files": d["files"][::-1]}, indent=1) + "\n").encode(),
    "listed twice": lambda d: (json.dumps({**d, "files": d["files"][:1] + d["files"]}, indent=1) + "\n").encode(),
    "deep": lambda d: b"[" * 100_000,
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_manifest_is_refused(folder, what):
    write_manifest(folder, "a-run")
    with pytest.raises(ManifestError):
        parsed_manifest(WRONG[what](json.loads((folder / MANIFEST).read_bytes())))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda data: data.replace(b"report.html", b"report.htm"),
        lambda data: data.replace(b': "', b':"'),
        lambda data: data[:-4] + data[-2:],
        lambda data: b"[" * 100_000,
        lambda data: b"{}\n",
    ],
)
def test_salts_are_those_of_the_withheld_files_or_none(folder, wrong):
    salted = [file.name for file in write_manifest(folder, "a-run").files if file.salted_sm3 is not None]
    data = (folder / SALTS).read_bytes()
    assert list(parsed_salts(data, salted)) == salted
    with pytest.raises(ManifestError, match="salts"):
        parsed_salts(wrong(data), salted)


def test_a_missing_manifest_is_told(tmp_path):
    with pytest.raises(ManifestError, match="is missing"):
        read_manifest(tmp_path)


def test_a_link_is_no_file_of_the_run(folder):
    (folder / "link").symlink_to("run.json")
    assert "link" not in [file.name for file in write_manifest(folder, "a-run").files]
    assert dataclasses.replace(read_manifest(folder), run="b").encoded() != (folder / MANIFEST).read_bytes()
