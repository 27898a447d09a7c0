"""Broken run folders: said what, where and what to do, and never half a report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.errors import ReportError
from reports.html_report import write_report
from reports.run_folder import read_run_folder

Break = Callable[[Path], None]


def _edit(folder: Path, name: str, **changes: object) -> None:
    document = json.loads((folder / name).read_text(encoding="utf-8"))
    (folder / name).write_text(json.dumps(document | changes), encoding="utf-8")


def _cut(folder: Path, name: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text[: len(text) // 2], encoding="utf-8")


def _spoil_line(folder: Path, line: str) -> None:
    lines = (folder / "observations.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "observations.jsonl").write_text("\n".join([*lines[:4], line, *lines[5:]]) + "\n", encoding="utf-8")


def _spoil_row(folder: Path) -> None:
    rows = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))["verdicts"]
    rows[2]["verdict"] = "MAYBE"
    _edit(folder, "verdicts.json", verdicts=rows)


BROKEN: dict[str, tuple[Break, str, str]] = {
    "no run.json": (lambda f: (f / "run.json").unlink(), "run.json", "is missing"),
    "no verdicts": (lambda f: (f / "verdicts.json").unlink(), "verdicts.json", "is missing"),
    "no observations": (lambda f: (f / "observations.jsonl").unlink(), "observations.jsonl", "is missing"),
    "run.json cut": (lambda f: _cut(f, "run.json"), "run.json, line 1", "cut short"),
    "verdicts cut": (lambda f: _cut(f, "verdicts.json"), "verdicts.json, line 1", "cut short"),
    "run.json empty": (lambda f: (f / "run.json").write_text(""), "run.json, line 1", "cut short"),
    "run.json not an object": (lambda f: (f / "run.json").write_text("[]"), "run.json", "JSON object"),
    "run.json not text": (lambda f: (f / "run.json").write_bytes(b"\xff\xfe"), "run.json", "cannot be read"),
    "another schema": (lambda f: _edit(f, "run.json", schema=2), "run.json", "schema 2"),
    "still running": (lambda f: _edit(f, "run.json", state="running", overall=None), "run.json", "has not ended"),
    "unknown overall": (lambda f: _edit(f, "run.json", overall="FINE"), "run.json", "overall"),
    "no subject": (lambda f: _edit(f, "run.json", subject=None), "run.json", "subject"),
    "a name that is a path": (lambda f: _edit(f, "run.json", run="../x"), "run.json", "run"),
    "two runs mixed": (lambda f: _edit(f, "verdicts.json", run="other"), "verdicts.json", "belongs to run 'other'"),
    "a pass its rows deny": (lambda f: _edit(f, "run.json", overall="PASS"), "verdicts.json", "its rows give FAIL"),
    "an unknown verdict": (_spoil_row, "verdicts[2]", "is not a verdict"),
    "a broken line": (lambda f: _spoil_line(f, '{"requirement":'), "observations.jsonl, line 5", "not an observation"),
    "a foreign line": (lambda f: _spoil_line(f, '{"n": 1}'), "observations.jsonl, line 5", "not an observation"),
    "a line that is no object": (lambda f: _spoil_line(f, "7"), "observations.jsonl, line 5", "not an observation"),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_folder_is_refused(make_run: Callable[..., Path], damage: str) -> None:
    break_it, where, what = BROKEN[damage]
    folder = make_run()
    break_it(folder)
    with pytest.raises(ReportError) as caught:
        write_report(folder)
    assert where in caught.value.where
    assert what in caught.value.what
    assert caught.value.remedy
    assert not (folder / "report.html").exists()


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="there is no such folder"):
        write_report(tmp_path / "nowhere")


def test_a_last_line_cut_off_is_left_out_and_said(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    file = folder / "observations.jsonl"
    whole = sum(map(len, read_run_folder(folder).observations.values()))
    file.write_bytes(file.read_bytes()[:-20])
    found = read_run_folder(folder)
    assert found.cut == ("observations.jsonl",)
    assert sum(map(len, found.observations.values())) == whole - 1
    assert "最后一行未写完整" in write_report(folder).read_text(encoding="utf-8")


def test_a_last_line_without_its_end_is_kept(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    file = folder / "observations.jsonl"
    whole = sum(map(len, read_run_folder(folder).observations.values()))
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    found = read_run_folder(folder)
    assert found.cut == ()
    assert sum(map(len, found.observations.values())) == whole


def test_no_journal_and_no_pictures_are_said_and_no_obstacle(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    (folder / "journal.jsonl").unlink()
    (folder / "pictures").rmdir()
    assert "没有日志 journal.jsonl" in write_report(folder).read_text(encoding="utf-8")


def test_only_png_files_of_the_folder_are_pictures(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    (folder / "pictures" / "page.png").write_text("<svg onload=alert(1)>")
    (folder / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    found = read_run_folder(folder)
    assert found.picture("page.png") is None
    assert found.picture("../secret.png") is None
    assert found.picture("absent.png") is None


def test_a_run_with_no_observation_is_told(make_run: Callable[..., Path]) -> None:
    folder = make_run(overall="NOT_ASSESSED")
    (folder / "observations.jsonl").write_text("")
    rows = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))["verdicts"]
    for row in rows:
        row.update(verdict="NOT_ASSESSED", clauses=[], observations=0)
    _edit(folder, "verdicts.json", verdicts=rows)
    assert write_report(folder).is_file()
