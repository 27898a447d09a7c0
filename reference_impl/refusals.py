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

BAD_IDENTITY = Outcome("201", "bad_identity", "证件号码不合法", "identity number is not valid")
NOT_SYNTHETIC = Outcome(
    "202", "not_synthetic", "测试平台只受理439900开头的合成身份", "test mode serves only synthetic identities"
)
IDENTITY_MISMATCH = Outcome(
    "203", "identity_mismatch", "姓名与已登记的证件不一致", "name differs from the one registered"
)

UNKNOWN_CARD = Outcome("301", "unknown_card", "健康卡不存在", "unknown card")
CLOSED_CARD = Outcome("302", "closed_card", "健康卡已注销", "card is closed")
CARD_NOT_ACTIVE = Outcome("303", "card_not_active", "健康卡未激活、挂失或冻结", "card is not active")

MALFORMED_CODE = Outcome("401", "malformed_code", "二维码内容格式错误", "malformed code")
FOREIGN_CODE = Outcome("402", "foreign_code", "非本平台签发的二维码形式", "code of a form this platform does not issue")
FORGED_CODE = Outcome("403", "forged_code", "二维码令牌无效", "code is not genuine")
FUTURE_CODE = Outcome("404", "future_code", "二维码尚未生效", "code is dated in the future")
EXPIRED_CODE = Outcome("405", "expired_code", "二维码已过期", "code has expired")
REUSED_CODE = Outcome("406", "reused_code", "二维码已使用", "code has already been used")

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
            BAD_IDENTITY,
            NOT_SYNTHETIC,
            IDENTITY_MISMATCH,
            UNKNOWN_CARD,
            CLOSED_CARD,
            CARD_NOT_ACTIVE,
            MALFORMED_CODE,
            FOREIGN_CODE,
            FORGED_CODE,
            FUTURE_CODE,
            EXPIRED_CODE,
            REUSED_CODE,
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
