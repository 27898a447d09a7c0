"""The bilingual vocabulary of a page: verdicts, measures, values, cells, units.

A word that stands here is shown in both languages; one that does not is shown as it was recorded, with its
underscores taken out, so that a new measure is never lost for want of a translation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from certification.catalogue import Text
from certification.decision import Outcome
from certification.observations import Cell
from certification.options import OPTIONS as STATEMENTS
from certification.options import meanings
from reports import form_words, load_words, platform_words, terminal_words


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def joined(texts: Iterable[Text], zh: str = " · ", en: str = " · ") -> Text:
    """Several texts in a row."""
    parts = list(texts)
    return _t(zh.join(part.zh for part in parts), en.join(part.en for part in parts))


VERDICTS: Mapping[str, Text] = {
    "PASS": _t("合格", "Pass"),
    "FAIL": _t("不合格", "Fail"),
    "INCONCLUSIVE": _t("无法判定", "Inconclusive"),
    "NOT_APPLICABLE": _t("不适用", "Not applicable"),
    "NOT_ASSESSED": _t("未评定", "Not assessed"),
    "RIG_ERROR": _t("试验台故障", "Rig error"),
    "INVALID": _t("试验无效", "Invalid"),
    "INTERRUPTED": _t("试验中断", "Interrupted"),
}

VERDICT_MEANINGS: Mapping[str, Text] = {
    "PASS": _t("判据全部满足。", "Every clause of the criterion is met."),
    "FAIL": _t(
        "样品未满足判据，且继续抽样也无法改变这一结果。",
        "The subject does not meet the criterion, and no further sample could mend that.",
    ),
    "INCONCLUSIVE": _t(
        "样本不足，或结果落在保护带内：既不能判合格，也不能判不合格。",
        "Too few samples, or a result inside the guard band: neither a pass nor a fail.",
    ),
    "NOT_APPLICABLE": _t(
        "厂商的符合性声明表明样品没有该项功能。",
        "The vendor's conformance statement says the subject has no such function.",
    ),
    "NOT_ASSESSED": _t("本次没有评定该项，原因另列。", "This run did not assess the row; the reason is given."),
    "RIG_ERROR": _t(
        "试验台、线缆、仪器或平台出现故障；不归咎于样品，须修复后重做。",
        "The bench, a cable, an instrument or the platform failed; the subject is not blamed, run the row again.",
    ),
    "INVALID": _t(
        "样品标识在试验中发生变化或与申请不符，或负载未按计划施加，本次全部结论无效。",
        "The subject's identity changed or differs from the application, or a load was not offered as planned; "
        "nothing in this run counts.",
    ),
    "INTERRUPTED": _t("试验被人为中断，结论不完整。", "The run was stopped by a person and is not complete."),
}

OVERALL_MEANINGS: Mapping[str, Text] = {
    "PASS": _t("计划内各“必须”项均合格。", "Every planned SHALL requirement passed."),
    "FAIL": _t("计划内至少一个“必须”项不合格。", "At least one planned SHALL requirement failed."),
    "INCONCLUSIVE": _t(
        "没有不合格项，但至少一个“必须”项无法判定。",
        "Nothing failed, but at least one SHALL requirement is inconclusive.",
    ),
    "NOT_ASSESSED": _t(
        "没有不合格项，但至少一个“必须”项未评定。",
        "Nothing failed, but at least one SHALL requirement was not assessed.",
    ),
    "RIG_ERROR": _t(
        "试验台出现故障，结论不完整；不归咎于样品。",
        "The bench failed and the verdicts are incomplete; the subject is not blamed.",
    ),
    "INVALID": VERDICT_MEANINGS["INVALID"],
    "INTERRUPTED": VERDICT_MEANINGS["INTERRUPTED"],
}

OUTCOMES: Mapping[Outcome, Text] = {
    Outcome.HOLDS: _t("满足", "met"),
    Outcome.BROKEN: _t("不满足", "not met"),
    Outcome.OPEN: _t("未决", "open"),
}

STATES: Mapping[str, Text] = {
    "finished": _t("已完成", "finished"),
    "interrupted": _t("人为中断", "interrupted"),
    "aborted": _t("已中止", "aborted"),
}

SITTING_ENDS: Mapping[str, Text] = {
    "finished": _t("正常结束", "finished"),
    "interrupted": _t("人为中断", "interrupted by a person"),
    "killed": _t("被强行终止、断电或磁盘写满", "killed, or the power or the room on the disk went"),
    "bench failed": _t("测试台或测试软件故障", "the bench or the harness failed"),
    "subject": _t("因样品而终止", "ended because of the subject"),
}
"""Why a sitting of a run ended, as ``run.json`` names it."""

SUBJECT_KINDS: Mapping[str, Text] = {
    "terminal": _t("识读终端", "terminal"),
    "kiosk": _t("自助设备", "kiosk"),
    "his": _t("医院信息系统", "hospital information system"),
    "platform": _t("卡管平台", "card platform"),
    "load": _t("平台性能", "platform performance"),
    "operations": _t("运行与认证", "operations"),
}

LEVELS: Mapping[str, Text] = {"SHALL": _t("必须", "SHALL"), "SHOULD": _t("建议", "SHOULD")}

METHODS: Mapping[str, Text] = {
    "T": _t("自动测试", "automatic test"),
    "H": _t("真实硬件", "real hardware"),
    "I": _t("检查", "inspection"),
    "D": _t("声明", "declaration"),
}

OPTIONS: Mapping[str, Text] = {name: meaning.title for kind in STATEMENTS for name, meaning in meanings(kind).items()}

ANSWERS: Mapping[str, Text] = {
    "yes": _t("有", "yes"),
    "no": _t("无", "no"),
    "unanswered": _t("未答", "unanswered"),
}

MEASURES: Mapping[str, Text] = {**load_words.MEASURES, **platform_words.MEASURES, **terminal_words.MEASURES}

VALUES: Mapping[str, Text] = {
    **load_words.VALUES,
    **platform_words.VALUES,
    **terminal_words.VALUES,
    **form_words.VALUES,
}

_VALUES_OF_MEASURE: Mapping[tuple[str, str], Text] = {
    **platform_words.VALUES_OF_MEASURE,
    **terminal_words.VALUES_OF_MEASURE,
}

CELL_KEYS: Mapping[str, Text] = {
    **load_words.CELL_KEYS,
    **platform_words.CELL_KEYS,
    **terminal_words.CELL_KEYS,
    **form_words.CELL_KEYS,
}

CELL_UNITS: Mapping[str, str] = {**load_words.CELL_UNITS, **platform_words.CELL_UNITS, **terminal_words.CELL_UNITS}

_EFFECT_UNITS = {"damage": "%", "fade": "%", "blur": "module"}

CELL_VALUES: Mapping[tuple[str, str], Text] = {
    **load_words.CELL_VALUES,
    **platform_words.CELL_VALUES,
    **terminal_words.CELL_VALUES,
}

DETAIL_KEYS: Mapping[str, Text] = {
    **load_words.DETAIL_KEYS,
    **platform_words.DETAIL_KEYS,
    **terminal_words.DETAIL_KEYS,
    **form_words.DETAIL_KEYS,
}

_UNITS: Mapping[str, Text] = {
    "module": _t("模块", "modules"),
    "a": _t("年", "years"),
    "d": _t("天", "days"),
    "h": _t("h", "h"),
    "min": _t("min", "min"),
    "pp": _t("个百分点", "percentage points"),
}


def as_recorded(word: str) -> Text:
    """A word no table knows, readable in both languages."""
    plain = word.replace("_", " ")
    return _t(plain, plain)


def word(table: Mapping[str, Text], key: str) -> Text:
    """A word of one table, or the key as recorded."""
    return table.get(key) or as_recorded(key)


def unit_word(unit: str) -> Text:
    """A unit as it stands behind a number; nothing for a pure number."""
    if unit == "1":
        return _t("", "")
    return _UNITS.get(unit) or _t(unit, unit)


def axis_label(name: Text, unit: str) -> Text:
    """What an axis shows with its unit, ``识读时延 / ms``."""
    return name if unit == "1" else joined((name, unit_word(unit)), " / ", " / ")


def shortened(text: Text, columns: int) -> Text:
    """A text that fits a column, a Chinese character counting twice."""
    return _t(_cut(text.zh, columns), _cut(text.en, columns))


def _cut(text: str, columns: int) -> str:
    taken = 0
    for position, character in enumerate(text):
        taken += 2 if character >= "\u2e80" else 1
        if taken > columns:
            return text[: position - 1] + "…"
    return text


def value_word(measure: str, value: str) -> Text:
    """A named outcome of a measure."""
    return _VALUES_OF_MEASURE.get((measure, value)) or word(VALUES, value)


def methods_word(method: str) -> Text:
    """``T/H`` spelled out."""
    return joined((word(METHODS, part) for part in method.split("/")), "、", ", ")


def quantity_of(number: str, unit: str) -> Text:
    """A number already written out, with its unit."""
    name = unit_word(unit)
    joint = "" if unit in ("1", "°") else "\u202f"
    return _t(f"{number}{joint}{name.zh}", f"{number}{joint}{name.en}")


def number(value: float) -> str:
    """A cell's number, without a needless decimal."""
    return f"{value:g}".replace("-", "−")


