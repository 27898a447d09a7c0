"""Plots with many names: each name whole or at least unlike every other, in both languages."""

from __future__ import annotations

import re
from itertools import product

from certification.catalogue import Text
from certification.decision import Outcome
from certification.observations import Observation
from reports.cell_bars import cell_bars
from reports.column_texts import shortened_apart
from reports.findings import CellCount
from reports.plots import plots_of
from reports.svg import Plot

RATE = Text(zh="识读率", en="read rate")
HOSTS = [("en-US", "off"), ("zh-CN", "off"), ("zh-CN", "on")]


def labels(plot: Plot, lang: str) -> list[str]:
    """Labels of one language, from the top."""
    found = re.findall(rf'<text class="{lang}"[^>]*x="([\d.-]+)" y="([\d.]+)"[^>]*>([^<]+)<', str(plot.svg))
    return [text for _, _, text in sorted(found, key=lambda one: float(one[1]))]


def counted(cells) -> list[CellCount]:
    return [CellCount(cell, 7, 7, Outcome.HOLDS, None) for cell in cells]


def keyboards() -> list[CellCount]:
    """What EHC-TRM-018 judges: 24 cells that differ in the last of their words only."""
    return counted(
        {"layout": layout, "caps_lock": caps, "input_method": method, "lag": lag, "suffix": "cr"}
        for lag, caps, (layout, method) in product((0, 50, 10, 20), ("off", "on"), HOSTS)
    )


def test_bars_with_long_names_stand_below_what_they_share():
    plot = cell_bars("EHC-TRM-018-read", keyboards(), RATE)
    for lang, lag in (("zh", "主机延迟 "), ("en", "host lag ")):
        told = [text for text in labels(plot, lang) if not text.startswith(("识读率", "read rate"))]
        assert len(told) == 6 + 24
        assert not any("…" in text for text in told)
        heads = [text for text in told if not text.startswith(lag)]
        assert len(set(heads)) == 6
        assert [text.split("\u202f")[0] for text in told[1:5]] == [f"{lag}{ms}" for ms in (0, 10, 20, 50)]
    assert "均为后缀回车" in plot.caption.zh
    assert "all with suffix Enter" in plot.caption.en


def test_bars_with_short_names_are_as_they_were():
    cells = [{"colour": colour, "surface": "screen"} for colour in ("#000000", "#F39119")]
    plot = cell_bars("EHC-TRM-007-read", counted(cells), RATE)
    assert [text for text in labels(plot, "en") if "#" in text] == [
        "colour #000000 · screen",
        "colour #F39119 · screen",
    ]
    assert "all with" not in plot.caption.en


def test_names_that_cannot_be_parted_are_numbered_rather_than_alike():
    cells = [{"moment": "x" * 40 + tail} for tail in "abc"]
    plot = cell_bars("long", counted(cells), RATE)
    told = re.findall(r">([^<>]*x…)<", str(plot.svg))
    assert sorted(text[:3] for text in set(told)) == ["1. ", "1. ", "2. ", "2. ", "3. ", "3. "]


def test_texts_are_cut_only_where_they_must_be_and_numbered_only_where_cut_alike():
    texts = [
        Text(zh=text, en=text) for text in ("short", "a long text, first", "a long text, second", "another long one")
    ]
    cut = [text.en for text in shortened_apart(texts, 12)]
    assert cut[0] == "short"
    assert cut[3].startswith("another")
    assert cut[1].startswith("2. ")
    assert cut[2].startswith("3. ")
    assert all(len(text) <= 12 for text in cut)


def test_the_times_of_exchanges_are_named_whole_and_in_the_reader_s_language():
    names = [f"read split into writes of {size} bytes" for size in (1, 2, 16, 32)] + ["save", "read, CRC"]
    observations = [
        Observation("EHC-TRM-017", "exchange", "exact", detail={"name": name, "seconds": 0.01}) for name in names
    ]
    (plot,) = plots_of("EHC-TRM-017", [], observations)
    assert labels(plot, "en")[: len(names)] == names
    assert labels(plot, "zh")[: len(names)] == [
        *(f"读取，每次写 {size} 字节" for size in (1, 2, 16, 32)),
        "保存",
        "读取（带 CRC）",
    ]
