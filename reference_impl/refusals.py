"""What the gateway answers in ``code`` and ``message``: the exact table, and the exception that carries a row.

The codes are reconstructed: of the field only the success code is known. Once given, a code and its name stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Outcome:
    """One row: the code on the wire, its stable name, and its message in both languages."""

    code: str
    name: str
    zh: str
    en: str

    def message(self, field: str = "") -> str:
        """Return the bilingual text of ``message``; ``field`` names the offending field, never its content."""
        return f"{self.zh} / {self.en}" + (f": {field}" if field else "")


OK = Outcome("000", "ok", "成功", "ok")

MALFORMED_REQUEST = Outcome("101", "malformed_request", "请求报文格式错误", "malformed request")
UNSUPPORTED_PROFILE = Outcome(
    "102", "unsupported_profile", "版本、摘要或加密方式不受支持", "version, digest or cipher not supported"
)
UNKNOWN_APP = Outcome("103", "unknown_app", "应用未登记", "unknown application")
APP_SUSPENDED = Outcome("104", "app_suspended", "应用或机构已停用", "application or institution suspended")
TERMINAL_REFUSED = Outcome("105", "terminal_refused", "终端未登记或已停用", "terminal unknown or suspended")
BAD_DIGEST = Outcome("106", "bad_digest", "摘要校验失败", "digest does not match")
STALE_TIMESTAMP = Outcome("107", "stale_timestamp", "时间戳超出允许范围", "timestamp outside the window")
REPLAYED_REQUEST = Outcome("108", "replayed_request", "重复的请求报文", "request already received")
UNKNOWN_METHOD = Outcome("109", "unknown_method", "方法不存在", "unknown method")
BAD_FIELD = Outcome("110", "bad_field", "业务字段缺失或非法", "business field missing or invalid")

OUT_OF_SCOPE = Outcome("111", "out_of_scope", "应用无此操作权限", "outside the application's scopes")
RATE_LIMITED = Outcome("112", "rate_limited", "请求过于频繁，请稍后重试", "too many requests, try again later")
LOCKED_OUT = Outcome("113", "locked_out", "疑似枚举，已暂时锁定", "locked out for a while after too many wrong tries")
TRY_AGAIN = Outcome("114", "try_again", "请稍后重试", "try again")
UNKNOWN_INSTITUTION = Outcome("115", "unknown_institution", "机构未登记", "unknown institution")
UNKNOWN_TERMINAL = Outcome("116", "unknown_terminal", "终端未登记", "unknown terminal")
INSTITUTION_EXISTS = Outcome("117", "institution_exists", "机构代码已登记", "institution is already registered")
TERMINAL_EXISTS = Outcome("118", "terminal_exists", "终端编号已登记", "terminal is already registered")
SERIAL_TAKEN = Outcome("119", "serial_taken", "终端序列号已登记", "serial number belongs to another terminal")
STANDING_FIXED = Outcome("120", "standing_fixed", "当前准入状态不允许此操作", "the present standing forbids this")

BAD_IDENTITY = Outcome("201", "bad_identity", "证件号码不合法", "identity number is not valid")
NOT_SYNTHETIC = Outcome(
    "202", "not_synthetic", "测试平台只受理439900开头的合成身份", "test mode serves only synthetic identities"
)
IDENTITY_MISMATCH = Outcome(
    "203", "identity_mismatch", "姓名与已登记的证件不一致", "name differs from the one registered"
)
BAD_NAME = Outcome("204", "bad_name", "姓名不合法", "name is not valid")
NAME_REFUSED = Outcome("205", "name_refused", "姓名与实名库不一致", "the real-name register has another name")
UNKNOWN_PERSON = Outcome("206", "unknown_person", "实名库中无此证件", "document unknown to the real-name register")
REGISTER_UNAVAILABLE = Outcome(
    "207", "register_unavailable", "实名核验暂不可用，请稍后重试", "real-name register not available, try again later"
)
CLERK_REQUIRED = Outcome("208", "clerk_required", "线下发卡须由窗口人员确认", "a clerk must confirm this issuance")
DOCUMENT_TAKEN = Outcome("209", "document_taken", "证件已登记在另一人名下", "document is registered for another person")

UNKNOWN_CARD = Outcome("301", "unknown_card", "健康卡不存在", "unknown card")
CLOSED_CARD = Outcome("302", "closed_card", "健康卡已注销", "card is closed")
CARD_NOT_ACTIVE = Outcome("303", "card_not_active", "健康卡未激活、挂失或冻结", "card is not active")
WRONG_STATE = Outcome("304", "wrong_state", "健康卡当前状态不允许此操作", "the card's state does not allow this")
REPLACED_CARD = Outcome("305", "replaced_card", "健康卡已换发新卡", "card has been replaced by another")
BAD_NUMBER = Outcome("306", "bad_number", "关联号码不合法", "number to link is not valid")
NUMBER_TAKEN = Outcome("307", "number_taken", "号码已关联其他健康卡", "number is linked to another card")
UNKNOWN_NUMBER = Outcome("308", "unknown_number", "号码未关联健康卡", "number is linked to no card")
TOO_MANY_NUMBERS = Outcome("309", "too_many_numbers", "关联号码数量已达上限", "card has as many such numbers as it may")

MALFORMED_CODE = Outcome("401", "malformed_code", "二维码内容格式错误", "malformed code")
FOREIGN_CODE = Outcome("402", "foreign_code", "非本平台签发的二维码形式", "code of a form this platform does not issue")
FORGED_CODE = Outcome("403", "forged_code", "二维码令牌无效", "code is not genuine")
FUTURE_CODE = Outcome("404", "future_code", "二维码尚未生效", "code is dated in the future")
EXPIRED_CODE = Outcome("405", "expired_code", "二维码已过期", "code has expired")
REUSED_CODE = Outcome("406", "reused_code", "二维码已使用", "code has already been used")
STATIC_NOT_GIVEN_OUT = Outcome(
    "407", "static_not_given_out", "该卡未发放静态码", "no static code was given out for this card"
)

UNKNOWN_KEY = Outcome("601", "unknown_key", "密钥版本不存在", "unknown key or version")
KEY_FIXED = Outcome("602", "key_fixed", "该用途密钥不可轮换或吊销", "this key is neither rotated nor revoked")
KEY_STATE = Outcome("603", "key_state", "密钥当前状态不允许此操作", "the key's state does not allow this")
KEY_IN_USE = Outcome("604", "key_in_use", "仍有数据由该密钥加密", "values are still sealed under this key")
UNKNOWN_KEY_REQUEST = Outcome("611", "unknown_key_request", "密钥操作申请不存在", "unknown key request")
SAME_OFFICER = Outcome("612", "same_officer", "须由另一名密钥管理员批准", "another key officer must approve")
KEY_REQUEST_EXPIRED = Outcome("613", "key_request_expired", "密钥操作申请已过期", "key request has expired")
KEY_REQUEST_SETTLED = Outcome("614", "key_request_settled", "密钥操作申请已处理", "key request is already settled")
UNKNOWN_MODULE = Outcome("621", "unknown_module", "终端安全模块未登记", "security module is not enrolled")
MODULE_WIPED = Outcome("622", "module_wiped", "终端安全模块已销毁", "security module has been wiped")
MODULE_ENROLLED = Outcome("623", "module_enrolled", "终端安全模块已登记", "security module is already enrolled")
BAD_PROOF = Outcome("624", "bad_proof", "终端安全模块证明无效", "the security module's proof is not genuine")

VISIT_MISMATCH = Outcome("551", "visit_mismatch", "就诊号已用于其他人", "this visit is another person's")
REPORT_DIFFERS = Outcome("552", "report_differs", "流水号已用于其他上报", "sequence number carries another report")
RECORD_DIFFERS = Outcome("553", "record_differs", "文档号已用于其他内容", "document number carries another record")
RECORD_TOO_LARGE = Outcome("554", "record_too_large", "共享内容超出长度限制", "record is too large to be shared")
NO_CONSENT = Outcome("555", "no_consent", "未获持卡人授权", "the holder has not consented")
UNKNOWN_CONSENT = Outcome("556", "unknown_consent", "授权不存在", "unknown consent")
EVIDENCE_REQUIRED = Outcome(
    "557", "evidence_required", "须出示动态码或由窗口人员确认", "show a fresh dynamic code or name a clerk"
)
UNKNOWN_DEAD_LETTER = Outcome("558", "unknown_dead_letter", "无此待处理的上报事件", "no such dead letter")

OUTCOMES: Mapping[str, Outcome] = MappingProxyType(
    {
        outcome.code: outcome
        for outcome in (
            OK,
            MALFORMED_REQUEST,
            UNSUPPORTED_PROFILE,
            UNKNOWN_APP,
            APP_SUSPENDED,
            TERMINAL_REFUSED,
            BAD_DIGEST,
            STALE_TIMESTAMP,
            REPLAYED_REQUEST,
            UNKNOWN_METHOD,
            BAD_FIELD,
            OUT_OF_SCOPE,
            RATE_LIMITED,
            LOCKED_OUT,
            TRY_AGAIN,
            UNKNOWN_INSTITUTION,
            UNKNOWN_TERMINAL,
            INSTITUTION_EXISTS,
            TERMINAL_EXISTS,
            SERIAL_TAKEN,
            STANDING_FIXED,
            BAD_IDENTITY,
            NOT_SYNTHETIC,
            IDENTITY_MISMATCH,
            BAD_NAME,
            NAME_REFUSED,
            UNKNOWN_PERSON,
            REGISTER_UNAVAILABLE,
            CLERK_REQUIRED,
            DOCUMENT_TAKEN,
            UNKNOWN_CARD,
            CLOSED_CARD,
            CARD_NOT_ACTIVE,
            WRONG_STATE,
            REPLACED_CARD,
            BAD_NUMBER,
            NUMBER_TAKEN,
            UNKNOWN_NUMBER,
            TOO_MANY_NUMBERS,
            MALFORMED_CODE,
            FOREIGN_CODE,
            FORGED_CODE,
            FUTURE_CODE,
            EXPIRED_CODE,
            REUSED_CODE,
            STATIC_NOT_GIVEN_OUT,
            UNKNOWN_KEY,
            KEY_FIXED,
            KEY_STATE,
            KEY_IN_USE,
            UNKNOWN_KEY_REQUEST,
            SAME_OFFICER,
            KEY_REQUEST_EXPIRED,
            KEY_REQUEST_SETTLED,
            UNKNOWN_MODULE,
            MODULE_WIPED,
            MODULE_ENROLLED,
            BAD_PROOF,
            VISIT_MISMATCH,
            REPORT_DIFFERS,
            RECORD_DIFFERS,
            RECORD_TOO_LARGE,
            NO_CONSENT,
            UNKNOWN_CONSENT,
            EVIDENCE_REQUIRED,
            UNKNOWN_DEAD_LETTER,
        )
    }
)


class RefusalError(Exception):
    """The platform answers no; ``field`` names the offending field, never its content."""

    def __init__(self, outcome: Outcome, field: str = "") -> None:
        super().__init__(outcome.name, field)
        self.outcome = outcome
        self.field = field

    @property
    def message(self) -> str:
        """The text of ``message`` on the wire."""
        return self.outcome.message(self.field)
