"""A person at the USB plug of an emulated terminal: asked for each pull, and blamed for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from certifying import certify

USB = "EHC-TRM-024"
SHIPPED = Path("rigs/benches/emulated-bus-powered.toml")
SCRIPT = """
[[question]]
asks = "^Pull the device's USB plug"
answer = ""
hand = "usb unplug"
times = 0
[[question]]
asks = "^Put the USB plug back"
answer = ""
hand = "usb plug"
times = 0
[[question]]
asks = "^Put this computer to sleep"
answer = ""
hand = "usb resume"
times = 0
"""


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    script, file = tmp_path / "answers.toml", tmp_path / "bench.toml"
    script.write_text(SCRIPT, encoding="utf-8")
    text = SHIPPED.read_text(encoding="utf-8").replace(
        '[usb]\ndriver = "emulated"',
        f'[operator]\ndriver = "scripted"\nscript = "{script}"\n[usb]\ndriver = "operator"',
    )
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.nightly
@pytest.mark.parametrize(("defect", "verdict"), [((), "PASS"), (("--defect", "lost-after-replug"), "FAIL")])
def test_a_person_pulls_the_plug_fifty_times(defect, verdict, bench, tmp_path):
    subject = "fixtures/subjects/emulated-bus-powered.toml"
    ended = certify(tmp_path / "run", "--bench", str(bench), "--subject", subject, "--only", USB, *defect)
    assert ended.planned() == {USB: verdict}, ended.said
