"""``xiangka waiver new``: a waiver to be filled in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from certification.catalogue import load_catalogue
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from certification.subject_file import load_subject
from certification.waivers import LONGEST

_FORM = """\
# {requirement} {zh} · {en}
# 豁免（waiver）：主管部门接受该项不合格；已知问题（known_issue）：仅说明该项不合格在意料之中。
# A waiver accepts that this row fails; a known issue says only that it is expected to.
# 填妥后签名 · Fill it in, then: xiangka waiver sign {file} --keys …
waiver = 1
id = ""                      # 编号 · number it is known by, such as W-2026-001
kind = "{kind}"
requirement = "{requirement}"
approved_by = ""             # 批准人、职务 · who answers for it, with office
issued = {today}          # 自该日起有效 · first day on which it counts
expires = ""                 # 截止日期，至多 {longest} 年 · last day, within {longest} years: {year}-06-30, unquoted

[reason]
zh = ""
en = ""

# 只适用于这一产品的这一固件版本 · only for this firmware of this product
[subject]
vendor = {vendor}
model = {model}
firmware = {firmware}
"""


def new_waiver(requirement: str, subject_file: Path, out: Path, *, known_issue: bool) -> int:
    """Write a waiver to be filled in; returns the exit code.

    Raises:
        PlanError: the catalogue has no such row for this kind of subject, the subject file is wrong, or the file cannot
            be written.
    """
    if out.exists():
        raise PlanError("is there already", where=str(out), remedy="name another file")
    subject = load_subject(subject_file)
    row = next((one for one in load_catalogue().asked_of(subject.kind) if one.id == requirement), None)
    if row is None:
        raise PlanError(
            f"nothing of that name is asked of a {subject.kind}",
            where=f"--requirement {requirement}",
            remedy="see `xiangka catalogue list`",
        )
    today = datetime.now(UTC).astimezone().date()
    identity = subject.identity
    text = _FORM.format(
        requirement=requirement,
        zh=row.title.zh,
        en=row.title.en,
        file=out.name,
        kind="known_issue" if known_issue else "waiver",
        today=today,
        year=today.year + 1,
        longest=LONGEST,
        **{name: _quoted(getattr(identity, name)) for name in ("vendor", "model", "firmware")},
    )
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise PlanError(f"cannot be written ({error.strerror})", where=str(out), remedy="name another place") from error
    print(f"已写入 written: {out}")
    return ExitCode.PASSED


def _quoted(text: str) -> str:
    """A TOML basic string; JSON escapes the same characters alike."""
    return json.dumps(text, ensure_ascii=False)
