"""A sound device passes, whatever the seed."""

from __future__ import annotations

import pytest
from certifying import certify

SEEDS = range(1, 21)
SEEDS_BY_DAY = SEEDS[:5]
PROTOCOLS = (
    *("datalogic", "gm65", "hid-pos", "honeywell", "keyboard-wedge", "m3y", "newland", "plain-line", "ssi"),
    "web-plugin",
)
MALFORMED = "EHC-TRM-025"
RESTARTS_UNSEEN = ("datalogic", "keyboard-wedge", "m3y", "plain-line")
"""Nothing of their settings can be read back, so that a restart would not show: the row stays open."""
CHEAP_ROWS = ("EHC-TRM-001", "EHC-TRM-003", "EHC-TRM-010", "EHC-TRM-011")


@pytest.mark.parametrize(
    "seed", [seed if seed in SEEDS_BY_DAY else pytest.param(seed, marks=pytest.mark.nightly) for seed in SEEDS]
)
def test_a_sound_terminal_passes_twenty_times_with_twenty_seeds(seed, tmp_path):
    ended = certify(tmp_path / "run", "--seed", str(seed), "--only", *CHEAP_ROWS)
    assert ended.planned() == dict.fromkeys(CHEAP_ROWS, "PASS"), ended.said
    assert ended.exit_code == 0


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_sound_terminal_passes_everything_but_the_rows_of_days(seed, protocol, tmp_path):
    bench = f"rigs/benches/emulated-{protocol}.toml"
    plan = ("--plan", "without-endurance", "--bench", bench)
    ended = certify(tmp_path / "run", "--seed", str(seed), *plan, timeout_s=3500)
    unseen = protocol in RESTARTS_UNSEEN
    assert ended.planned().pop(MALFORMED) == ("INCONCLUSIVE" if unseen else "PASS"), ended.said
    assert {verdict for row, verdict in ended.planned().items() if row != MALFORMED} == {"PASS"}, ended.said
    assert ended.exit_code == (2 if unseen else 0)


HOLDS_OUT = (("gm65", "EHC-TRM-033"), ("bus-powered", "EHC-TRM-024"), ("bus-powered", "EHC-TRM-028"))


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("bench", "row"), HOLDS_OUT)
def test_a_sound_terminal_holds_out(bench, row, tmp_path):
    file = f"rigs/benches/emulated-{bench}.toml"
    ended = certify(tmp_path / "run", "--bench", file, "--only", row, timeout_s=3500)
    assert ended.planned() == {row: "PASS"}, ended.said


def test_the_quick_plan_passes_and_says_that_it_certifies_nothing(tmp_path):
    ended = certify(tmp_path / "run")
    assert len(ended.planned()) >= 10
    assert set(ended.planned().values()) == {"PASS"}, ended.said
    assert ended.exit_code == 0
    assert "An emulated run certifies nothing" in ended.said
    assert all(row["emulated"] for row in ended.document["verdicts"])
