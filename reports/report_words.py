"""Sentences that stand in every edition of a report: how it decides, what it may be used for, what it does not say."""

from __future__ import annotations

from collections.abc import Mapping

from certification.catalogue import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


DECISION_RULE = _t(
    "每项要求的判据由一条或多条规则组成，全部满足方为合格；样本分组时，每一组须各自满足。"
    "按次数判定的，或规定样本量和允许失败数，或以精确单侧二项置信下限（Clopper–Pearson，95 %）与要求的比例相比，"
    "并按事先登记的阶段抽样。按时间和长度判定的，以扩展不确定度 U（k = 2）为保护带 w：测得值加 U 仍在限值以内方为合格，"
    "减 U 仍在限值以外才判不合格，介于两者之间为无法判定。百分位按同样的二项界判定，"
    "p95 至少需 59 个值，p99 至少需 299 个值。样本不足一律不判合格；已成立的不合格，后续抽样不能改变。"
    "依据：ISO/IEC 17025:2017 第 7.8.6 条，ILAC-G8:09/2019。",
    "A requirement's criterion is one rule or several, and passes when all hold; where a sample is split into groups, "
    "each must hold by itself. Counts are judged by a fixed sample and number of failures allowed, or by comparing the "
    "exact one-sided binomial lower bound (Clopper–Pearson, 95 %) with the share required, over stages registered "
    "beforehand. Times and lengths are judged with a guard band w equal to the expanded uncertainty U (k = 2): a value "
    "passes when value plus U is within the limit, fails when value less U is beyond it, and is inconclusive in "
    "between. Percentiles use the same binomial bound, so p95 needs at least 59 values and p99 at least 299. Too few "
    "samples never pass, and a failure once proved is not mended by further sampling. Sources: ISO/IEC 17025:2017 "
    "§7.8.6 and ILAC-G8:09/2019.",
)
DECISION_RISK = _t(
    "误判合格的风险：以保护带判定的单个测得值不超过 2.5 %（正态分布，k = 2）；"
    "以二项置信下限判定的比例，每一阶段不超过 5 %，各阶段合计的置信水平列于该规则。判定时不考虑样品以外的同型产品。",
    "Risk of a false pass: at most 2.5 % for a single value judged with the guard band (normal distribution, k = 2); "
    "for a share judged by its binomial lower bound at most 5 % a stage, the confidence of all stages together stands "
    "with the rule. Products of the same model other than the sample are not considered.",
)
INTERVALS = _t(
    "结果表中的 95 % 区间为双侧 Wilson 区间，只供参考，不参与判定。",
    "The 95 % intervals in tables of results are two-sided Wilson intervals, for information: they decide nothing.",
)
OVERALL_RULE = _t(
    "总体结论取计划内“必须”项中最严重的结论，次序为：不合格、试验台故障、未评定、无法判定、合格；不适用的要求和“建议”项不计入。",
    "The overall verdict is the gravest among the planned SHALL requirements, in the order fail, rig error, not "
    "assessed, inconclusive, pass; requirements that do not apply and SHOULD requirements do not count.",
)

NO_COPY_IN_PART = _t(
    "未经实验室书面批准，不得部分复制本报告；全文复制除外。",
    "This report shall not be reproduced except in full without the written approval of the laboratory.",
)
NO_OPINIONS = _t("本报告不含意见和解释。", "This report contains no opinions or interpretations.")
BY_CUSTOMER = _t(
    "标有“客户提供”的内容由客户负责；它可能影响结果的有效性。",
    "What is marked as supplied by the customer is the customer's responsibility; it can affect the validity of the "
    "results.",
)
AS_RECEIVED = _t(
    "样品由客户或他人选取，结果适用于收到的样品。",
    "The sample was picked by the customer or another party; the results apply to the sample as received.",
)
PROPOSED_NUMBERS = _t(
    "《湖南省电子健康卡建设技术指南（试行）》未公开；未见于湘卫函〔2019〕159 号引文的数值均为本项目建议，"
    "须经主管部门确认。",
    "The provincial technical guide is not public; every number that is not in a sentence quoted from notice "
    "湘卫函〔2019〕159号 is this project's proposal and has to be confirmed by the authority.",
)
EMULATED = _t(
    "模拟运行：不构成任何认证，也不对任何真实设备作出符合性声明。",
    "An emulated run certifies nothing, and states conformity of no real device.",
)
END = _t("报告结束", "End of report")
TO_BE_AUTHORISED = _t("待批准（授权签字人）", "To be authorised by")
"""The authoriser's line before the report is signed: until then nobody has authorised it."""
AUTHORISED = _t("批准（授权签字人）", "Authorised by")
NOT_STATED = _t("未说明", "not stated")
NONE = _t("无", "none")
SUPPLIED = _t("客户提供", "supplied by the customer")

