"""Decision rules and findings in sentences, in both languages and with their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
from certification.statistics import allowed_failures, failures_of_share
from reports.numbers import grouped, plain, quantity, share
from reports.words import (
    CELL_KEYS,
    CELL_UNITS,
    CELL_VALUES,
    MEASURES,
    as_recorded,
    cell_value,
    effect_unit,
    joined,
    value_word,
    word,
)

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
            trials = Text(zh=f"{grouped(clause.trials)} 次", en=f"{grouped(clause.trials)} trials")
            if clause.per:
                trials = Text(zh=f"每组 {trials.zh}", en=f"{trials.en} in each group")
            if clause.failures == 0:
                return Text(zh=f"{trials.zh}，不得有失败", en=f"no failure in {trials.en}")
            return Text(
                zh=f"{trials.zh}中失败不超过 {clause.failures} 次",
                en=f"at most {_failures(clause.failures)} in {trials.en}",
            )
        case PercentileClause():
            return _percentile_rule(clause, result)
        case LimitClause():
            return _limit_rule(clause)
        case WindowClause():
            along = word(CELL_KEYS, clause.along)
            width = quantity(clause.width, clause.unit)
            return Text(
                zh=f"{along.zh}上存在宽度不小于 {width.zh} 的连续范围，"
                f"每一档 {clause.trials} 次中失败不超过 {clause.failures} 次",
                en=f"a continuous range of {along.en} at least {width.en} wide, with at most "
                f"{_failures(clause.failures)} in {clause.trials} trials at every step",
            )
        case InspectionClause():
            return Text(zh=f"{clause.items} 项全部符合", en=f"all {clause.items} items conform")


def _failures(number: int) -> str:
    return "1 failure" if number == 1 else f"{grouped(number) if number else 'no'} failures"


def _percentile_rule(clause: PercentileClause, result: ClauseResult) -> Text:
    trials = max(clause.trials, result.trials)
    allowed = allowed_failures(trials, clause.percentile / 100, clause.confidence)
    limit, n = quantity(clause.at_most, clause.unit), grouped(trials)
    counted = Text(
        zh=f"{n} 个值中至多 {grouped(allowed)} 个高于限值减 U" if allowed else f"{n} 个值均不高于限值减 U",
        en=f"at most {grouped(allowed)} of {n} values above the limit less U"
        if allowed
        else f"none of {n} values above the limit less U",
    )
    if trials > clause.trials:
        most = failures_of_share(trials, clause.percentile / 100)
        counted = Text(
            zh=f"{counted.zh}；样本大于登记数，高于限值者超过 {grouped(most)} 个方为不符合",
            en=f"{counted.en}; a sample larger than registered fails by more than {grouped(most)} above the limit",
        )
    return Text(
        zh=f"p{clause.percentile:g} 不高于 {limit.zh}"
        f"（{share(clause.confidence)} 置信，保护带 w = U，k = 2）：{counted.zh}",
        en=f"p{clause.percentile:g} at most {limit.en} "
        f"({share(clause.confidence)} confidence, guard band w = U, k = 2): {counted.en}",
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
        (joined((what, joined(limits, "、", " and ")), "", " "), Text(zh="保护带 w = U", en="guard band w = U")),
        "，",
        ", ",
    )


def scope_text(clause: Clause | None) -> Text | None:
    """Which observations a clause judges, and what counts as success or failure."""
    if clause is None:
        return None
    parts: list[Text] = []
    if clause.where:
        where = joined(_selector_texts(clause.where), "、", ", ")
        parts.append(Text(zh=f"判定范围：{where.zh}", en=f"judged: {where.en}"))
    if isinstance(clause, ProportionClause | CountClause | WindowClause):
        named = clause.success or clause.failure
        values = joined((value_word(clause.measure, value) for value in named), "、", ", ")
        good = bool(clause.success)
        parts.append(
            Text(
                zh=f"{'成功' if good else '失败'}：{values.zh}",
                en=f"counts as {'success' if good else 'failure'}: {values.en}",
            )
        )
    return joined(parts, "；", "; ") if parts else None


_TOGETHER = {"effect": "level", "axis": "angle"}
"""Cell keys that name what the number beside them is of."""


def _selector_texts(where: Mapping[str, Selector]) -> Iterator[Text]:
    rest = dict(where)
    for name, key in _TOGETHER.items():
        wanted = rest.get(key)
        if name in rest and isinstance(wanted, tuple):
            about = rest.pop(name)
            unit = effect_unit(about) if name == "effect" else CELL_UNITS[key]
            yield joined((cell_value(name, str(about)), _span(wanted, unit)), " ", " ")
            del rest[key]
    for key, wanted in rest.items():
        if isinstance(wanted, tuple):
            yield joined((word(CELL_KEYS, key), _span(wanted, CELL_UNITS.get(key, "1"))), " ", " ")
        elif (key, str(wanted)) in CELL_VALUES:
            yield cell_value(key, str(wanted))
        else:
            yield joined((word(CELL_KEYS, key), cell_value(key, str(wanted))), " ", " ")


_UNBOUNDED = 1e9
"""An end of a range from here on means that it has none."""


def _span(ends: tuple[float, float], unit: str) -> Text:
    low, high = ends
    if high >= _UNBOUNDED:
        least = quantity(low, unit)
        return Text(zh=f"不小于 {least.zh}", en=f"at least {least.en}")
    last = quantity(high, unit)
    return last if low == high else joined((as_recorded(plain(low)), last), "～", " to ")


def limit_text(clause: Clause | None, result: ClauseResult) -> Text | None:
    """The criterion's number, with the side it bounds."""
    if result.limit is None:
        return None
    amount = quantity(result.limit, result.unit)
    match result.kind:
        case "proportion":
            return as_recorded(f"≥ {share(result.limit)}")
        case "count":
            if not result.limit:
                return Text(zh="无失败", en="no failure")
            return Text(zh=f"失败 ≤ {result.limit:g}", en=f"≤ {_failures(int(result.limit))}")
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
    return as_recorded(share(result.bound, full=True)) if _is_share(result) else quantity(result.bound, result.unit)


