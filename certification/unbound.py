"""What is said of rows that need a role, or a link the statement answers with yes, which the bench does not bind."""

from __future__ import annotations

from collections.abc import Mapping

from certification.catalogue import Text
from certification.verdicts import Circumstance, Verdict


def _lacking(zh: str, en: str) -> Circumstance:
    return Circumstance(Verdict.NOT_ASSESSED, Text(zh=zh, en=en))


UNBOUND: Mapping[str, Circumstance] = {
    "power": _lacking("测试台未绑定电源（[power]）", "the bench binds no supply ([power])"),
    "stage": _lacking(
        "测试台无人也无装置可改变距离和光照（[stage]）",
        "nothing and nobody on the bench changes distance and light ([stage])",
    ),
    "lux_meter": _lacking(
        "测试台未指明照度计及其校准（[lux_meter]）", "the bench names no lux meter and its calibration ([lux_meter])"
    ),
    "timed_power": _lacking(
        "测试台没有可程控并测量电流的电源（[power]），无法在选定时刻断电",
        "the bench has no supply that is switched at a chosen moment and measures its current ([power])",
    ),
    "traces": _lacking(
        "测试台未指明设备及厂商软件的日志和临时文件（[traces]）",
        "the bench does not say where device and vendor's software keep logs and temporary files ([traces])",
    ),
    "network": _lacking("测试台未绑定网络监视（[network]）", "the bench does not watch a network link ([network])"),
    "usb_link": _lacking("测试台未绑定 USB 插拔（[usb]）", "nobody on the bench handles the USB plug ([usb])"),
    "keyboard_link": _lacking("测试台未绑定键盘（[keyboard]）", "the bench binds no keyboard ([keyboard])"),
    "security_module": _lacking(
        "测试台未绑定安全模块（[security_module]）", "the bench binds no security module ([security_module])"
    ),
    "firmware_update": _lacking("测试台未绑定更新工具（[updater]）", "the bench binds no update tool ([updater])"),
    "cards": _lacking(
        "测试台未绑定读卡器（[cards]），或无人放卡（[operator]）",
        "the bench binds no card readers ([cards]), or there is nobody to serve them ([operator])",
    ),
    "own_clock": _lacking(
        "测试台未绑定终端自身的验码程序（[checker]），无法拨动其时钟",
        "the bench does not bind the terminal's own checking of codes ([checker]), so its clock cannot be set",
    ),
    "scanner_commands": _lacking(
        "终端的协议没有应答命令，无法查询（driver）",
        "the device's protocol answers no commands, so nothing can be asked of it (driver)",
    ),
    "scanner_settings": _lacking(
        "终端的协议不能读回设置，无法判断设置是否改变（driver）",
        "the device's protocol does not tell its settings, so no change of them can be seen (driver)",
    ),
    "serial_link": _lacking(
        "测试台未经串行链路连接终端（driver）", "the bench does not reach the device over a serial link (driver)"
    ),
    "operator": _lacking("测试台无操作员（[operator]）", "there is no person at the bench ([operator])"),
    "platform_admin": _lacking(
        "凭据文件中没有平台管理令牌（admin_token）",
        "the credentials hold no token of the platform's administration (admin_token)",
    ),
    "platform_officers": _lacking(
        "凭据文件中没有两名密钥管理员的令牌（officer_tokens）",
        "the credentials hold no tokens of two key officers (officer_tokens)",
    ),
    "platform_clock": _lacking("平台时钟不可拨动（test_clock）", "the platform's clock cannot be turned (test_clock)"),
    "platform_host": _lacking(
        "平台不由测试台启动（[platform.reference]），无法重启或查看其文件",
        "the bench does not run the platform ([platform.reference]): it cannot restart it or see its files",
    ),
    "load": _lacking("测试台未绑定负载发生器（[load]）", "the bench binds no load generator ([load])"),
}
"""By role or link, as a requirement's ``needs_roles`` and a statement's options name them."""