PLACES: Mapping[str, Text] = {
    "laboratory": _t("实验室固定场所", "the laboratory's own premises"),
    "customer": _t("客户场所", "the customer's premises"),
    "elsewhere": _t("其他场所", "elsewhere"),
}
SAMPLED_BY: Mapping[str, Text] = {
    "laboratory": _t("实验室", "the laboratory"),
    "customer": _t("客户", "the customer"),
    "other": _t("其他机构", "another party"),
}
CONDITIONS: Mapping[str, tuple[Text, str]] = {
    "temperature_c": (_t("温度", "Temperature"), "°C"),
    "humidity_pct": (_t("相对湿度", "Relative humidity"), "%"),
    "pressure_kpa": (_t("气压", "Air pressure"), "kPa"),
    "illuminance_lx": (_t("照度", "Illuminance"), "lx"),
}
"""Name and unit of each quantity a laboratory watches."""
CLOCKS: Mapping[str, Text] = {
    "host": _t("试验机时钟（相对 UTC）", "Harness's machine (against UTC)"),
    "platform": _t("平台时钟（相对试验机）", "Platform (against the harness)"),
    "device": _t("设备时钟（相对试验机）", "Device (against the harness)"),
}
CLOCK_MOMENTS: Mapping[str, Text] = {
    "start": _t("开始时", "at the start"),
    "end": _t("结束时", "at the end"),
    "always": _t("开始和结束时", "at start and end"),
}
CLOCK_WAYS: Mapping[str, Text] = {
    "kernel": _t("系统内核的 NTP 估计", "the kernel's estimate under NTP"),
    "unsynchronised": _t("未测：本机时钟未与任何时间源同步", "not measured: nothing disciplines the machine's clock"),
    "own interface": _t("平台接口所报时间", "the time its own interface tells"),
    "http date": _t("HTTP 应答的 Date 字段（整秒）", "the Date of its HTTP answer, in whole seconds"),
    "no answer": _t("未测：平台没有应答", "not measured: the platform did not answer"),
    "not told": _t("未测：无接口可读", "not measured: there is no way to read it"),
}
SIGNER_ROLES: Mapping[str, Text] = {
    "laboratory": _t("实验室签署", "signed for the laboratory"),
    "authoriser": _t("授权人签署", "signed by the authoriser"),
}
WAIVER_KINDS: Mapping[str, Text] = {"waiver": _t("豁免", "waiver"), "known_issue": _t("已知问题", "known issue")}
WAIVER_STATES: Mapping[str, Text] = {
    "applied": _t("适用", "applied"),
    "expired": _t("已过期，未适用", "expired, not applied"),
    "not_yet": _t("尚未生效，未适用", "not in force yet, not applied"),
    "out_of_scope": _t("不适用于本样品", "of another subject, not applied"),
    "unsigned": _t("未经签署，未适用", "not signed, not applied"),
    "signed_late": _t("签署于试验开始之后，未适用", "signed after the run began, not applied"),
    "unused": _t("该项未进行", "its row was not run"),
    "unexpected_pass": _t("该项已合格，须撤销", "its row passed: take it out"),
}
