"""The vocabulary of a page about a platform: what was measured, what came of it, and where in the test it belongs."""

from __future__ import annotations

from collections.abc import Mapping

from certification.catalogue import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


OPTIONS: Mapping[str, Text] = {
    "online_issuance": _t("在线申领", "Online issuance"),
    "offline_issuance": _t("窗口发卡", "Issuance at the window"),
    "record_sharing": _t("就诊记录共享调阅", "Record sharing"),
}

MEASURES: Mapping[str, Text] = {
    "application": _t("在线申领", "online applications"),
    "active_cards": _t("每人有效卡数", "active cards a person"),
    "window_application": _t("窗口申领", "applications at the window"),
    "audit_clerk": _t("审计中的窗口人员", "clerk in the audit"),
    "real_name_check": _t("实名核验", "real-name checks"),
    "dynamic_code": _t("动态码验码", "verifications of dynamic codes"),
    "ttl": _t("动态码有效期", "life of a dynamic code"),
    "replay_pair": _t("同码双终端验码", "one code at two terminals"),
    "request_sent_again": _t("重发的请求", "requests sent again"),
    "revoked_card": _t("注销后验码", "verifications after the closing"),
    "revoked_card_after_restart": _t("重启后验已注销卡", "closed cards after a restart"),
    "failed_good_verifications": _t("有效码验码失败数", "good codes refused"),
    "old_key_accepts_after_grace": _t("宽限期后旧密钥被接受数", "codes of the old key accepted after the grace"),
    "revoked_key_accepts": _t("吊销后的密钥被接受数", "codes of a revoked key accepted"),
    "verification_rate": _t("实际验码速率", "rate of verifications achieved"),
    "forged_code": _t("伪造码", "forged codes"),
    "http_status": _t("HTTP 状态码", "HTTP statuses"),
    "limit_deviation": _t("限流触发点偏差", "deviation of the limit"),
    "other_tenants_p95_increase": _t("其他租户 p95 增幅", "increase of other tenants' p95"),
    "access_decision": _t("访问判定", "access decisions"),
    "person_id": _t("人员标识", "person id"),
    "visible_history": _t("可见就诊历史", "visible history"),
    "audit_record": _t("审计记录", "audit records"),
    "audit_tampering": _t("审计篡改", "tampering with the audit"),
    "audit_retention": _t("审计留存", "retention of the audit"),
    "kill": _t("强制终止", "kills"),
    "acknowledgement": _t("应答", "acknowledgements"),
    "storage_error": _t("存储故障", "storage errors"),
    "api_case": _t("接口用例", "API cases"),
    "fuzz_input": _t("模糊测试输入", "fuzz inputs"),
    "parser_absent": _t("平台没有的解析器", "parsers the platform has none of"),
    "operation_left_out": _t("未测的操作", "operations left out"),
    "rss": _t("内存占用", "resident memory"),
    "program": _t("随机程序", "random programs"),
    "program_planned_steps": _t("程序步数", "steps a program"),
    "failure_replay": _t("失败复现", "replay of a failure"),
    "id_number_at_rest": _t("静态数据中的证件号码", "id numbers at rest"),
    "production_attempt": _t("生产化尝试", "attempts at production use"),
    "report_mark": _t("报告标记", "mark of a report"),
}

VALUES: Mapping[str, Text] = {
    "issued": _t("已发卡", "issued"),
    "several": _t("多张", "several"),
    "present": _t("载明", "named"),
    "one_accepted": _t("恰一次被接受", "accepted once"),
    "both_accepted": _t("两次均被接受", "accepted twice"),
    "none_accepted": _t("两次均被拒绝", "refused twice"),
    "as_consented": _t("与授权一致", "as consented"),
    "too_much": _t("多于授权", "more than consented"),
    "too_little": _t("少于授权", "less than consented"),
    "acknowledged_record_lost": _t("丢失已应答的记录", "lost what it had acknowledged"),
    "nothing_lost": _t("未丢失", "nothing lost"),
    "before_durable": _t("先于落盘应答", "before it was durable"),
    "durable": _t("落盘后应答", "after it was durable"),
    "error_to_client": _t("向客户端报错", "error to the client"),
    "silent_loss": _t("静默丢失", "silent loss"),
    "server_error": _t("服务端错误", "server error"),
    "undocumented_status": _t("未声明的状态码", "undocumented status"),
    "schema_break": _t("违反结构定义", "schema break"),
    "documented": _t("符合接口定义", "as documented"),
    "uncaught_exception": _t("未捕获异常", "uncaught exception"),
    "handled": _t("已处理", "handled"),
    "invariant_broken": _t("不变量破坏", "invariant broken"),
    "invariants_held": _t("不变量成立", "invariants held"),
    "replayed": _t("已复现", "replayed"),
    "in_clear": _t("明文", "in clear"),
    "not_in_clear": _t("未见明文", "not in clear"),
    "no_envelope": _t("应答不成信封", "no envelope"),
    "allowed": _t("未拒绝", "not refused"),
    "overlooked": _t("未发现", "overlooked"),
    "hang": _t("停滞", "hang"),
    "not_replayed": _t("未能复现", "not replayed"),
}

VALUES_OF_MEASURE: Mapping[tuple[str, str], Text] = {
    ("active_cards", "one"): _t("一张", "one"),
    ("active_cards", "none"): _t("没有", "none"),
    ("access_decision", "wrong"): _t("判定错误", "wrong"),
    ("audit_tampering", "found"): _t("已发现", "found"),
    ("audit_record", "present"): _t("在案", "on record"),
}

