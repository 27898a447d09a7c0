"""Figures as text: whole in any width and in a pipe, Chinese first, marked as a test platform's."""

import pytest
from rich.cells import cell_len

from reference_impl.records.figures import COLUMNS, Figure, Statistics
from xiangka.printed_figures import print_statistics

HOSPITAL = "湖南省合成测试第一人民医院及其附属合成康复中心"
NARROW = Figure("by_channel", "按渠道", "by channel", "甲" * 90, "a" * 90, ("channel", "cards"), (("0100", 3),))
WIDE = Figure(
    "share_by_hospital",
    "占比",
    "share",
    "定义",
    "definition",
    ("org_code", "name", "level", "visits", "visits_with_card", "visit_share", "persons", "persons_with_card"),
    (("91350100M000100Y43", HOSPITAL, "3", 10, 8, 0.8, 3, 2), ("439900000001", "乙", "2", 0, 0, None, 0, 0)),
)
EMPTY = Figure("by_day", "按日", "by day", "定义", "definition", ("day", "cards"), ())


@pytest.fixture
def printed(monkeypatch, capsys):
    def show(width=80, *, terminal=False):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("FORCE_COLOR" if terminal else "NO_COLOR", "1")
        print_statistics(Statistics(0, 1, (NARROW, WIDE, EMPTY)))
        return capsys.readouterr().out

    return show


@pytest.mark.parametrize("width", [40, 80, 200])
def test_nothing_is_cut_whatever_the_width(printed, width):
    told = printed(width)
    assert "…" not in told
    for text in (HOSPITAL, "91350100M000100Y43", "80.00%", "visits_with_card", "甲" * 90, "a" * 90):
        assert text in told


def test_what_does_not_fit_stands_one_value_a_line(printed):
    lines = printed(80).splitlines()
    assert sum("┃" in line for line in lines) == 1, "only the narrow figure is a table"
    assert any(line.split() == ["持卡就诊次数", "visits_with_card", "8"] for line in lines)
    assert any(line.split() == ["持卡次数占比", "visit_share", "–"] for line in lines)
    assert max(map(cell_len, (line for line in lines if "甲" not in line and "aa" not in line))) <= 80
    assert sum("┃" in line for line in printed(260).splitlines()) == 2


def test_a_terminal_gets_sentences_broken_to_its_width(printed):
    assert all(cell_len(line) <= 80 for line in printed(80, terminal=True).splitlines() if "\x1b" not in line)


def test_heads_and_codes_are_chinese_first(printed):
    told = printed(200)
    assert "渠道 channel" in told
    assert "0100 服务窗口" in told
    assert "3 三级" in told


def test_it_says_that_the_platform_is_a_test_platform_and_where_nothing_was_counted(printed):
    told = printed(80)
    assert told.startswith("TEST · 测试平台")
    assert "期间内没有数据" in told
    assert Statistics(0, 1, ()).as_json()["mode"] == "TEST"


def test_every_column_has_words_in_both_languages():
    assert all(zh and en for zh, en in COLUMNS.values())
