"""A whole run on a terminal with a person at it: asked between two bars, answered by keys."""

from __future__ import annotations

import json
import re

import pytest
from shell import EMULATED, bench, until

LABEL = "[scanner.label]\nvendor = 'Xiangka'\nmodel = 'EMU-GM65'\nserial = 'EMU-0001'\n"
PERSON = "[operator]\ndriver = 'terminal'\ntimeout_s = 90\n[power]\ndriver = 'operator'\n[power.emulated]\n"


def plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("keys", "verdict"), [([b"\r", b"\r"], "PASS"), ([b"maybe\r", b"skip no ladder\r"], "NOT_ASSESSED")]
)
def test_a_person_is_asked_on_the_terminal_the_run_was_started_in(shell, screen, keys, verdict):
    file = bench(shell.folder, scanner=f"{EMULATED}\n{LABEL}\n{PERSON}")
    running = shell.start(
        *("certify", "--bench", file, "--only", "EHC-TRM-002", "--out", "run"), terminal=screen.terminal
    )
    for count, key in enumerate(keys, 1):
        until(
            lambda count=count: plain(screen.shown).count("请操作员") + plain(screen.shown).count("无法识别") >= count
        )
        asked = len(screen.shown)
        until(lambda asked=asked: re.search(r"剩余 \d+ 秒 > ", plain(screen.shown[asked - 400 :])))
        screen.press(key)
    running.wait()
    verdicts = json.loads((shell.folder / "run" / "verdicts.json").read_text(encoding="utf-8"))["verdicts"]
    assert {row["verdict"] for row in verdicts if row["planned"]} == {verdict}
    between = plain(screen.shown).split("请操作员")[1].split("秒 > ")[0]
    assert "━" not in between, "the bars were drawn over the question"
