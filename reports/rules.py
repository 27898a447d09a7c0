"""Decision rules and findings in sentences, in both languages and with their numbers."""

from __future__ import annotations

from certification.catalogue import Text
from certification.clauses import (
    Clause,
    CountClause,
    InspectionClause,
    LimitClause,
    PercentileClause,
    ProportionClause,
    Selector,
    WindowClause,
)
from certification.decision import ClauseResult, Outcome
from certification.statistics import allowed_failures
from reports.numbers import grouped, plain, quantity, share
from reports.words import CELL_KEYS, CELL_VALUES, MEASURES, as_recorded, cell_value, joined, unit_word, value_word, word

_STATISTICS = {
    "each": Text(zh="每个值", en="every value"),
    "median": Text(zh="中位数", en="the median"),
    "mean": Text(zh="平均值", en="the mean"),
    "total": Text(zh="合计", en="the total"),
    "drift": Text(zh="漂移", en="the drift"),
}


def rule_text(clause: Clause | None, result: ClauseResult) -> Text:
    """The rule a result was judged by."""
    match clause:
        case None:
            return as_recorded(result.rule)
        case ProportionClause():
            stages = "、".join(f"{grouped(n)}/{c}" for n, c in clause.stages)
            return Text(
                zh=f"精确单侧 {share(clause.confidence)} 置信下限不低于 {share(clause.at_least)}；"
                f"登记的抽样阶段（次数/允许失败数）：{stages}",
                en=f"exact one-sided {share(clause.confidence)} lower confidence bound of at least "
                f"{share(clause.at_least)}; registered stages (trials/failures allowed): {stages.replace('、', ', ')}",
            )
        case CountClause():
            each = bool(clause.per)
            return Text(
                zh=f"{'每组 ' if each else ''}{grouped(clause.trials)} 次中失败不超过 {clause.failures} 次",
                en=f"at most {_failures(clause.failures)} in {grouped(clause.trials)} trials"
                + (" in each group" if each else ""),
            )
        case PercentileClause():
            return _percentile_rule(clause, result)
        case LimitClause():
            return _limit_rule(clause)
        case WindowClause():
            along = word(CELL_KEYS, clause.along)
            width = quantity(clause.width, clause.unit)
            return Text(
                zh=f"{along.zh}上存在宽度不小于 {width.zh} 的连续范围，每一档 {clause.trials} 次中失败不超过 {clause.failures} 次",
                en=f"a continuous range of {along.en} at least {width.en} wide, with at most "
                f"{_failures(clause.failures)} in {clause.trials} trials at every step",
            )
        case InspectionClause():
            return Text(zh=f"{clause.items} 项全部符合", en=f"all {clause.items} items conform")


def _failures(number: int) -> str:
    return "1 failure" if number == 1 else f"{number} failures"


def _percentile_rule(clause: PercentileClause, result: ClauseResult) -> Text:
    trials = max(clause.trials, result.trials)
    allowed = allowed_failures(trials, clause.percentile / 100, clause.confidence)
    limit = quantity(clause.at_most, clause.unit)
    return Text(
        zh=f"p{clause.percentile:g} 不高于 {limit.zh}（{share(clause.confidence)} 置信，保护带 w = U，k = 2）："
        f"{grouped(trials)} 个值中至多 {allowed} 个高于限值减 U",
        en=f"p{clause.percentile:g} at most {limit.en} ({share(clause.confidence)} confidence, guard band w = U, k = 2): "
        f"at most {allowed} of {grouped(trials)} values above the limit less U",
    )


def _limit_rule(clause: LimitClause) -> Text:
    what = _STATISTICS[clause.statistic]
    limits: list[Text] = []
    if clause.at_most is not None:
        high = quantity(clause.at_most, clause.unit)
        limits.append(Text(zh=f"不高于 {high.zh}", en=f"at most {high.en}"))
    if clause.at_least is not None:
        low = quantity(clause.at_least, clause.unit)
        limits.append(Text(zh=f"不低于 {low.zh}", en=f"at least {low.en}"))
    return joined(
        (joined((what, joined(limits, "、", " and ")), "", " "), Text(zh="保护带 w = U", en="guard band w = U")), "，", ", "
    )


def scope_text(clause: Clause | None) -> Text | None:
    """Which observations a clause judges, and what counts as success or failure."""
    if clause is None:
        return None
    parts: list[Text] = []
    if clause.where:
        where = joined((_selector_text(key, wanted) for key, wanted in clause.where.items()), "、", ", ")
        parts.append(Text(zh=f"判定范围：{where.zh}", en=f"judged: {where.en}"))
    if isinstance(clause, ProportionClause | CountClause | WindowClause):
        named = clause.success or clause.failure
        values = joined((value_word(clause.measure, value) for value in named), "、", ", ")
        good = bool(clause.success)
        parts.append(
            Text(
                zh=f"{'成功' if good else '失败'}：{values.zh}", en=f"counts as {'success' if good else 'failure'}: {values.en}"
            )
        )
    return joined(parts, "；", "; ") if parts else None


