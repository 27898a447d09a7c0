"""What a report says of the bench: every instrument with its calibration, and the photographs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from reports.html_report import write_report

SUPPLY = {
    "role": "power",
    "identity": "ACME,PS1,7,2.1",
    "standing": "valid",
    "calibrated": "2026-01-05",
    "calibration_due": "2027-01-05",
    "certificate": "J2026-0815",
    "emulated": False,
}
LAMP = {"role": "light_source", "identity": "XIANGKA,EMU-LAMP,0001,1.0", "standing": "missing", "emulated": True}


def page_of(folder: Path) -> str:
    return write_report(folder).read_text(encoding="utf-8")


def rows_of(page: str) -> list[str]:
    table = re.search(r'<table class="instruments">.*?</table>', page, re.DOTALL)
    return [] if table is None else re.findall(r"<tr>(?:(?!<th scope=.col).)*?</tr>", table.group(), re.DOTALL)


def test_each_instrument_stands_with_its_certificate(make_run: Callable[..., Path]) -> None:
    first, second = rows_of(page_of(make_run(instruments=[SUPPLY, LAMP])))
    for told in ("电源", "ACME,PS1,7,2.1", "2026-01-05", "2027-01-05", "J2026-0815", "有效"):
        assert told in first
    assert "模拟仪器，无需校准" in second


@pytest.mark.parametrize(
    ("standing", "said"), [("expired", "已过期"), ("missing", "未提供"), ("future", "日期在试验之后")]
)
def test_a_calibration_that_did_not_hold_is_said(make_run: Callable[..., Path], standing: str, said: str) -> None:
    (row,) = rows_of(page_of(make_run(instruments=[SUPPLY | {"standing": standing}])))
    assert said in row
    assert "有效</" not in row


def test_a_bench_without_instruments_has_no_empty_table(make_run: Callable[..., Path]) -> None:
    assert rows_of(page_of(make_run())) == []


def test_a_certificate_number_cannot_become_markup(make_run: Callable[..., Path]) -> None:
    page = page_of(make_run(instruments=[SUPPLY | {"certificate": "<b>J</b>", "identity": "<i>x</i>,a,b,c"}]))
    assert "&lt;b&gt;J" in page
    assert "<b>J</b>" not in page
    assert "<i>x</i>" not in page


def test_the_photographs_are_part_of_the_page(make_run: Callable[..., Path]) -> None:
    folder = make_run(photographs=["bench-1.png", "bench-2.png"])
    (folder / "pictures").mkdir(exist_ok=True)
    for number in (1, 2):
        cv2.imwrite(str(folder / "pictures" / f"bench-{number}.png"), np.full((48, 64, 3), 90 * number, np.uint8))
    page = page_of(folder)
    assert page.count('<figure class="photograph">') == 2
    assert len(set(re.findall(r'<figure class="photograph">\s*<img src="(data:[^"]+)"', page))) == 2


def test_a_photograph_that_is_not_there_is_named_only(make_run: Callable[..., Path]) -> None:
    page = page_of(make_run(photographs=["../run.json", "bench-1.png"]))
    figures = re.findall(r'<figure class="photograph">.*?</figure>', page, re.DOTALL)
    assert len(figures) == 2
    assert not any("<img" in figure for figure in figures)
    assert json.dumps("bench-1.png").strip('"') in figures[1]
