"""What codes are called on the admin page, Chinese and English; a code without a word is shown as it is."""

from __future__ import annotations

from collections.abc import Mapping

from reference_impl.access.prefectures import PREFECTURES
from reference_impl.keys.purposes import (
    APP_SECRET,
    AUDIT,
    CARD_ID,
    INSTITUTION,
    NATIONAL_LINK,
    PERSON_DATA,
    PERSON_LOOKUP,
    PLATFORM_SIGNING,
    PROVINCE,
    TERMINAL_MODULE,
    TOKEN,
)
from reference_impl.records.figures import COLUMNS
from reference_impl.refusals import OUTCOMES
from reference_impl.wire.codetables import CARD_STATES, CHANNELS, SCENES, STEPS, TERMINAL_TYPES
from reference_impl.wire.registry import DIALECTS

Words = Mapping[str, tuple[str, str]]

LEVELS: Words = {
    "1": ("一级", "level 1"),
    "2": ("二级", "level 2"),
    "3": ("三级", "level 3"),
    "township": ("乡镇", "township"),
    "community": ("社区", "community"),
    "village": ("村", "village"),
    "other": ("其他", "other"),
}
KINDS: Words = {
    "hospital": ("医院", "hospital"),
    "primary-care": ("基层医疗卫生机构", "primary care"),
    "public-health": ("公共卫生机构", "public health"),
    "online-service": ("互联网服务", "online service"),
    "bank": ("银行", "bank"),
    "insurance": ("保险", "insurance"),
    "other": ("其他", "other"),
}
OWNERSHIPS: Words = {"public": ("公立", "public"), "private": ("民营", "private")}
SCOPE_WORDS: Words = {
    "issue": ("申领与变更", "issue and change cards"),
    "code": ("生成二维码", "make codes"),
    "verify": ("验码", "verify codes"),
    "query": ("查询", "look up"),
    "link": ("关联号码", "link numbers"),
    "record": ("共享记录", "share records"),
    "usage": ("用卡上报", "report use"),
    "org": ("登记机构", "register institutions"),
}
STANDINGS: Words = {
    "applied": ("待审核", "applied"),
    "authorised": ("已授权", "authorised"),
    "frozen": ("已冻结", "frozen"),
    "deleted": ("已注销", "deleted"),
}
KEY_STATES: Words = {
    "active": ("使用中", "active"),
    "grace": ("宽限期", "grace"),
    "retired": ("已停用", "retired"),
    "revoked": ("已吊销", "revoked"),
}
REQUEST_STATES: Words = {
    "proposed": ("待批准", "proposed"),
    "done": ("已执行", "done"),
    "rejected": ("已否决", "rejected"),
    "expired": ("已过期", "expired"),
}
PURPOSES: Words = {
    PROVINCE: ("省级密钥", "province"),
    INSTITUTION: ("机构密钥", "institution"),
    CARD_ID: ("卡号生成", "card ids"),
    PERSON_LOOKUP: ("人员检索", "person look-up"),
    PERSON_DATA: ("人员信息加密", "person data"),
    APP_SECRET: ("应用密钥保护", "application secrets"),
    AUDIT: ("审计", "audit"),
    TOKEN: ("动态码令牌", "dynamic codes"),
    TERMINAL_MODULE: ("终端安全模块", "terminal modules"),
    NATIONAL_LINK: ("国家平台对接", "national link"),
    PLATFORM_SIGNING: ("平台签名", "platform signature"),
}
_CHANNELS_ZH = {
    "0100": "服务窗口",
    "0200": "自助设备",
    "0300": "诊间",
    "0401": "微信公众号",
    "0402": "小程序",
    "0403": "手机应用",
    "0404": "银行应用",
}
_STEPS_ZH = {
    "010101": "挂号",
    "010102": "诊断",
    "010103": "取药",
    "010104": "检查",
    "010105": "收费",
    "010106": "开方",
    "010107": "手术",
    "000000": "其他",
}
_SCENES_ZH = {
    "0101011": "预约挂号",
    "0101012": "当日挂号",
    "0101021": "候诊排队",
    "0101051": "门诊缴费",
    "0101053": "住院缴费",
    "0101081": "查看检查报告",
    "0101082": "查看检验报告",
    "0101083": "查看体检报告",
    "0201021": "妇幼保健",
    "0201032": "预防接种",
    "0201091": "健康档案",
}
_TERMINAL_TYPES_ZH = {"01": "窗口", "02": "自助", "99": "其他"}
_CARD_STATES_ZH = {"0": "已申请", "1": "未激活", "2": "正常", "3": "已注销", "4": "挂失", "5": "冻结"}


def all_words() -> dict[str, Words]:
    """Return every table of words by the name the page's script knows it by."""
    return {
        "level": LEVELS,
        "kind": KINDS,
        "ownership": OWNERSHIPS,
        "scope": SCOPE_WORDS,
        "dialect": {name: (name, name) for name in DIALECTS},
        "terminal_type": {code: (_TERMINAL_TYPES_ZH[code], name) for code, name in TERMINAL_TYPES.items()},
        "standing": STANDINGS,
        "purpose": PURPOSES,
        "key_state": KEY_STATES,
        "request_state": REQUEST_STATES,
        "prefecture": {"439900": ("合成", "synthetic")} | {code: (name, name) for code, name in PREFECTURES.items()},
        "channel": {code: (_CHANNELS_ZH[code], name) for code, name in CHANNELS.items()},
        "step": {code: (_STEPS_ZH[code], name) for code, name in STEPS.items()},
        "scene": {code: (_SCENES_ZH[code], name) for code, name in SCENES.items()},
        "card_state": {code: (_CARD_STATES_ZH[code], name) for code, name in CARD_STATES.items()},
        "column": dict(COLUMNS),
        "outcome": {code: (outcome.zh, outcome.en) for code, outcome in OUTCOMES.items()},
    }
