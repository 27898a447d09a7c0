"""What a person sees of a load while it is offered: a line that is renewed, on a terminal and off it."""

from __future__ import annotations

import io

from rich.console import Console

from rigs.roles.load import LiveSecond
from steps.load.live import told
from xiangka.watching import Bar, PlainLines

LINE = told(LiveSecond(12.0, "hold", offered=200, sent=200, ok=199, refused=1, p95=12.4, generator_cpu=0.41))


def test_a_second_is_told_in_chinese_first_and_in_english():
    assert LINE.index("施加 200/s") < LINE.index("offered 200/s")
    for part in ("12 s hold", "p95 12 ms", "拒绝 1", "41%", "refused 1"):
        assert part in LINE
    assert "p95 —" in told(LiveSecond(0.0))


def test_off_a_terminal_a_line_comes_now_and_then(monkeypatch):
    said = io.StringIO()
    watcher = PlainLines(Console(file=said, width=80))
    watcher.planned(1)
    watcher.started("EHC-PRF-001", "持续验码")
    watcher.live("EHC-PRF-001", LINE)
    assert "施加" not in said.getvalue()
    monkeypatch.setattr(PlainLines, "EVERY_S", 0.0)
    watcher.live("EHC-PRF-001", LINE)
    assert LINE in said.getvalue()


def test_on_a_terminal_it_stands_below_the_name_of_its_row():
    said = io.StringIO()
    watcher = Bar(Console(file=said, force_terminal=True, width=200))
    watcher.planned(1)
    watcher.started("EHC-PRF-001", "持续验码")
    watcher.live("EHC-PRF-001", LINE)
    watcher.progress("EHC-PRF-001", 12, 1800)
    watcher.paused().__enter__()
    shown = said.getvalue()
    assert shown.index("EHC-PRF-001 持续验码") < shown.index("施加 200/s")
    assert "12/1800" in shown
    watcher.close()