CELL_KEYS: Mapping[str, Text] = {
    "clerk": _t("窗口人员", "clerk"),
    "identity": _t("身份", "identity"),
    "case": _t("情形", "case"),
    "past_ttl": _t("相对到期", "past its end"),
    "since_revocation": _t("注销后", "after the closing"),
    "phase": _t("阶段", "phase"),
    "institution": _t("机构", "institution"),
    "action": _t("操作", "action"),
    "wrong": _t("错误", "wrong"),
    "replay": _t("重发方式", "sent again"),
    "scope": _t("范围", "scope"),
    "change": _t("改动", "change"),
    "operation": _t("操作", "operation"),
    "origin": _t("来源", "origin"),
    "parser": _t("解析器", "parser"),
    "report": _t("报告", "report"),
    "forgery": _t("伪造方式", "forgery"),
    "attempt": _t("做法", "attempt"),
    "by": _t("依据", "by"),
    "call": _t("系统调用", "system call"),
    "error": _t("错误", "error"),
}

CELL_UNITS: Mapping[str, str] = {"past_ttl": "s", "since_revocation": "s"}

ACTIONS: Mapping[str, Text] = {
    "issue a card": _t("发卡", "issue a card"),
    "alter an address": _t("变更地址", "alter an address"),
    "report a card lost": _t("挂失", "report a card lost"),
    "report it found": _t("解除挂失", "report it found"),
    "freeze a card": _t("冻结", "freeze a card"),
    "unfreeze it": _t("解冻", "unfreeze it"),
    "close it": _t("注销", "close it"),
    "make a code": _t("生成码", "make a code"),
    "verify a code": _t("验码", "verify a code"),
    "ask for a card": _t("查询卡", "ask for a card"),
    "link a number": _t("关联号码", "link a number"),
    "share a record": _t("共享记录", "share a record"),
    "report use": _t("上报用卡", "report use"),
    "register an institution": _t("登记机构", "register an institution"),
}

WRONGS: Mapping[str, Text] = {
    "nothing": _t("请求无误", "nothing wrong"),
    "terminal of another institution": _t("他机构的终端", "terminal of another institution"),
    "terminal that is frozen": _t("已冻结的终端", "frozen terminal"),
    "signed with the secret of another": _t("他机构的密钥", "secret of another"),
    "application nobody has": _t("不存在的应用", "unknown application"),
    "ten minutes late": _t("时间落后十分钟", "ten minutes late"),
    "ten minutes early": _t("时间超前十分钟", "ten minutes early"),
}

CELL_VALUES: Mapping[tuple[str, str], Text] = {
    ("clerk", "confirmed"): _t("经窗口人员确认", "confirmed by a clerk"),
    ("clerk", "unconfirmed"): _t("未经确认", "not confirmed"),
    ("identity", "good"): _t("身份正确", "right identity"),
    ("identity", "bad"): _t("身份错误", "wrong identity"),
    ("case", "adult"): _t("成年人", "adult"),
    ("case", "minor"): _t("未成年人", "minor"),
    ("case", "foreigner"): _t("外国人永久居留", "foreigner with permanent residence"),
    ("case", "traveller"): _t("持护照者", "holder of a passport"),
    ("case", "newborn"): _t("新生儿", "newborn child"),
    ("case", "wrong check character"): _t("校验码错误", "wrong check character"),
    ("case", "impossible day"): _t("不存在的日期", "day that does not exist"),
    ("case", "not born yet"): _t("出生日期在将来", "not born yet"),
    ("case", "too old"): _t("超过 150 岁", "older than 150"),
    ("case", "foreigner's wrong check character"): _t("永久居留证校验码错误", "wrong check character of a permit"),
    ("case", "name of another"): _t("姓名不符", "name of another"),
    ("case", "unknown to the register"): _t("核验源查无此人", "unknown to the register"),
    ("case", "register does not answer"): _t("核验源不可用", "register does not answer"),
    ("case", "another's document"): _t("冒用他人证件", "document of another"),
    ("case", "newborn of another"): _t("母亲姓名不符的新生儿", "newborn whose mother is another"),
    ("phase", "during the rotation"): _t("轮换期间", "during the rotation"),
    ("phase", "new key after the grace"): _t("宽限期后，新密钥", "new key after the grace"),
    ("phase", "old key after the grace"): _t("宽限期后，旧密钥", "old key after the grace"),
    ("phase", "before the revocation"): _t("吊销前", "before the revocation"),
    ("phase", "new key after the revocation"): _t("吊销后，新密钥", "new key after the revocation"),
    ("phase", "revoked in its grace"): _t("宽限期内被吊销", "revoked in its grace"),
    ("phase", "revoked while active"): _t("在用时被吊销", "revoked while active"),
    ("replay", "as it was"): _t("原样", "as it was"),
    ("replay", "under a new time"): _t("改写时间", "under a new time"),
    ("scope", "app"): _t("按应用", "per application"),
    ("scope", "terminal"): _t("按终端", "per terminal"),
    ("scope", "address"): _t("按地址", "per address"),
    **{("action", name): text for name, text in ACTIONS.items()},
    **{("wrong", name): text for name, text in WRONGS.items()},
    ("origin", "schema"): _t("接口定义", "schema"),
    ("origin", "grammar"): _t("领域语法", "domain grammar"),
}

DETAIL_KEYS: Mapping[str, Text] = {
    "applications": _t("申领次数", "applications"),
    "cards": _t("有效卡数", "active cards"),
    "of": _t("共", "of"),
    "planned": _t("计划", "planned"),
    "decision": _t("判定", "decision"),
}