def _selector_text(key: str, wanted: Selector) -> Text:
    if isinstance(wanted, tuple):
        low, high = (cell_value(key, end) for end in wanted)
        span = low if wanted[0] == wanted[1] else joined((low, high), "～", " to ")
    else:
        span = cell_value(key, str(wanted))
        if (key, str(wanted)) in CELL_VALUES:
            return span
    return joined((word(CELL_KEYS, key), span), " ", " ")


def limit_text(clause: Clause | None, result: ClauseResult) -> Text | None:
    """The criterion's number, with the side it bounds."""
    if result.limit is None:
        return None
    amount = quantity(result.limit, result.unit)
    match result.kind:
        case "proportion":
            return as_recorded(f"≥ {share(result.limit)}")
        case "count":
            return Text(zh=f"失败 ≤ {result.limit:g}", en=f"failures ≤ {result.limit:g}")
        case "inspection":
            return Text(zh=f"{result.limit:g} 项", en=f"{result.limit:g} items")
        case "window":
            return Text(zh=f"≥ {amount.zh}", en=f"≥ {amount.en}")
        case _:
            sign = "≥" if isinstance(clause, LimitClause) and clause.at_most is None else "≤"
            return Text(zh=f"{sign} {amount.zh}", en=f"{sign} {amount.en}")


def _is_share(result: ClauseResult) -> bool:
    return result.kind in ("proportion", "count", "inspection")


def value_text(clause: Clause | None, result: ClauseResult) -> Text | None:
    """The deciding statistic with its unit."""
    if result.value is None:
        return None
    if _is_share(result):
        return as_recorded(share(result.value))
    amount = quantity(result.value, result.unit)
    if isinstance(clause, PercentileClause):
        return Text(zh=f"p{clause.percentile:g} {amount.zh}", en=f"p{clause.percentile:g} {amount.en}")
    return amount


def bound_text(result: ClauseResult) -> Text | None:
    """What the rule compares with the limit."""
    if result.bound is None:
        return None
    return as_recorded(share(result.bound)) if _is_share(result) else quantity(result.bound, result.unit)


def finding_text(clause: Clause | None, result: ClauseResult) -> Text:
    """What was found, in one sentence with the numbers that decided."""
    match result.kind:
        case "proportion":
            found = _proportion_finding(result)
        case "count":
            found = _count_finding(clause, result)
        case "percentile":
            found = _percentile_finding(clause, result)
        case "inspection":
            good, items = result.trials - result.failures, int(result.limit or 0)
            found = Text(zh=f"{items} 项中 {good} 项符合", en=f"{good} of {items} items conform")
        case _:
            found = _limit_finding(clause, result)
    about = word(MEASURES, result.measure)
    return Text(zh=f"{about.zh}：{found.zh}", en=f"{about.en}: {found.en}")


def _proportion_finding(result: ClauseResult) -> Text:
    bound, limit = share(result.bound or 0.0), share(result.limit or 0.0)
    return Text(
        zh=f"{grouped(result.trials)} 次中失败 {result.failures} 次，置信下限 {bound}，要求不低于 {limit}",
        en=f"{_failures(result.failures)} in {grouped(result.trials)} trials, lower bound {bound}, required at least {limit}",
    )


def _count_finding(clause: Clause | None, result: ClauseResult) -> Text:
    allowed = int(result.limit or 0)
    found = Text(
        zh=f"{grouped(result.trials)} 次中失败 {result.failures} 次，允许 {allowed} 次",
        en=f"{_failures(result.failures)} in {grouped(result.trials)} trials, {allowed} allowed",
    )
    if result.outcome is Outcome.OPEN and isinstance(clause, CountClause):
        needed = grouped(clause.trials)
        return Text(zh=f"{found.zh}；样本应为 {needed} 次", en=f"{found.en}; the sample should be {needed}")
    return found


def _percentile_finding(clause: Clause | None, result: ClauseResult) -> Text:
    value, bound, limit = value_text(clause, result), bound_text(result), limit_text(clause, result)
    if value is None or bound is None or limit is None:
        return Text(zh="没有测得值", en="no value was measured")
    count = grouped(result.trials)
    return Text(
        zh=f"{value.zh}，含不确定度的置信上界 {bound.zh}，限值 {limit.zh}（n = {count}）",
        en=f"{value.en}, upper bound with uncertainty {bound.en}, limit {limit.en} (n = {count})",
    )


def _limit_finding(clause: Clause | None, result: ClauseResult) -> Text:
    value, limit = value_text(clause, result), limit_text(clause, result)
    if value is None or limit is None:
        return Text(zh="没有测得值", en="no value was measured")
    count = grouped(result.trials)
    return Text(zh=f"{value.zh}，限值 {limit.zh}（n = {count}）", en=f"{value.en}, limit {limit.en} (n = {count})")


def axis_label(name: Text, unit: str) -> Text:
    """An axis label with its unit, ``时延 / ms``."""
    unit_name = unit_word(unit)
    return name if unit == "1" else joined((name, unit_name), " / ", " / ")


__all__ = ["axis_label", "bound_text", "finding_text", "limit_text", "plain", "rule_text", "scope_text", "value_text"]
