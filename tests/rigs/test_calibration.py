"""Calibrations: what a bench file may say of them, and which benches are refused on which day."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from rigs.bench_file import BenchFile, load_bench
from rigs.calibration import Standing, instruments_of, refuse_uncalibrated
from rigs.errors import BenchFileError

TODAY = date(2026, 6, 15)
DESK = """
name = "desk"
[presenter]
driver = "screen"
[scanner]
driver = "gm65"
url = "/dev/serial/by-id/usb-EXAMPLE_0001"
[platform]
driver = "hn-a"
[platform.reference]
"""
SUPPLY = """
[power]
driver = "scpi"
resource = "TCPIP::192.0.2.10::5025::SOCKET"
"""
METER = """
[lux_meter]
driver = "scpi"
resource = "TCPIP::192.0.2.11::5025::SOCKET"
"""


def calibration(calibrated: str, due: str) -> str:
    return f'calibrated = {calibrated}\ncalibration_due = {due}\ncertificate = "C-1"\n'


GOOD = calibration("2026-01-05", "2027-01-05")


def bench(tmp_path: Path, *tables: str) -> BenchFile:
    path = tmp_path / "desk.toml"
    path.write_text(DESK + "".join(tables))
    return load_bench(path)


def standings(file: BenchFile, today: date = TODAY) -> dict[str, Standing]:
    return {one.role: one.standing for one in instruments_of(file, today, {})}


@pytest.mark.parametrize(
    ("calibrated", "due", "today", "standing"),
    [
        ("2026-01-05", "2027-01-05", date(2026, 1, 5), Standing.VALID),
        ("2026-01-05", "2027-01-05", date(2027, 1, 5), Standing.VALID),
        ("2026-01-05", "2027-01-05", date(2027, 1, 6), Standing.EXPIRED),
        ("2026-01-05", "2027-01-05", date(2026, 1, 4), Standing.FUTURE),
    ],
)
def test_a_calibration_holds_from_its_date_to_the_day_it_is_due(
    tmp_path: Path, calibrated: str, due: str, today: date, standing: Standing
) -> None:
    file = bench(tmp_path, SUPPLY, calibration(calibrated, due))
    assert standings(file, today) == {"power": standing}


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ((SUPPLY, GOOD, METER), r"\[lux_meter\].*no calibration is told"),
        ((SUPPLY, METER, GOOD), r"\[power\].*no calibration is told"),
        (
            (SUPPLY, calibration("2024-01-05", "2025-01-05")),
            r"\[power\].*on 2025-01-05 \(today is 2026-06-15\)",
        ),
        ((SUPPLY, calibration("2026-06-16", "2027-01-05")), r"\[power\].*dated 2026-06-16, in the future"),
    ],
)
def test_an_instrument_whose_calibration_does_not_hold_is_refused_by_name_and_date(
    tmp_path: Path, tables: tuple[str, ...], said: str
) -> None:
    with pytest.raises(BenchFileError) as caught:
        refuse_uncalibrated(bench(tmp_path, *tables), TODAY, "desk.toml")
    assert re.search(said, str(caught.value)), caught.value


def test_a_bench_with_every_calibration_in_force_is_taken(tmp_path: Path) -> None:
    refuse_uncalibrated(bench(tmp_path, SUPPLY, GOOD, METER, GOOD), TODAY, "desk.toml")


def test_an_emulated_bench_certifies_nothing_and_is_never_refused(tmp_path: Path) -> None:
    file = bench(tmp_path, '[power]\ndriver = "scpi"\n[power.emulated]\n')
    assert file.emulated
    refuse_uncalibrated(file, TODAY, "desk.toml")
    assert standings(file) == {"power": Standing.MISSING}


KEYBOARD = '[keyboard]\ndriver = "hid-stream"\nurl = "socket://192.0.2.12:4000"\n'


@pytest.mark.parametrize(
    ("tables", "emulated"),
    [
        ((SUPPLY, GOOD), False),
        ((SUPPLY, GOOD, 'visa = "bench.yaml@sim"\n'), True),
        ((METER, GOOD, 'visa = "@sim"\n'), True),
        ((SUPPLY.replace("192.0.2.10", "127.0.0.1"), GOOD), True),
        ((SUPPLY.replace("192.0.2.10", "localhost"), GOOD), True),
        ((KEYBOARD,), True),
        ((KEYBOARD, "hardware = true\n"), False),
    ],
)
def test_what_may_be_software_at_a_verdicts_root_certifies_nothing(
    tmp_path: Path, tables: tuple[str, ...], emulated: bool
) -> None:
    assert bench(tmp_path, *tables).emulated is emulated


def test_a_lux_meter_in_a_hand_is_an_instrument_like_any_other(tmp_path: Path) -> None:
    held = '[operator]\ndriver = "terminal"\n[lux_meter]\ndriver = "operator"\nlabel = "Sunlight L-1 no. 7"\n'
    refuse_uncalibrated(bench(tmp_path, held, GOOD), TODAY, "desk.toml")
    with pytest.raises(BenchFileError, match=r"\[lux_meter\].*no calibration is told"):
        refuse_uncalibrated(bench(tmp_path, held), TODAY, "desk.toml")


def test_a_plug_in_a_hand_is_no_instrument(tmp_path: Path) -> None:
    file = bench(tmp_path, '[power]\ndriver = "operator"\n[operator]\ndriver = "terminal"\n')
    refuse_uncalibrated(file, TODAY, "desk.toml")
    assert standings(file) == {}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("calibrated = 2026-01-05", "'calibration_due' is missing"),
        ('certificate = "C-1"', "'calibrated' is missing"),
        (calibration("2026-01-05", "2026-01-05"), "must come after"),
        (GOOD.replace("2026-01-05", '"last spring"'), "calibrated"),
        (GOOD + "calibration = 2027-01-05", "did you mean"),
    ],
)
def test_half_a_calibration_is_a_mistake_in_the_file(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(BenchFileError, match=re.escape(said)):
        bench(tmp_path, SUPPLY, lines)


def test_a_certifying_run_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "desk.toml"
    path.write_text(DESK + SUPPLY + calibration("2019-01-05", "2020-01-05"))
    ended = subprocess.run(
        [sys.executable, "-m", "xiangka", "certify", "--bench", str(path), "--out", str(tmp_path / "run")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 4
    assert "[power]: its calibration expired on 2020-01-05" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists()
