"""What the page on evidence tells a stranger: his program checks a run by it, and its lists are those in force."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evidence import redaction
from evidence.chain import sm3
from tests.evidence.sealed_runs import HIDDEN, NAME
from xiangka.publishing import redact
from xiangka.scenarios import ROOT

PAGE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def forms(signed_run, tmp_path_factory):
    """The program of the page, a run, and its twin."""
    place = tmp_path_factory.mktemp("stranger")
    [program] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (place / "program.py").write_text(program)
    redact(signed_run, place / "twin")
    return place / "program.py", {"run": signed_run, "twin": place / "twin"}


def says(program: Path, folder: Path) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-I", str(program), str(folder)], capture_output=True, text=True, timeout=60, check=False
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("form", ["run", "twin"])
def test_a_strangers_program_finds_a_run_and_its_twin_as_they_were_listed(form, forms):
    program, folders = forms
    assert says(program, folders[form]) == (0, "every file is the one that was listed\n")


def test_a_line_of_the_twin_is_checked_without_reading_it(forms):
    _, folders = forms
    for name, twin in (
        ("journal.jsonl", "journal.redacted.jsonl"),
        ("observations.jsonl", "observations.redacted.jsonl"),
    ):
        value = sm3(f"xiangka evidence 1\n{NAME}\n{name}".encode())
        for line in (folders["twin"] / twin).read_bytes().splitlines():
            text, said = line.rsplit(b',"chain":', 1)
            value = sm3(value + text + b"}")
            assert said == f'"{value.hex()}"}}'.encode()


def spoil(file: Path, old: bytes, new: bytes) -> None:
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new, 1))


def without_a_line(file: Path) -> None:
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))


HARM = {
    "twin, a number": ("twin", lambda f: spoil(f / "journal.redacted.jsonl", b'"n":2', b'"n":3'), "line 2: does not"),
    "twin, a line": ("twin", lambda f: without_a_line(f / "journal.redacted.jsonl"), "does not end where"),
    "twin, a record": ("twin", lambda f: spoil(f / "run.json", b"1", b"2"), "run.json: is not the file"),
    "run, a withheld file": ("run", lambda f: spoil(f / "report.html", b"title", b"tit1e"), "report.html: is not the"),
    "run, a file more": ("run", lambda f: (f / "manifest.json.withdrawn.pdf").touch(), "withdrawn.pdf: is not in the"),
    "run, a folder more": ("run", lambda f: (f / "withdrawn").mkdir(), "withdrawn: is not in the list"),
    "run, a link": ("run", lambda f: (f / "report-1.pdf").symlink_to("run.json"), "report-1.pdf: is not in the list"),
    "twin, a forged report beside": ("twin", lambda f: (f / "report.html").touch(), "report.html: is not in the list"),
    "twin, a full file beside": ("twin", lambda f: (f / "journal.jsonl").write_text("{}"), "journal.jsonl: is not in"),
    "twin, the salts beside": ("twin", lambda f: (f / "salts.json").write_text("{}"), "salts.json: is not in the list"),
    "run, a value": (
        "run",
        lambda f: spoil(f / "journal.jsonl", HIDDEN.encode(), b"7" * len(HIDDEN)),
        "is not the file",
    ),
}


@pytest.mark.parametrize("what", HARM)
def test_a_strangers_program_finds_what_was_changed(what, forms, tmp_path):
    program, folders = forms
    form, harm, said = HARM[what]
    shutil.copytree(folders[form], tmp_path / "run")
    harm(tmp_path / "run")
    code, words = says(program, tmp_path / "run")
    assert code == 1
    assert said in words


def test_the_page_lists_the_words_in_force():
    [journal] = re.findall(r"^\| the journal \| words under (.*) \|$", PAGE, re.MULTILINE)
    [observations] = re.findall(r"^\| observations \| words under (.*), and below `cell` \|$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", journal)) == redaction.JOURNAL_WORDS
    assert set(re.findall(r"`(\w+)`", observations)) == redaction.OBSERVATION_WORDS
    assert redaction.SMALL == 10**10
    assert redaction.MOMENTS == ("_ns", "_us", "_ms")
