"""Photographs a subject file names: real pictures are kept, anything else is refused before a bench is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from certification.errors import PlanError
from certification.subject_file import load_subject
from xiangka.scenarios import ROOT
from xiangka.subject_photographs import LARGEST, check_photographs, keep_photographs, photograph_problems

SUBJECT = ROOT / "fixtures" / "subjects" / "emulated-gm65.toml"


def picture(path: Path, size: tuple[int, int] = (320, 240)) -> None:
    Image.new("RGB", size, "navy").save(path)


def truncated(path: Path) -> None:
    Image.effect_noise((320, 240), 90).save(path)
    path.write_bytes(path.read_bytes()[:5000])


def vast(path: Path) -> None:
    Image.new("1", (9000, 9000)).save(path)


def heavy(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "cannot be read (No such file or directory)"),
    "a folder": (Path.mkdir, "cannot be read (Is a directory)"),
    "no picture": (lambda path: path.write_text("front"), "is no whole PNG or JPEG"),
    "a GIF": (lambda path: Image.new("L", (320, 240)).save(path, "GIF"), "is no whole PNG or JPEG"),
    "cut short": (truncated, "is no whole PNG or JPEG"),
    "too small": (lambda path: picture(path, (320, 199)), "has only 320 × 199 pixels"),
    "too many pixels": (vast, "is no whole PNG or JPEG (9000 × 9000 pixels)"),
    "too heavy": (heavy, "is larger than 8 MB"),
}


@pytest.mark.parametrize(("make", "says"), WRONG.values(), ids=WRONG)
def test_what_is_no_photograph_is_refused_by_its_place_in_the_file(tmp_path: Path, make, says: str) -> None:
    picture(tmp_path / "front.png")
    make(tmp_path / "side.png")
    (problem,) = photograph_problems(["front.png", "side.png"], tmp_path / "subject.toml")
    assert (problem.key, says in problem.says.en) == ("photographs[1]", True), problem
    with pytest.raises(PlanError) as told:
        check_photographs(["front.png", "side.png"], tmp_path / "subject.toml")
    assert "subject.toml photographs[1]" in str(told.value)


def test_copies_stand_in_the_run_whatever_the_files_were_called(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    picture(tmp_path / "a" / "x.PNG")
    Image.new("RGB", (320, 240)).save(tmp_path / "x.png", "JPEG")
    run = tmp_path / "run"
    run.mkdir()
    assert keep_photographs(["a/x.PNG", "x.png"], tmp_path / "subject.toml", run) == [
        "photograph-1.png",
        "photograph-2.jpg",
    ]
    assert (run / "subject" / "photograph-2.jpg").read_bytes() == (tmp_path / "x.png").read_bytes()


def test_a_subject_nobody_filed_has_none(tmp_path: Path) -> None:
    check_photographs(["front.png"], None)
    assert keep_photographs(["front.png"], None, tmp_path) == []
    assert not (tmp_path / "subject").exists()


def test_those_of_the_default_subject_are_there() -> None:
    names = load_subject(SUBJECT).photographs
    assert len(names) == 2
    check_photographs(names, SUBJECT)
