"""The vocabulary of a page about load: what was measured, what came back, which stage and which kind of request."""

from __future__ import annotations

from collections.abc import Mapping

from certification.catalogue import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


MEASURES: Mapping[str, Text] = {
    "verification_time": _t("验码时延", "time of a verification"),
    "error_share": _t("错误率", "share of errors"),
    "achieved_share": _t("实际速率占施加速率", "achieved share of the offered rate"),
    "lost_audit_records": _t("丢失的审计记录", "lost audit records"),
    "recovery_time": _t("恢复时间", "time to recover"),
    "rejections_without_429_or_503_and_retry_after": _t(
        "不带 429/503 和 Retry-After 的拒绝", "refusals without 429 or 503 and Retry-After"
    ),
    "goodput_share": _t("有效吞吐占容量", "goodput as a share of capacity"),
    "crashes": _t("崩溃次数", "crashes"),
    "verification_p95": _t("验码 p95", "p95 of a verification"),
    "verification_p95_growth": _t("验码 p95 增长", "growth of the p95 of a verification"),
    "send_delay": _t("发送迟延", "send delay"),
    "success_share": _t("成功率", "share of successes"),
    "double_effects": _t("重复生效次数", "double effects"),
    "wrong_persons": _t("返回他人身份的次数", "answers with another person"),
    "reused_codes_accepted": _t("被重复接受的动态码", "dynamic codes accepted twice"),
    "lost_uses": _t("已应答而无记录的用卡", "acknowledged uses without a record"),
    "memory_growth": _t("平台内存增长", "growth of the platform's memory"),
    "metrics_deviation": _t("两端计数之差", "difference between both ends' counts"),
    "untold_wait": _t("平台指标未反映的等待", "waits the platform's figures do not tell of"),
    "reset_share": _t("途中复位的请求", "requests reset on the way"),
    "added_delay": _t("线路附加时延", "delay added on the way"),
    "power_cuts": _t("负载中断电次数", "power cuts in mid-load"),
    "late_share": _t("迟发比例", "share of late sends"),
    "capacity": _t("容量", "capacity"),
}

CELL_KEYS: Mapping[str, Text] = {
    "stage": _t("阶段", "stage"),
    "kind": _t("请求", "kind of request"),
    "minute": _t("第几分钟", "minute"),
    "reason": _t("原因", "reason"),
    "kill": _t("断电", "power cut"),
    "cards": _t("卡量", "cards"),
    "from": _t("起始卡量", "cards before"),
    "to": _t("增至", "cards after"),
    "seconds": _t("历时", "lasted"),
    "rate": _t("速率", "rate"),
}

CELL_UNITS: Mapping[str, str] = {"seconds": "s", "rate": "1/s"}

KINDS: Mapping[str, Text] = {
    "verification": _t("验码", "verification"),
    "generation": _t("生成码", "code generation"),
    "query": _t("查询卡", "query"),
    "registration": _t("申领", "registration"),
    "usage": _t("用卡上报", "usage report"),
}
"""Kinds of requests of a mix."""

STAGES: Mapping[str, Text] = {
    "warmup": _t("预热", "warm-up"),
    "warm-up": _t("预热", "warm-up"),
    "base": _t("基线", "base"),
    "ramp": _t("上升", "ramp"),
    "hold": _t("保持", "hold"),
    "peak": _t("高峰", "peak"),
    "back": _t("回落", "back to base"),
    "fall": _t("回落", "fall"),
    "after": _t("回落后", "after"),
    "recovery": _t("恢复", "recovery"),
    "burst": _t("突发", "burst"),
    "between": _t("突发间歇", "between bursts"),
    "overload": _t("过载", "overload"),
    "capacity": _t("测定容量", "search for capacity"),
    "steady": _t("持续", "steady"),
    "sustained": _t("持续", "sustained"),
    "main": _t("主阶段", "main"),
    "step": _t("测定容量", "capacity step"),
    "soak": _t("长时", "soak"),
    "cards": _t("卡量试验", "card base"),
    "faults": _t("故障注入", "faults"),
    "honesty": _t("真实性核对", "honesty"),
}

