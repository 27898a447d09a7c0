"""Waivers made for a test: written by the command, filled in, signed with specimen keys."""

import re
from datetime import date, timedelta

from xiangka.cli import main
from xiangka.scenarios import ROOT

SUBJECT = ROOT / "fixtures" / "subjects" / "emulated-gm65.toml"
OTHERS = ROOT / "fixtures" / "subjects" / "emulated-ssi.toml"
ROW = "EHC-TRM-001"
TODAY = date.today()  # noqa: DTZ011 - a waiver counts by the day of the place
TOMORROW = TODAY + timedelta(days=1)


def written(folder, name, *, subject=SUBJECT, row=ROW, known_issue=False, expires=TOMORROW):
    """A waiver written by the command and filled in."""
    path = folder / f"{name}.toml"
    more = ["--known-issue"] if known_issue else []
    assert main(["waiver", "new", "--requirement", row, "--subject", str(subject), "--out", str(path), *more]) == 0
    text = path.read_text(encoding="utf-8")
    for key, value in {"id": name, "approved_by": "张三", "zh": "待新版本", "en": "next version"}.items():
        text = text.replace(f'{key} = ""', f'{key} = "{value}"')
    text = re.sub(r"issued = \S+", f"issued = {TODAY - timedelta(days=9)}", text)
    path.write_text(text.replace('expires = ""', f"expires = {expires}"), encoding="utf-8")
    return path


def sign(path, keys, role="authoriser"):
    return main(["waiver", "sign", str(path), "--keys", str(keys / role), "--password-file", str(keys / "password")])
