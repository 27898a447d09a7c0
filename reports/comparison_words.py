"""Words of a comparison: what became of a row or a measure, and the numbers of a change with how sure they are."""

from __future__ import annotations

from collections.abc import Mapping

from certification.catalogue import Text
from certification.comparison import Outcome
from certification.measure_changes import MeasureChange, Standing
from certification.row_changes import Change
from reports.numbers import plain, quantity, share
from reports.words import MEASURES, as_recorded, cell_text, joined, word


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


OUTCOMES: Mapping[Outcome, Text] = {
    Outcome.REGRESSION: _t("有退化", "regression"),
    Outcome.UNDECIDED: _t("未能判定", "undecided"),
    Outcome.NO_REGRESSION: _t("未见退化", "no regression"),
}

CHANGES: Mapping[Change, Text] = {
    Change.NEW_FAILURE: _t("新增不合格", "new failures"),
    Change.UNKNOWN_FAILURE: _t("不合格，此前未评定", "failed, not assessed before"),
    Change.NEWLY_OPEN: _t("不再有结论", "no longer decided"),
    Change.FIXED: _t("已修复", "fixed"),
    Change.NEWLY_MET: _t("新满足", "newly met"),
}

STANDINGS: Mapping[Standing, Text] = {
    Standing.WORSE: _t("变差", "worse"),
    Standing.UNDECIDED: _t("测得变差，未能确证", "looks worse, not shown"),
    Standing.BETTER: _t("变好", "better"),
    Standing.HOST: _t("归于主机", "its host's"),
    Standing.SAME: _t("无显著变化", "no change shown"),
}

GROUPS: Mapping[str, Text] = {
    "identity": _t("身份", "identity"),
    "statement": _t("符合性声明", "statement"),
    "catalogue": _t("要求目录", "catalogue"),
    "bench": _t("测试台", "bench"),
    "harness": _t("测试软件与运行", "harness and run"),
}

_KINDS: Mapping[str, Text] = {
    "share": _t("失败率", "share of failures"),
    "p95": _t("第 95 百分位", "95th percentile"),
    "each": _t("最不利值", "worst value"),
    "median": _t("中位数", "median"),
    "mean": _t("平均值", "mean"),
    "total": _t("合计", "total"),
    "drift": _t("漂移", "drift"),
    "window": _t("连续范围", "continuous range"),
}


def measure_name(one: MeasureChange) -> Text:
    """What was measured, of which part of the sample."""
    named = joined([word(MEASURES, one.measure), _KINDS.get(one.kind, as_recorded(one.kind))])
    return joined([named, cell_text(one.cell)]) if one.cell else named


def measured(one: MeasureChange, value: float) -> Text:
    """A value of it."""
    return as_recorded(share(value)) if one.kind == "share" else quantity(value, one.unit)


def change_text(one: MeasureChange) -> Text:
    """How far it changed, with its bounds."""
    if one.kind == "share":
        points = f"{_signed(100 * (one.now - one.before))}"
        bounds = f"{_signed(100 * (one.low or 0.0))} … {_signed(100 * (one.high or 0.0))}"
        return _t(f"{points} 个百分点（95 %：{bounds}）", f"{points} points (95 %: {bounds})")
    if one.increase is None:
        return as_recorded(_signed(one.now - one.before))
    percent = f"{_signed(100 * one.increase)} %"
    if one.low is None or one.high is None:
        return _t(percent, percent)
    bounds = f"{_signed(100 * one.low)} … {_signed(100 * one.high)} %"
    return _t(f"{percent}（单侧各 95 %：{bounds}）", f"{percent} (95 % one-sided each: {bounds})")


def _signed(value: float) -> str:
    rounded = round(value, 2)
    return f"+{plain(rounded)}" if rounded > 0 else plain(rounded)