REFUSALS: Mapping[str, Text] = {
    "http-429": _t("HTTP 429 请求过多", "HTTP 429 too many requests"),
    "http-503": _t("HTTP 503 暂不可用", "HTTP 503 unavailable"),
    "code-108": _t("108 重复请求", "108 repeated request"),
    "code-112": _t("112 超出限额", "112 over a limit"),
    "code-113": _t("113 已锁定", "113 locked out"),
    "code-114": _t("114 请重试", "114 try again"),
    "code-405": _t("405 码已过期", "405 code expired"),
    "code-406": _t("406 码已使用", "406 code already used"),
}
"""Refusals by reason, as a record of load names them."""

ERRORS: Mapping[str, Text] = {
    "timeout": _t("超时无应答", "no answer in time"),
    "reset": _t("连接被复位", "connection reset"),
    "refused-connection": _t("拒绝连接", "connection refused"),
    "truncated": _t("应答被截断", "truncated answer"),
    "malformed": _t("应答不成形", "malformed answer"),
    "wrong-person": _t("返回他人身份", "another person"),
    "no-code": _t("未返回码", "no code in the answer"),
}
"""Errors by kind, as a record of load names them."""

NO_RETRY_AFTER = {"no-retry-after": _t("未告知何时重试", "without Retry-After")}

VALUES: Mapping[str, Text] = {**REFUSALS, **ERRORS}

INVALID_MEANING = _t(
    "负载发生器未按计划施压，本次结论均不成立，须修复后重做。",
    "The load generator did not keep its plan; nothing in this run counts, mend it and run again.",
)
"""What an invalid run means where the load made it so."""

CELL_VALUES: Mapping[tuple[str, str], Text] = {
    **{("kind", name): text for name, text in KINDS.items()},
    **{("stage", name): text for name, text in STAGES.items()},
    ("kill", "yes"): _t("断电重启之后", "after power cuts"),
    **{("reason", name): text for name, text in {**REFUSALS, **ERRORS, **NO_RETRY_AFTER}.items()},
}

DETAIL_KEYS: Mapping[str, Text] = {
    "offered": _t("施加", "offered"),
    "sent": _t("发出", "sent"),
    "ok": _t("正确应答", "answered rightly"),
    "refused": _t("拒绝", "refused"),
    "errors": _t("错误", "errors"),
    "late": _t("迟发", "late"),
    "wrong": _t("未正确应答", "not answered rightly"),
    "orderly": _t("有序拒绝", "refused in order"),
    "served_per_s": _t("每秒正确应答", "right answers per s"),
    "offered_per_s": _t("每秒施加", "offered per s"),
    "acknowledged": _t("已应答", "acknowledged"),
    "unanswered": _t("无应答", "unanswered"),
    "client": _t("客户端计数", "counted by the client"),
    "platform": _t("平台计数", "counted by the platform"),
    "examples": _t("示例", "examples"),
    "base_p95_ms": _t("基线 p95 / ms", "p95 at the base / ms"),
    "watched_s": _t("观察 / s", "watched / s"),
    "recovered": _t("已恢复", "recovered"),
    "p50_ms": _t("p50 / ms", "p50 / ms"),
    "verifications": _t("验码次数", "verifications"),
    "rounds": _t("轮数", "rounds"),
    "reset_before": _t("送达之前复位", "reset before it arrived"),
    "reset_in_request": _t("请求途中复位", "reset within the request"),
    "reset_unanswered": _t("应答之前复位", "reset before the answer"),
    "reset_in_answer": _t("应答途中复位", "reset within the answer"),
    "not_served": _t("最终未办成", "not served in the end"),
    "reports": _t("上报数", "reports"),
    "persons": _t("人数", "persons"),
    "longest_start_s": _t("最长重启 / s", "longest start / s"),
}