def finding_text(clause: Clause | None, result: ClauseResult) -> Text:
    """What was found, in one sentence with the numbers that decided."""
    match result.kind:
        case "proportion":
            found = _proportion_finding(result)
        case "count":
            found = _count_finding(result)
        case "percentile":
            found = _percentile_finding(clause, result)
        case "inspection":
            good, items = result.trials - result.failures, int(result.limit or 0)
            found = Text(zh=f"{items} 项中 {good} 项符合", en=f"{good} of {items} items conform")
        case _:
            found = _limit_finding(clause, result)
    needed = _sample_needed(clause)
    if result.outcome is Outcome.OPEN and needed is not None and result.trials < needed:
        n = grouped(needed)
        found = Text(zh=f"{found.zh}；样本不足，至少需 {n}", en=f"{found.en}; too few, at least {n} are needed")
    about = word(MEASURES, result.measure)
    return Text(zh=f"{about.zh}：{found.zh}", en=f"{about.en}: {found.en}")


def _sample_needed(clause: Clause | None) -> int | None:
    match clause:
        case ProportionClause():
            return clause.stages[0][0]
        case CountClause() | PercentileClause() | LimitClause():
            return clause.trials
        case _:
            return None


def _proportion_finding(result: ClauseResult) -> Text:
    bound, limit = share(result.bound or 0.0, full=True), share(result.limit or 0.0)
    return Text(
        zh=f"{grouped(result.trials)} 次中失败 {result.failures} 次，置信下限 {bound}，要求不低于 {limit}",
        en=f"{_failures(result.failures)} in {grouped(result.trials)} trials, lower bound {bound}, "
        f"required at least {limit}",
    )


def _count_finding(result: ClauseResult) -> Text:
    allowed, n = int(result.limit or 0), grouped(result.trials)
    return Text(
        zh=f"{n} 次中失败 {grouped(result.failures)} 次，允许 {allowed} 次",
        en=f"{_failures(result.failures)} in {n} trials, {allowed or 'none'} allowed",
    )


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
