"""The table of defects by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from reference_impl.defects import decisions, envelopes, guarantees, undescribed
from reference_impl.defects.defect import PlatformDefect
from reference_impl.defects.load_rows import OF_LOAD
from reference_impl.defects.rarity import LARGEST, told_number
from reference_impl.errors import PlatformError

_ALL: tuple[PlatformDefect, ...] = (
    PlatformDefect(
        "issues-twice",
        ("EHC-PLT-001",),
        "同一人通过两个渠道申领得到两张卡",
        "gives a person who applies through two channels two cards",
        decisions.card_a_channel,
    ),
    PlatformDefect(
        "no-clerk",
        ("EHC-PLT-002",),
        "窗口发卡不要求工作人员确认",
        "issues at the window without a clerk's confirmation",
        decisions.no_clerk,
    ),
    PlatformDefect(
        "forgets-the-clerk",
        ("EHC-PLT-002",),
        "审计中不记录窗口人员",
        "does not write down which clerk confirmed",
        decisions.forgets_the_clerk,
    ),
    PlatformDefect(
        "skips-check-digit",
        ("EHC-PLT-003",),
        "不检查身份证号码的校验码",
        "takes an identity number with a wrong check character for the right one",
        decisions.skips_check_digit,
    ),
    PlatformDefect(
        "ignores-real-name",
        ("EHC-PLT-003",),
        "不理会核验源的答复",
        "issues whatever the register of persons says",
        decisions.ignores_real_name,
    ),
    PlatformDefect(
        "long-life-codes",
        ("EHC-PLT-004",),
        "动态码有效期为三分钟",
        "lets a dynamic code live three minutes",
        decisions.long_life_codes,
    ),
    PlatformDefect(
        "accepts-expired",
        ("EHC-PLT-004",),
        "到期两分钟内的动态码仍被接受",
        "accepts a dynamic code up to two minutes after its end",
        decisions.accepts_expired,
    ),
    PlatformDefect(
        "accepts-replay",
        ("EHC-PLT-005",),
        "同一动态码可多次使用",
        "accepts a dynamic code as often as it is shown",
        decisions.accepts_replay,
    ),
    PlatformDefect(
        "accepts-replayed-request",
        ("EHC-PLT-005",),
        "同一请求可重复提交",
        "serves a request again that was heard before",
        envelopes.forgets_requests,
    ),
    PlatformDefect(
        "ignores-digest",
        ("EHC-PLT-005",),
        "不验证请求摘要，经改动的请求仍被接受",
        "does not compare a request's digest, and serves one that was changed on its way",
        envelopes.ignores_digest,
    ),
    PlatformDefect(
        "cached-after-close",
        ("EHC-PLT-006",),
        "验过的卡保存在内存中，注销后仍按有效处理",
        "keeps cards it has seen in memory, and does not notice that they are closed",
        decisions.cached_after_close,
    ),
    PlatformDefect(
        "forgets-closings",
        ("EHC-PLT-006",),
        "重启后已注销的卡恢复有效",
        "takes closed cards for active ones after a restart",
        decisions.forgets_closings,
    ),
    PlatformDefect(
        "dies-of-closing",
        ("EHC-PLT-006", "EHC-PLT-010"),
        "收到注销请求即崩溃",
        "dies when a card is to be closed",
        decisions.dies_of_closing,
    ),
    PlatformDefect(
        "old-key-kept",
        ("EHC-PLT-007",),
        "宽限期后仍接受旧密钥的码",
        "accepts codes of an old key after its grace",
        decisions.old_key_kept,
    ),
    PlatformDefect(
        "revoked-key-kept",
        ("EHC-PLT-007",),
        "密钥吊销后仍接受其生成的码",
        "accepts codes of a key after it was revoked",
        decisions.revoked_key_kept,
    ),
    PlatformDefect(
        "drops-key-at-once",
        ("EHC-PLT-007",),
        "轮换后旧密钥立即失效，不留宽限期",
        "refuses codes of the old key as soon as there is a new one",
        decisions.drops_key_at_once,
    ),
    PlatformDefect(
        "ignores-type",
        ("EHC-PLT-004", "EHC-PLT-005", "EHC-PLT-007", "EHC-PLT-008"),
        "验码只查卡号，不看码类型和令牌",
        "looks only the card up, whatever the code's type and token",
        decisions.ignores_type,
    ),
    PlatformDefect(
        "ignores-scope",
        ("EHC-PLT-010",),
        "不检查应用的权限范围",
        "lets every application do everything",
        decisions.ignores_scope,
    ),
    PlatformDefect(
        "ignores-terminal",
        ("EHC-PLT-010",),
        "不检查终端是否登记、是否有效",
        "does not ask whether a terminal is enrolled and authorised",
        decisions.ignores_terminal,
    ),
    PlatformDefect(
        "ignores-standing",
        ("EHC-PLT-010",),
        "冻结的机构和应用仍可使用",
        "serves applications and institutions that are not authorised",
        decisions.ignores_standing,
    ),
    PlatformDefect(
        "accepts-future-timestamp",
        ("EHC-PLT-010",),
        "只检查请求时间是否过早，时间超前的请求仍被接受",
        "checks the window of time for the past only, and serves a request from the future",
        envelopes.looks_back_only,
    ),
    PlatformDefect(
        "other-person-elsewhere",
        ("EHC-PLT-011",),
        "同一持卡人在不同机构得到不同的人员标识",
        "tells each institution another person id for the same holder",
        decisions.other_person_elsewhere,
    ),
    PlatformDefect(
        "blind-to-consent",
        ("EHC-PLT-011",),
        "未经授权也能看到其他机构的记录",
        "shows every institution all records, whatever was consented to",
        decisions.blind_to_consent,
    ),
    PlatformDefect(
        "forgets-withdrawal",
        ("EHC-PLT-011",),
        "撤回授权不生效",
        "goes on showing records after a consent was withdrawn",
        decisions.forgets_withdrawal,
    ),
    PlatformDefect(
        "accepts-truncated-proof",
        ("EHC-PLT-008",),
        "只比较令牌证明的前两个字节",
        "compares the first two bytes of a token's proof only",
        guarantees.accepts_truncated_mac,
    ),
    PlatformDefect(
        "accepts-flipped-type",
        ("EHC-PLT-008",),
        "动态码自称静态码时按静态码接受",
        "takes a dynamic code that calls itself static for a static one",
        guarantees.accepts_flipped_type,
    ),
    PlatformDefect(
        "accepts-foreign-token",
        ("EHC-PLT-008",),
        "令牌与卡不绑定，换到他人卡号下的令牌仍被接受",
        "accepts a genuine token with the id of another card than it was made for",
        decisions.accepts_foreign_token,
    ),
    PlatformDefect(
        "folds-case",
        ("EHC-PLT-008",),
        "小写书写的卡号按大写接受",
        "takes a card id in lower case for the one in upper case",
        decisions.folds_case,
    ),
    PlatformDefect(
        "no-rate-limit",
        ("EHC-PLT-009",),
        "公布配额而不限流",
        "tells its quotas and keeps none of them",
        guarantees.no_rate_limit,
    ),
    PlatformDefect(
        "global-limit",
        ("EHC-PLT-009",),
        "所有调用方共用一份配额",
        "counts all callers as one, so that one uses up what belongs to all",
        guarantees.global_limit,
    ),
    PlatformDefect(
        "loses-audit-records",
        ("EHC-PLT-012",),
        "每千次验码漏记一次审计",
        "leaves one verification in a thousand out of its audit",
        guarantees.loses_audit_records,
    ),
    PlatformDefect(
        "drops-audit-early",
        ("EHC-PLT-012",),
        "审计记录满三十天即删除",
        "drops audit records after thirty days",
        guarantees.drops_audit_early,
    ),
    PlatformDefect(
        "acknowledges-before-commit",
        ("EHC-PLT-013",),
        "先应答，后提交",
        "answers a verification before it is committed",
        guarantees.acknowledges_before_commit,
    ),
    PlatformDefect(
        "never-syncs",
        ("EHC-PLT-013",),
        "应答前不落盘",
        "answers without waiting for the disk",
        guarantees.never_syncs,
    ),
    PlatformDefect(
        "swallows-disk-errors",
        ("EHC-PLT-013",),
        "磁盘出错时仍答成功",
        "answers as if nothing had happened when the disk refuses",
        guarantees.swallows_disk_errors,
    ),
    PlatformDefect(
        "fails-on-missing-field",
        ("EHC-PLT-014",),
        "查询缺少字段时内部出错",
        "fails where a question names neither card nor document",
        guarantees.fails_on_missing_field,
    ),
    PlatformDefect(
        "answers-undescribed",
        ("EHC-PLT-014",),
        "对不完整的报文以接口定义之外的状态码应答",
        "answers a request that was cut off with a status its description does not know",
        undescribed.answers_undescribed,
    ),
    PlatformDefect(
        "vague-about-waiting",
        ("EHC-PLT-014",),
        "请求过多时不告知何时重试",
        "tells whoever asks too often to come again, and not when",
        undescribed.vague_about_waiting,
    ),
    PlatformDefect(
        "crashes-on-odd-payload",
        ("EHC-PLT-015",),
        "过长的扫码内容使解析出错",
        "fails on a scanned text that is too long",
        guarantees.crashes_on_odd_payload,
    ),
    PlatformDefect(
        "resurrects-closed-card",
        ("EHC-PLT-016",),
        "已注销的卡解除挂失后恢复有效",
        "makes a closed card active again when it is reported found",
        guarantees.resurrects_closed_card,
    ),
    PlatformDefect(
        "identity-in-log",
        ("EHC-PLT-017",),
        "日志中记录证件号码",
        "writes document numbers to its log",
        guarantees.identity_in_log,
    ),
    PlatformDefect(
        "number-in-report",
        ("EHC-PLT-017",),
        "上报的就诊号以明文写入审计",
        "writes the number of a reported visit to its audit in clear, whatever the hospital takes for one",
        guarantees.number_in_report,
    ),
    PlatformDefect(
        "serves-real-people",
        ("EHC-PLT-018",),
        "测试平台为真实样式的证件号码发卡",
        "issues cards for numbers that could be a real person's",
        guarantees.serves_real_people,
    ),
    *OF_LOAD,
)

DEFECTS: Mapping[str, PlatformDefect] = MappingProxyType({defect.name: defect for defect in _ALL})


def defect_named(told: str) -> PlatformDefect:
    """The defect of a name, as rare as the number behind it says: ``loses-acknowledged-use/500``.

    Raises:
        PlatformError: there is none, or it cannot be so rare.
    """
    name, sign, number = told.partition("/")
    if name not in DEFECTS:
        near = difflib.get_close_matches(name, DEFECTS, n=1)
        raise PlatformError(
            f"there is no defect {name!r}",
            where="--defect",
            remedy=f"{f'did you mean {near[0]}? ' if near else ''}`xiangka defects list` names them",
        )
    defect = DEFECTS[name]
    if not sign:
        return defect
    rarity = defect.rarity
    if rarity is None:
        raise PlatformError(f"the defect {name} has no rarity", where="--defect", remedy=f"say {name} alone")
    every = told_number(number)
    if every is None:
        raise PlatformError(
            f"{number!r} does not say how rare the defect {name} is",
            where="--defect",
            remedy=f"say how many {rarity.en}, a whole number from 1 to {LARGEST}, such as {name}/{rarity.usual}",
        )
    return replace(defect, apply=replace(rarity, usual=every).usually)
