"""The bilingual vocabulary of a page: verdicts, measures, values, cells, units.

A word that stands here is shown in both languages; one that does not is shown as it was recorded, with its
underscores taken out, so that a new measure is never lost for want of a translation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from certification.catalogue import Text
from certification.decision import Outcome
from certification.observations import Cell
from reports import platform_words


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
        "样品标识在试验中发生变化或与申请不符，本次全部结论无效。",
        "The subject's identity changed or differs from the application; nothing in this run counts.",
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

OPTIONS: Mapping[str, Text] = {
    **platform_words.OPTIONS,
    "serial_link": _t("串行链路", "Serial link"),
    "keyboard_link": _t("键盘链路（HID）", "Keyboard link (HID)"),
    "usb_link": _t("USB 链路", "USB link"),
    "card_reader": _t("读卡器", "Card reader"),
    "bank_card": _t("银行卡", "Bank card"),
    "security_module": _t("安全模块", "Security module"),
    "firmware_update": _t("固件更新", "Firmware update"),
}

ANSWERS: Mapping[str, Text] = {
    "yes": _t("有", "yes"),
    "no": _t("无", "no"),
    "unanswered": _t("未答", "unanswered"),
}

MEASURES: Mapping[str, Text] = {
    **platform_words.MEASURES,
    "identity": _t("标识核对", "identity fields"),
    "firmware_sha256": _t("固件 SHA-256", "firmware SHA-256"),
    "identity_check": _t("标识复查", "identity checks"),
    "read": _t("识读", "reads"),
    "stimulus": _t("图样筛查", "stimulus screening"),
    "other_symbol": _t("其他码制", "other symbols"),
    "deliveries": _t("上送次数", "deliveries"),
    "latency": _t("识读时延", "decode latency"),
    "check_time": _t("端到端验码时间", "end-to-end check time"),
    "exchange": _t("脚本化交互", "scripted exchanges"),
    "hang": _t("挂起（超过 2 s）", "hangs (over 2 s)"),
    "letter_case": _t("字母大小写", "letter case"),
    "keystroke": _t("按键", "keystrokes"),
    "control": _t("其间正常码的识读", "good codes in between"),
    "configuration": _t("设备配置", "device configuration"),
    "removal_status": _t("移卡状态", "status after removal"),
    "removal_status_time": _t("移卡状态时间", "time to status after removal"),
    "next_card": _t("下一张卡", "next card"),
    "medium_read": _t("介质识读", "media read"),
    "medium_type": _t("介质类型", "medium type"),
    "collision": _t("多卡冲突", "collisions"),
    "record": _t("上送记录", "records delivered"),
    "clear_pan_or_track2": _t("主账号或二磁道明文", "PAN or track 2 in clear"),
    "pan_leading_digits": _t("主账号前段位数", "leading PAN digits"),
    "pan_trailing_digits": _t("主账号后段位数", "trailing PAN digits"),
    "power_recovery": _t("断电恢复", "recovery from power loss"),
    "power_recovery_time": _t("断电恢复时间", "time to recover from power loss"),
    "usb_recovery": _t("USB 恢复", "USB recovery"),
    "usb_recovery_time": _t("USB 恢复时间", "USB recovery time"),
    "port_name": _t("端口名", "port name"),
    "malformed": _t("畸形码", "malformed codes"),
    "recovery": _t("畸形码之后的正常识读", "good read after a malformed code"),
    "reboot": _t("重启", "reboots"),
    "retained_payload": _t("留存的码内容", "retained payloads"),
    "retained_identity_number": _t("留存的身份证件号码", "retained identity numbers"),
    "traffic_hour": _t("每小时网络流量", "network traffic by hour"),
    "challenge": _t("挑战—应答", "challenge and response"),
    "key_activation_time": _t("密钥生效时间", "key activation time"),
    "old_key_after_grace": _t("宽限期后的旧密钥", "old key after the grace period"),
    "readable_key_bytes": _t("可读出的密钥字节", "readable key bytes"),
    "injection_replay": _t("密钥注入重放", "replayed key injection"),
    "firmware_update": _t("固件更新", "firmware update"),
    "device_after_update": _t("更新后的设备", "device after the update"),
    "skew_outcome": _t("时钟偏差下的结果", "outcome under clock skew"),
    "false_accepts": _t("误接受", "false accepts"),
    "unrecovered_stops": _t("未恢复的停机", "unrecovered stops"),
    "latency_p95": _t("时延 p95", "latency p95"),
    "report_age": _t("报告年限", "age of the report"),
    "laboratory_report": _t("实验室报告", "laboratory report"),
}

VALUES: Mapping[str, Text] = {
    **platform_words.VALUES,
    "exact": _t("逐字节一致", "exact"),
    "no_read": _t("未识读", "not read"),
    "wrong": _t("内容错误", "wrong content"),
    "stale": _t("旧码当作新码", "stale code"),
    "not_readable": _t("参考解码器亦不能识读，不计入样本", "unreadable for the reference decoder too, not counted"),
    "none": _t("未上送", "none delivered"),
    "one": _t("上送 1 次", "one delivery"),
    "many": _t("上送多次", "several deliveries"),
    "conforms": _t("符合", "conforms"),
    "missing": _t("缺失", "missing"),
    "differs": _t("不一致", "differs"),
    "unchanged": _t("未变化", "unchanged"),
    "changed": _t("已变化", "changed"),
    "as_card": _t("误作电子健康卡", "delivered as a card"),
    "passed_on": _t("附码制标识透传", "passed on with its symbology"),
    "hang": _t("挂起", "hang"),
    "accepted_as_card": _t("当作有效卡接受", "accepted as a card"),
    "refused": _t("已拒绝", "refused"),
    "accepted": _t("被接受", "accepted"),
    "within_2s": _t("2 s 内识读", "within 2 s"),
    "late": _t("超过 2 s", "later than 2 s"),
    "rebooted": _t("发生重启", "rebooted"),
    "chord": _t("发出修饰键组合", "modifier chord emitted"),
    "dropped": _t("丢键", "dropped"),
    "lost": _t("丢失", "lost"),
    "kept": _t("保持", "kept"),
    "preserved": _t("保持不变", "preserved"),
    "defined": _t("状态明确", "defined"),
    "read": _t("正常读取", "read"),
    "right": _t("正确", "right"),
    "confused": _t("类型混淆", "confused"),
    "one_named": _t("一种并标明类型", "one, named"),
    "error_text": _t("给出错误提示", "error text"),
    "mixed": _t("混合记录", "mixed"),
    "unattended": _t("自行恢复", "unattended"),
    "usable": _t("可用", "usable"),
    "same": _t("不变", "same"),
    "documented_rule": _t("按公布的规则变化", "by a documented rule"),
    "found": _t("检出", "found"),
    "not_found": _t("未检出", "not found"),
    "declared_only": _t("仅发往声明的主机", "declared hosts only"),
    "correct": _t("正确", "correct"),
    "works": _t("工作正常", "works"),
    "unaffected": _t("无影响", "unaffected"),
    "explicit_error": _t("明确的错误提示", "explicit error"),
}

_VALUES_OF_MEASURE: Mapping[tuple[str, str], Text] = {
    **platform_words.VALUES_OF_MEASURE,
    ("hang", "none"): _t("无挂起", "no hang"),
    ("reboot", "none"): _t("无重启", "no reboot"),
    ("configuration", "cannot_be_read"): _t("配置无法读取", "cannot be read"),
    ("keystroke", "none"): _t("无异常按键", "no stray keys"),
    ("configuration", "unchanged"): _t("配置未变", "unchanged"),
    ("exchange", "wrong"): _t("不一致", "not exact"),
    ("other_symbol", "refused"): _t("未上送", "nothing delivered"),
    ("malformed", "refused"): _t("未当作卡", "not taken for a card"),
}

CELL_KEYS: Mapping[str, Text] = {
    **platform_words.CELL_KEYS,
    "shape": _t("码型", "shape"),
    "colour": _t("颜色", "colour"),
    "surface": _t("载体", "surface"),
    "quiet_zone": _t("静区", "quiet zone"),
    "logo": _t("徽标", "logo"),
    "axis": _t("轴", "axis"),
    "angle": _t("角度", "angle"),
    "effect": _t("劣化", "effect"),
    "level": _t("等级", "level"),
    "version": _t("版本", "version"),
    "campaign": _t("批次", "campaign"),
    "presentation": _t("出示方式", "presentation"),
    "payload": _t("码内容", "payload"),
    "distance": _t("距离", "distance"),
    "brightness": _t("屏幕亮度", "brightness"),
    "illuminance": _t("环境照度", "illuminance"),
    "polariser": _t("偏振片", "polariser"),
    "skew": _t("时钟偏差", "clock skew"),
    "key": _t("密钥", "key"),
    "symbol": _t("符号", "symbol"),
    "symbology": _t("码制", "symbology"),
    "family": _t("类别", "family"),
    "field": _t("字段", "field"),
    "moment": _t("时刻", "moment"),
    "step": _t("就诊环节", "visit step"),
    "channel": _t("渠道", "channel"),
}

CELL_UNITS: Mapping[str, str] = {
    **platform_words.CELL_UNITS,
    "quiet_zone": "module",
    "angle": "°",
    "polariser": "°",
    "distance": "mm",
    "brightness": "%",
    "illuminance": "lx",
    "skew": "s",
}

_EFFECT_UNITS = {"damage": "%", "fade": "%", "blur": "module"}

CELL_VALUES: Mapping[tuple[str, str], Text] = {
    **platform_words.CELL_VALUES,
    ("shape", "static"): _t("静态码", "static"),
    ("shape", "static with record number"): _t("静态码（带档案号）", "static with record number"),
    ("shape", "dynamic"): _t("动态码", "dynamic"),
    ("shape", "dynamic with record number"): _t("动态码（带档案号）", "dynamic with record number"),
    ("surface", "screen"): _t("屏幕", "screen"),
    ("surface", "paper"): _t("纸质", "paper"),
    ("logo", "logo"): _t("带徽标", "with logo"),
    ("logo", "plain"): _t("无徽标", "no logo"),
    ("axis", "roll"): _t("旋转", "roll"),
    ("axis", "pitch"): _t("俯仰", "pitch"),
    ("axis", "yaw"): _t("偏转", "yaw"),
    ("effect", "damage"): _t("污损面积", "damaged area"),
    ("effect", "fade"): _t("剩余反差", "contrast left"),
    ("effect", "blur"): _t("模糊 σ", "blur sigma"),
    ("campaign", "valid"): _t("有效码", "valid codes"),
    ("campaign", "adjacent"): _t("邻近或受损码", "adjacent or corrupted codes"),
    ("presentation", "hold"): _t("单码停留", "one code held"),
    ("presentation", "two codes"): _t("两码同现", "two codes at once"),
    ("payload", "control"): _t("控制字符码", "control sequences"),
    ("payload", "configuration"): _t("配置码", "configuration codes"),
    ("symbol", "neighbour"): _t("邻近码", "neighbouring code"),
    ("symbol", "destroyed"): _t("毁坏的码", "destroyed code"),
    ("symbol", "drug pack"): _t("药盒", "drug pack"),
    ("symbol", "wristband"): _t("腕带", "wristband"),
    ("symbol", "retail"): _t("商品", "retail"),
    ("symbol", "specimen tube"): _t("标本管", "specimen tube"),
    ("symbol", "referral form"): _t("转诊单", "referral form"),
    ("symbol", "card text in Data Matrix"): _t("卡码内容 Data Matrix", "card text in Data Matrix"),
    ("symbol", "card text in Code 128"): _t("卡码内容 Code 128", "card text in Code 128"),
    ("symbol", "card text in PDF417"): _t("卡码内容 PDF417", "card text in PDF417"),
    ("family", "good"): _t("正常码", "good code"),
    ("family", "empty or short"): _t("空码或短码", "empty or short"),
    ("family", "long"): _t("超长码", "long"),
    ("family", "control character"): _t("控制字符", "control character"),
    ("family", "bidirectional text"): _t("双向文字控制符", "bidirectional text"),
    ("family", "GBK text"): _t("GBK 文本", "GBK text"),
    ("family", "invalid UTF-8"): _t("非法 UTF-8", "invalid UTF-8"),
    ("family", "extra fields"): _t("多余字段", "extra fields"),
    ("family", "missing fields"): _t("缺少字段", "missing fields"),
    ("family", "not hex"): _t("非十六进制", "not hex"),
    ("family", "lower case"): _t("小写", "lower case"),
    ("family", "unknown type"): _t("未知码类型", "unknown type"),
    ("family", "prefixed"): _t("带前缀", "prefixed"),
    ("family", "delimiters"): _t("分隔符", "delimiters"),
    ("family", "payment code"): _t("支付码", "payment code"),
    ("family", "structured append"): _t("结构链接", "structured append"),
    ("moment", "at rest"): _t("静置时", "at rest"),
    ("moment", "after a power cycle"): _t("断电重启后", "after a power cycle"),
    ("moment", "no supply on this bench: not cycled"): _t(
        "试验台无程控电源，未断电", "no supply on this bench: not cycled"
    ),
    ("moment", "after a hundred readings"): _t("识读一百次后", "after a hundred readings"),
    ("field", "vendor"): _t("厂商", "vendor"),
    ("field", "model"): _t("型号", "model"),
    ("field", "serial"): _t("序列号", "serial number"),
    ("field", "hardware"): _t("硬件版本", "hardware revision"),
    ("field", "firmware"): _t("固件版本", "firmware version"),
    ("key", "test"): _t("测试密钥", "test key"),
    ("key", "wrong"): _t("错误密钥", "wrong key"),
}

DETAIL_KEYS: Mapping[str, Text] = {
    **platform_words.DETAIL_KEYS,
    "shown": _t("出示", "shown"),
    "delivered": _t("上送", "delivered"),
    "latency_ms": _t("时延 / ms", "latency / ms"),
    "read_ms": _t("识读 / ms", "read / ms"),
    "recovery_ms": _t("正常码 / ms", "good code / ms"),
    "name": _t("名称", "name"),
    "declared": _t("申报", "declared"),
    "found": _t("读得", "found"),
    "expected": _t("应为", "expected"),
    "received": _t("收到", "received"),
    "seconds": _t("用时 / s", "took / s"),
    "answer": _t("平台应答", "platform's answer"),
    "deliveries": _t("上送次数", "deliveries"),
    "clock_factor": _t("设备时钟倍率", "device clock factor"),
    "moment": _t("时刻", "moment"),
    "settings": _t("设置", "settings"),
    "changed": _t("改变项", "changed"),
    "code": _t("码内容", "code"),
    "form": _t("形式", "form"),
    "typed": _t("键入", "typed"),
    "chords": _t("修饰键组合", "chords"),
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
