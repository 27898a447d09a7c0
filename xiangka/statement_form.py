"""Writes a subject file to be filled in: application, statement, declarations, each item explained, Chinese first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from certification.catalogue import SubjectKind, Text, load_catalogue
from certification.errors import PlanError
from certification.options import decides, groups, meanings
from certification.subject import SUBJECTS

_ITEMS = {
    "vendor": Text(zh="厂商", en="vendor"),
    "model": Text(zh="型号", en="model"),
    "serial": Text(zh="序列号", en="serial number"),
    "hardware": Text(zh="硬件版本", en="hardware revision"),
    "firmware": Text(zh="固件版本", en="firmware version"),
    "firmware_sha256": Text(zh="固件 SHA-256，64 位小写十六进制", en="SHA-256 of the firmware, 64 small hex digits"),
    "filing_number": Text(zh='检测备案号；样机填 "none"', en='filing number; "none" for a prototype'),
}
_ITEMS_OF_A_PLATFORM = {
    "vendor": _ITEMS["vendor"],
    "model": Text(zh="产品", en="product"),
    "serial": Text(zh="部署编号", en="name of the deployment"),
    "hardware": Text(zh="运行环境", en="what it runs on"),
    "firmware": Text(zh="软件版本", en="version"),
    "filing_number": Text(zh='等级保护备案号；尚无则填 "none"', en='security filing number, or "none"'),
}
_HEAD = """\
# 湘卡 · 申请与符合性声明 · Xiangka: application and conformance statement
#
# 每个选项答 "yes"、"no"；未答（"unanswered"）者不能用于认证。
# Answer each option "yes" or "no"; nothing can be certified while one is "unanswered".
# 核对 check: xiangka statement check {name}
"""
_PHOTOGRAPHS = """
# 样品照片（PNG 或 JPEG，相对于本文件的路径）：去掉行首的“# ”并填写 · Photographs of the subject, relative to this file
# photographs = ["front.png", "label.png"]
"""
_PROBED = """
# 以下各项由探测填入：请厂商逐项确认或更正，确认后从本表删去。表未清空时不能用于认证。
# A probe filled these in. Let the vendor confirm or correct each, then remove it here; nothing can be certified before.
[probed]
"""
_ENVIRONMENT = """
# 环境适应性检测报告（EHC-TRM-034）：有报告时去掉行首的“# ”并填写，environment_report 答 "yes"。
# Report on the environment (EHC-TRM-034): where there is one, uncomment, fill in, and answer environment_report "yes".
# [declarations.environment]
# file = ""             # 报告文件，相对于本文件的路径 path of the report, relative to this file
# sha256 = ""           # 报告文件的 SHA-256 its SHA-256
# laboratory = ""       # 实验室 laboratory
# accreditation = ""    # 实验室认可编号 number of its accreditation
# issued = 2026-01-31   # 报告日期 date of the report
# model = ""            # 报告所载型号 model it is of
# device = ""           # 受检样品的编号 sample that was examined
"""


@dataclass
class Findings:
    """What a probe saw.

    Attributes:
        kind: kind of subject the bench is for.
        identity: what the device, or its label in the bench file, tells.
        options: options the device must have, each with what showed it.
        remarks: what was tried without an answer, by option.
    """

    kind: str
    identity: dict[str, str] = field(default_factory=dict)
    options: dict[str, Text] = field(default_factory=dict)
    remarks: dict[str, Text] = field(default_factory=dict)


def write_statement(kind: str, found: Findings | None, out: Path) -> None:
    """Write a subject file to be filled in.

    Args:
        kind: kind of subject.
        found: what a probe saw; None without one.
        out: the file.

    Raises:
        PlanError: no statement is known for the kind, the file is there already, or it cannot be written.
    """
    if kind not in SUBJECTS:
        known = " or ".join(SUBJECTS)
        raise PlanError(f"no statement is known for a {kind!r}", where="--kind", remedy=f"choose {known}")
    text = statement_text(SubjectKind(kind), found or Findings(kind), out.name)
    write_new(out, text)


def write_new(out: Path, text: str) -> None:
    """Write a file that is not there yet, whole or not at all.

    Raises:
        PlanError: it is there already, or cannot be written.
    """
    partial = out.with_name(f".{out.name}.partial")
    try:
        if out.exists():
            raise PlanError("is there already", where=str(out), remedy="name another file")
        partial.write_text(text, encoding="utf-8")
        partial.rename(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise PlanError(f"cannot be written ({error.strerror})", where=str(out), remedy="name another file") from error


def statement_text(kind: SubjectKind, found: Findings, name: str) -> str:
    """The text of a subject file to be filled in.

    Args:
        kind: kind of subject.
        found: what a probe saw.
        name: name of the file, for the command that checks it.
    """
    parts = [_HEAD.format(name=name), f'kind = "{kind}"\n']
    if kind is SubjectKind.TERMINAL:
        parts.append(_PHOTOGRAPHS)
    parts += [*_identity(kind, found), *_options(kind, found)]
    if kind is SubjectKind.TERMINAL:
        parts.append(_ENVIRONMENT)
    if found.identity or found.options:
        parts.append(_PROBED)
        parts += [f"{table} = {json.dumps(list(keys))}\n" for table, keys in _filled(found)]
    return "".join(parts)


def _filled(found: Findings) -> Iterator[tuple[str, list[str]]]:
    yield "identity", [name for name in _ITEMS if name in found.identity]
    yield "options", [name for name in meanings(SubjectKind(found.kind)) if name in found.options]


def _identity(kind: SubjectKind, found: Findings) -> Iterator[str]:
    yield "\n# 申请 · Application\n[identity]\n"
    items = _ITEMS_OF_A_PLATFORM if kind is SubjectKind.PLATFORM else _ITEMS
    for name, said in items.items():
        mark = "  # 探测所得，待确认 probed, to be confirmed" if name in found.identity else ""
        yield f"# {said.zh} · {said.en}\n{name} = {_quoted(found.identity.get(name, ''))}{mark}\n"


def _options(kind: SubjectKind, found: Findings) -> Iterator[str]:
    yield "\n# 符合性声明 · Conformance statement\n[options]\n"
    group = ""
    for name, meaning in meanings(kind).items():
        if meaning.group != group:
            group = meaning.group
            yield f"\n# —— {groups()[group].zh} · {groups()[group].en} ——\n"
        yield f"\n# {meaning.title.zh} · {meaning.title.en}：{meaning.asks.zh}\n#   {meaning.asks.en}\n"
        yield _decided(kind, name)
        if name in found.remarks:
            yield f"#   {found.remarks[name].zh} · {found.remarks[name].en}\n"
        if name in found.options:
            why = found.options[name]
            yield f'{name} = "yes"  # 探测所得，待确认 probed, to be confirmed: {why.zh} · {why.en}\n'
        else:
            yield f'{name} = "unanswered"\n'


def _decided(kind: SubjectKind, option: str) -> str:
    whole, part = decides(load_catalogue(), kind, option)
    if not whole and not part:
        return "#   不决定要求的适用，只供核对与报告 · decides no row; compared and reported\n"
    rows = [*whole, *(f"{row}（部分 in part）" for row in part)]
    return f"#   决定 decides: {' '.join(rows)}\n"


def _quoted(text: str) -> str:
    """A TOML basic string; JSON escapes all of what TOML forbids but DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
