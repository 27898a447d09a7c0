"""The optics laboratory on the command line: a picture with its grade, a sweep with its curve, mistakes in one line."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from random import Random

import cv2
import pytest

from rigs.optics.parameters import PARAMETERS
from rigs.optics.scene import render
from xiangka.cli import main
from xiangka.optics_stimulus import Wanted

SOUND = ("sweep", "--parameter", "distance", "--from", "30", "--to", "80", "--step", "10")
PLATFORM = Path("rigs/benches/reference-platform.toml").resolve()
BY_HAND = """
name = "desk"
[presenter]
driver = "frame-port"
gap_ms = 0
[scanner]
driver = "gm65"
silence_s = 0.06
[scanner.emulated]
pace = "usb"
[platform]
driver = "hn-a"
[platform.reference]
[operator]
driver = "scripted"
script = "{script}"
[stage]
driver = "operator"
pixel_mm = 0.108
"""


def test_a_stimulus_is_drawn_and_graded(tmp_path, capsys):
    picture, clean = tmp_path / "frame.png", tmp_path / "clean.png"
    code = main(["optics", "draw", "--out", str(picture), "--clean", str(clean), "--distance", "120", "--haze", "0.2"])
    said = capsys.readouterr().out
    assert code == 0
    assert cv2.imread(str(picture)).shape == (480, 640, 3)
    assert cv2.imread(str(clean)).shape == (480, 640, 3)
    assert re.search(r"^relative stimulus grade [A-F]: DEC [AF] · SC \d\.\d\d [A-F] · MOD", said, re.MULTILINE)
    assert "5.68 px at 120 mm" in said


def test_the_same_seed_draws_the_same_picture(tmp_path):
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        main(["optics", "draw", "--out", str(tmp_path / f"{name}.png"), "--seed", seed, "--stain", "4"])
    first, again, other = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert first == again != other


def test_every_parameter_can_be_drawn_at_both_ends_of_its_range():
    for parameter in PARAMETERS.values():
        for value in (parameter.low, parameter.high):
            stimulus = Wanted().at(parameter, value).stimulus(Random(1))
            assert render(stimulus).shape[:2] == (480, 640), parameter.name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["draw", "--out", "frame.jpg"], "frame.jpg: is not the name of a PNG file"),
        (["draw", "--out", "nowhere/frame.png"], "nowhere/frame.png: cannot be written"),
        (["draw", "--out", "f.png", "--distance", "1200"], "distance 1200 is outside 20 … 500 mm"),
        (["draw", "--out", "f.png", "--distance", "nan"], "distance nan is outside"),
        (["draw", "--out", "f.png", "--cracks", "1.5"], "cracks is a count"),
        (["draw", "--out", "f.png", "--colour", "red"], "red is not of the form #RRGGBB"),
        (["sweep", "--parameter", "mood", "--from", "1", "--to", "2", "--step", "1"], "there is no parameter 'mood'"),
        (["sweep", "--parameter", "distance", "--from", "90", "--to", "80", "--step", "1"], "no step leads from 90"),
        (["sweep", "--parameter", "distance", "--from", "30", "--to", "80", "--step", "0"], "no step leads from 30"),
        (["sweep", "--parameter", "distance", "--from", "30", "--to", "80", "--step", "0.01"], "are too many"),
        (["sweep", "--parameter", "distance", "--from", "nan", "--to", "80", "--step", "1"], "no step leads from nan"),
        (["sweep", "--parameter", "distance", "--from", "30", "--to", "inf", "--step", "1"], "no step leads from 30"),
        (["sweep", "--parameter", "distance", "--from", "30", "--to", "80", "--step", "nan"], "no step leads from 30"),
        (["sweep", "--parameter", "distance", "--from", "30", "--to", "80", "--step", "1e-320"], "are too many"),
        ([*SOUND, "--defect", "nonsense"], "--defect: there is no defect 'nonsense'"),
        ([*SOUND, "--bench", str(PLATFORM)], "reference-platform.toml: is a bench for a platform"),
        (
            ["sweep", "--parameter", "distance", "--from", "3", "--to", "80", "--step", "9"],
            "--from: distance 3 is outside",
        ),
        (
            ["sweep", "--parameter", "distance", "--from", "30", "--to", "80", "--step", "9", "--reads", "0"],
            "0 is not a positive number",
        ),
        (
            ["sweep", "--parameter", "distance", "--from", "30", "--to", "80", "--step", "9", "--bench", "none.toml"],
            "none.toml: cannot be read",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line_and_writes_nothing(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["optics", *arguments, *(["--out", "out"] if arguments[0] == "sweep" else [])]) == 4
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_finds_where_a_device_stops_reading(tmp_path, capsys):
    out = tmp_path / "sweep"
    arguments = ["--parameter", "distance", "--from", "100", "--to", "160", "--step", "60", "--reads", "4"]
    assert main(["optics", "sweep", *arguments, "--defect", "near-sighted", "--out", str(out)]) == 0
    with (out / "sweep.csv").open(encoding="utf-8") as file:
        rows = {float(row["value"]): row for row in csv.DictReader(file)}
    assert {value: (row["reads"], row["exact"]) for value, row in rows.items()} == {
        100: ("4", "4"),
        160: ("4", "0"),
    }
    assert float(rows[100]["clopper_pearson_low"]) == pytest.approx(0.05**0.25, abs=1e-3)
    assert float(rows[100]["wilson_low"]) < 1 == float(rows[100]["wilson_high"])
    assert rows[100]["grade"] == "A"
    page = (out / "sweep.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 1
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert (out / "journal.jsonl").stat().st_size > 0
    assert main(["optics", "sweep", *arguments, "--out", str(out)]) == 4
    assert "already holds something" in capsys.readouterr().err


def test_a_bench_that_does_not_open_leaves_nothing_behind(tmp_path, capsys):
    bench = tmp_path / "bench.toml"
    bench.write_text(
        'name = "desk"\n[presenter]\ndriver = "frame-port"\n[scanner]\ndriver = "gm65"\nurl = "/dev/ttyNONE"\n'
        '[platform]\ndriver = "hn-a"\n[platform.reference]\n',
        encoding="utf-8",
    )
    arguments = ["--parameter", "distance", "--from", "50", "--to", "80", "--step", "10", "--bench", str(bench)]
    assert main(["optics", "sweep", *arguments, "--out", str(tmp_path / "out")]) == 3
    assert "/dev/ttyNONE" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [bench]


def by_hand(folder: Path) -> Path:
    script, bench = folder / "script.toml", folder / "bench.toml"
    script.write_text('[[question]]\nasks = "."\nanswer = ""\ntimes = 0\n', encoding="utf-8")
    bench.write_text(BY_HAND.format(script=script), encoding="utf-8")
    return bench


def test_a_person_sets_whatever_a_sweep_is_said_to_keep(tmp_path):
    out = tmp_path / "sweep"
    swept = ["--parameter", "brightness", "--from", "50", "--to", "100", "--step", "50", "--reads", "1"]
    kept = ["--distance", "200", "--polariser", "90", "--colour", "#204080"]
    assert main(["optics", "sweep", "--bench", str(by_hand(tmp_path)), *swept, *kept, "--out", str(out)]) == 0
    records = map(json.loads, (out / "journal.jsonl").read_text(encoding="utf-8").splitlines())
    told = " ".join(record["en"] for record in records if record.get("what") == "asked")
    for words in ("to 200 mm", "at 90°", "to 50 %", "to 100 %"):
        assert told.count(words) == 1, told
    page = (out / "sweep.html").read_text(encoding="utf-8")
    assert "distance 200 mm" in page
    assert "polariser 90°" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pitch", "60"], "--pitch: nobody can set pitch on this bench"),
        (["--ambient", "500"], "ambient: nothing on the bench measures light"),
    ],
)
def test_what_nobody_can_set_on_a_bench_is_refused_before_it_opens(arguments, said, tmp_path, capsys):
    bench = by_hand(tmp_path)
    assert main(["optics", *SOUND, "--bench", str(bench), *arguments, "--out", str(tmp_path / "out")]) == 4
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_screen_without_a_stage_sweeps_nothing(tmp_path, capsys):
    bench = tmp_path / "bench.toml"
    bench.write_text(
        'name = "desk"\n[presenter]\ndriver = "screen"\n[scanner]\ndriver = "gm65"\nurl = "/dev/ttyNONE"\n'
        '[platform]\ndriver = "hn-a"\n[platform.reference]\n',
        encoding="utf-8",
    )
    assert main(["optics", *SOUND, "--bench", str(bench), "--out", str(tmp_path / "out")]) == 4
    assert "nothing and nobody on the bench changes distance and light" in capsys.readouterr().err
