"""What a report says of the bench: every instrument with its calibration, and the photographs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from certification.verdicts import Verdict
from reports.bench_view import instrument_views
from reports.html_report import write_report
from reports.run_record import InstrumentRecord

SUPPLY = {
    "role": "power",
    "identity": "ACME,PS1,7,<i>2.1</i>",
    "standing": "valid",
    "calibrated": "2026-01-05",
    "calibration_due": "2027-01-05",
    "certificate": "<b>J2026</b>",
    "emulated": False,
}
LAMP = {"role": "light_source", "identity": "XIANGKA,EMU-LAMP,0001,1.0", "standing": "missing", "emulated": True}


@pytest.mark.parametrize(
    ("changed", "said", "mark"),
    [
        ({}, "有效", Verdict.PASS),
        ({"standing": "expired"}, "已过期", Verdict.FAIL),
        ({"standing": "missing"}, "未提供", Verdict.FAIL),
        ({"standing": "future"}, "日期在试验之后", Verdict.FAIL),
        ({"standing": "missing", "emulated": True}, "模拟仪器，无需校准", None),
        ({"standing": "expired", "emulated": True}, "已过期", None),
    ],
)
def test_how_a_calibration_stood_is_said(changed: dict[str, object], said: str, mark: Verdict | None) -> None:
    (view,) = instrument_views([InstrumentRecord.model_validate(SUPPLY | changed)])
    assert (view.standing.zh, view.mark) == (said, mark)
    assert view.standing.en


def test_a_page_shows_instruments_and_photographs(make_run: Callable[..., Path]) -> None:
    names = ["bench-1.png", "bench-2.png", "bench-3.png", "../run.json"]
    folder = make_run(instruments=[SUPPLY, LAMP], photographs=names)
    (folder / "pictures").mkdir(exist_ok=True)
    for number in (1, 2):
        cv2.imwrite(str(folder / "pictures" / f"bench-{number}.png"), np.full((48, 64, 3), 90 * number, np.uint8))
    page = write_report(folder).read_text(encoding="utf-8")

    (table,) = re.findall(r'<table class="instruments">.*?</table>', page, re.DOTALL)
    _, first, second = re.findall(r"<tr>.*?</tr>", table, re.DOTALL)
    for told in ("电源", "ACME,PS1,7,&lt;i&gt;2.1", "2026-01-05", "2027-01-05", "&lt;b&gt;J2026", "有效"):
        assert told in first
    assert "光源" in second

    figures = re.findall(r'<figure class="photograph">.*?</figure>', page, re.DOTALL)
    pictures = [re.findall(r'<img src="(data:[^"]+)"', figure) for figure in figures]
    assert [len(found) for found in pictures] == [1, 1, 0, 0]
    assert pictures[0] != pictures[1]
    assert all(name in figure for name, figure in zip(names, figures, strict=True))


def test_a_bench_without_them_has_no_empty_table(page_text: str) -> None:
    assert '<table class="instruments">' not in page_text
    assert '<figure class="photograph">' not in page_text