def cell_value(key: str, value: str | float) -> Text:
    """One value of a cell, with its unit where the key has one."""
    if isinstance(value, str):
        return CELL_VALUES.get((key, value)) or as_recorded(value)
    return quantity_of(number(value), CELL_UNITS.get(key, "1"))


def effect_unit(effect: object) -> str:
    """Unit in which the level of an effect is given."""
    return _EFFECT_UNITS.get(str(effect), "1")


def cell_text(cell: Cell) -> Text:
    """A cell in one line, for instance ``颜色 #F39119 · 屏幕``."""
    return joined(_cell_parts(dict(cell)))


def _cell_parts(rest: Cell) -> Iterable[Text]:
    if "effect" in rest and "level" in rest:
        effect, level = rest.pop("effect"), rest.pop("level")
        amount = (
            _t(str(level), str(level)) if isinstance(level, str) else quantity_of(number(level), effect_unit(effect))
        )
        yield joined((cell_value("effect", effect), amount), " ", " ")
    if "axis" in rest and "angle" in rest:
        yield joined((cell_value("axis", rest.pop("axis")), cell_value("angle", rest.pop("angle"))), " ", " ")
    if "version" in rest and isinstance(rest.get("level"), str):
        version, level = rest.pop("version"), rest.pop("level")
        shown = number(version) if isinstance(version, int | float) else version
        yield _t(f"版本 {shown} · 纠错 {level}", f"version {shown} · EC {level}")
    for key, value in rest.items():
        spoken = cell_value(key, value)
        alone = (key, value) in CELL_VALUES
        yield spoken if alone else joined((word(CELL_KEYS, key), spoken), " ", " ")
