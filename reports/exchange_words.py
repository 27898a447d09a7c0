"""What the scripted exchanges of a serial link are called, as the drivers' scripts name them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from certification.catalogue import Text

_WHOLE: Mapping[str, str] = {
    # Asking and setting
    "read": "读取",
    "version": "查询版本",
    "write": "写入",
    "write read back": "写入后读回",
    "two registers in one read": "一次读取两个寄存器",
    "save": "保存",
    "write of the reading time": "写入识读时长",
    "query": "查询",
    "query, lower case": "查询（小写）",
    "twelve queries": "十二项查询",
    "eleven queries": "十一项查询",
    "revision": "查询修订号",
    "revision, asked again": "再次查询修订号",
    "product information": "查询产品信息",
    "capabilities": "查询能力",
    "parameters asked for": "查询参数",
    "status bits nobody knows": "未知状态位",
    "a parameter nobody has": "不存在的参数",
    "default": "恢复默认值",
    "range of a switch": "开关的取值范围",
    "range of a number": "数值的取值范围",
    "volatile setting": "易失设置",
    "volatile setting read back": "易失设置读回",
    "temporary setting": "临时设置",
    "temporary setting read back": "临时设置读回",
    "several settings of one tag": "同一标签的多项设置",
    "settings of several tags": "多个标签的设置",
    "setting, lower case": "设置（小写）",
    "stored setting": "保存的设置",
    "three settings, three statuses": "三项设置、三个状态",
    "parameter changed for the time being": "临时改变参数",
    "parameter read back": "参数读回",
    "two parameters in one packet": "一个报文两个参数",
    "scanning disabled": "停用识读",
    "scanning enabled": "启用识读",
    "command mode": "命令模式",
    "ending CR LF": "结尾 CR LF",
    "ending CR": "结尾 CR",
    "aimer as needed": "瞄准灯按需",
    "light as needed": "照明按需",
    "setting codes refused": "拒绝设置码",
    "duration of a reading": "识读时长",
    "duration as before": "识读时长复原",
    "settings as before": "设置复原",
    # Stopping and triggering
    "stop": "停止",
    "stop while idle": "空闲时停止",
    "stopped while idle": "空闲时停止",
    "trigger off while idle has no reply": "空闲时关闭触发无应答",
    "triggered and stopped": "触发后停止",
    "triggered twice": "触发两次",
    "triggered while disabled": "停用时触发",
    "enabled": "启用",
    "disabled, then enabled": "停用后启用",
    "disabled twice": "停用两次",
    "disabled and enabled in turn": "交替停用和启用",
    "not on file": "未登记提示",
    "not on file, then disabled": "未登记提示后停用",
    "beep": "蜂鸣",
    "three beeps": "蜂鸣三次",
    "beep anyway": "强制蜂鸣",
    "beep while disabled": "停用时蜂鸣",
    # Glued together
    "read then version, glued": "读取与查询版本相连",
    "three reads, glued": "三次读取相连",
    "two queries, glued": "两次查询相连",
    "two questions, glued": "两次询问相连",
    "trigger off between queries, glued": "查询之间关闭触发，相连",
    "stop between queries, glued": "查询之间停止，相连",
    "answer acknowledged": "应答得到确认",
    "wake-up before a question": "询问前唤醒",
    "the same, sent again": "同一报文重发",
    "acknowledgement of nothing": "无所应的确认",
    "two acknowledgements of nothing, then a question": "两个无所应的确认后询问",
    # Refused and dropped
    "wrong CRC is dropped": "错误 CRC 被丢弃",
    "usable after a wrong CRC": "错误 CRC 之后可用",
    "wrong check is dropped": "错误校验被丢弃",
    "usable after a wrong check": "错误校验之后可用",
    "wrong tail is dropped": "错误帧尾被丢弃",
    "usable after a wrong tail": "错误帧尾之后可用",
    "wrong checksum is refused": "错误校验和被拒绝",
    "unknown type is dropped": "未知类型被丢弃",
    "usable after an unknown type": "未知类型之后可用",
    "half a frame is dropped": "半帧被丢弃",
    "usable after half a frame": "半帧之后可用",
    "half a command is dropped": "半条命令被丢弃",
    "usable after half a command": "半条命令之后可用",
    "half a packet is dropped": "半个报文被丢弃",
    "usable after half a packet": "半个报文之后可用",
    "garbage is dropped": "乱码被丢弃",
    "garbage before a frame": "帧前乱码",
    "garbage before a command": "命令前乱码",
    "garbage before a packet": "报文前乱码",
    "frame after a stall": "帧中停顿",
    "usable after the stall": "停顿之后可用",
    "a frame from an engine is dropped": "引擎方的帧被丢弃",
    "unknown command is refused": "未知命令被拒绝",
    "unknown message is refused": "未知消息被拒绝",
    "unknown tag is refused": "未知标签被拒绝",
    "unknown subtag is refused": "未知子标签被拒绝",
    "small letters are refused": "小写字母被拒绝",
    "switch out of range is refused": "开关越界被拒绝",
    "number out of range is refused": "数值越界被拒绝",
    "number missing is refused": "缺少数值被拒绝",
    "empty body is refused": "空报文被拒绝",
    "query of an action is refused": "查询动作被拒绝",
    "beep code that does not exist is refused": "不存在的蜂鸣码被拒绝",
    "older set: state entered": "旧命令集：进入状态",
    "older set: code carried out": "旧命令集：执行代码",
    "older set: code refused": "旧命令集：拒绝代码",
    "older set: information": "旧命令集：查询信息",
    "older set: state left": "旧命令集：退出状态",
    "older set: state left by itself": "旧命令集：自行退出状态",
    # The line itself
    "another line rate": "改用另一速率",
    "back to the first rate": "改回原速率",
    "wrong line rate at the host": "主机速率不符",
    "question at the other rate": "另一速率下询问",
    "digits": "数字",
    "digits and a disabling": "数字与停用",
    "a thousand digits": "一千个数字",
    "a thousand bytes": "一千个字节",
    "CR LF": "CR LF",
    "sixteen CR": "十六个 CR",
    "zeros": "全零",
    "ones": "全一",
    "alternating bits": "交替位",
    "high bytes": "高位字节",
    "break": "线路中断",
    "a read": "读取",
    "a query": "查询",
    "a question": "询问",
    "disabled and enabled": "停用和启用",
}
_BUILT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?P<what>.+?)(?: split into| in) writes of (?P<n>\d+) bytes"), "{what}，每次写 {n} 字节"),
    (re.compile(r"(?P<what>.+), CRC"), "{what}（带 CRC）"),
    (re.compile(r"(?P<what>.+), unchecked"), "{what}（不校验）"),
    (re.compile(r"stop and (?P<what>.+), glued"), "停止与{what}相连"),
    (re.compile(r"refusal and (?P<what>.+), glued"), "被拒命令与{what}相连"),
    (re.compile(r"(?P<what>.+) twice, glued"), "两次{what}相连"),
    (re.compile(r"(?P<what>.+) at the other rate"), "另一速率下{what}"),
    (re.compile(r"break, then (?P<what>.+)"), "线路中断后{what}"),
    (re.compile(r"a byte without meaning, (?P<n>\w+)"), "无含义的字节 {n}"),
    (re.compile(r"a single byte (?P<n>\w+)"), "单个字节 {n}"),
    (re.compile(r"disabled, and nothing for (?P<n>[\d.]+) s after that"), "停用后静默 {n} s"),
    (re.compile(r"nothing for (?P<n>[\d.]+) s"), "静默 {n} s"),
    (re.compile(r"(?P<what>.+) at (?P<n>\d+) bit/s, then enabled"), "以 {n} bit/s 发{what}后启用"),
    (re.compile(r"(?P<what>.+) at (?P<n>\d+) bit/s"), "以 {n} bit/s 发{what}"),
)
"""Names made of another and of numbers; the first that fits holds."""


def exchange_word(name: str) -> Text:
    """The name of an exchange in both languages; one that no script here gives stands as it was recorded."""
    return Text(zh=_zh(name), en=name)


def _zh(name: str) -> str:
    if name in _WHOLE:
        return _WHOLE[name]
    for pattern, said in _BUILT:
        if built := pattern.fullmatch(name):
            parts = built.groupdict()
            if "what" in parts:
                parts["what"] = _zh(parts["what"])
            return said.format(**parts)
    return name
