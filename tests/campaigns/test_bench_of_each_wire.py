"""Benches on the further wires under the rows of their links: what each defect of the terminal fails there, exactly."""

from __future__ import annotations

from pathlib import Path

import pytest
from certifying import certify

from rigs.bench_file import load_bench
from xiangka.unbound import unbound_roles

PANEL = ("EHC-TRM-001", "EHC-TRM-003")
KEYBOARD, SERIAL, INJECTION, COLOURS = "EHC-TRM-018", "EHC-TRM-017", "EHC-TRM-026", "EHC-TRM-007"


def at_night(*values: str) -> object:
    return pytest.param(*values, marks=pytest.mark.nightly)


@pytest.mark.parametrize(
    ("protocol", "defect", "named"),
    [
        ("m3y", "swallows-split-commands", SERIAL),
        at_night("m3y", "red-lit", COLOURS),
        at_night("m3y", "ends-with-the-other-key", KEYBOARD),
        at_night("datalogic", "red-lit", COLOURS),
        at_night("datalogic", "types-us-keys", KEYBOARD),
        at_night("hid-pos", "obeys-setting-codes", INJECTION),
        at_night("hid-pos", "red-lit", COLOURS),
        at_night("keyboard-wedge", "red-lit", COLOURS),
        at_night("keyboard-wedge", "minds-caps-lock-twice", KEYBOARD),
        at_night("web-plugin", "red-lit", COLOURS),
        at_night("web-plugin", "forgets-waiting-reports", KEYBOARD),
    ],
)
def test_a_defect_fails_what_it_names_and_nothing_else(protocol, defect, named, tmp_path):
    bench = f"rigs/benches/emulated-{protocol}.toml"
    ended = certify(tmp_path / "run", "--bench", bench, "--defect", defect, "--only", *PANEL, named)
    assert ended.planned() == dict.fromkeys(PANEL, "PASS") | {named: "FAIL"}, ended.said
    assert ended.exit_code == 1


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("protocol", "left_out"),
    [
        ("m3y", {INJECTION: "NOT_ASSESSED"}),
        ("datalogic", {INJECTION: "NOT_ASSESSED", "EHC-TRM-002": "NOT_ASSESSED"}),
        ("hid-pos", {SERIAL: "NOT_APPLICABLE"}),
        ("keyboard-wedge", {SERIAL: "NOT_APPLICABLE", INJECTION: "NOT_ASSESSED", "EHC-TRM-002": "NOT_ASSESSED"}),
        ("web-plugin", {SERIAL: "NOT_APPLICABLE", INJECTION: "NOT_ASSESSED"}),
    ],
)
def test_the_quick_plan_passes_and_leaves_out_what_the_wire_cannot_show(protocol, left_out, tmp_path):
    ended = certify(tmp_path / "run", "--bench", f"rigs/benches/emulated-{protocol}.toml")
    assert set(ended.planned().values()) == {"PASS"}, ended.said
    assert {row: ended.verdicts[row] for row in left_out} == left_out
    assert ended.exit_code == 0


@pytest.mark.parametrize(
    ("protocol", "lacking"),
    [
        ("gm65", set()),
        ("m3y", {"scanner_settings"}),
        ("datalogic", {"scanner_settings", "scanner_commands"}),
        ("plain-line", {"scanner_settings", "scanner_commands"}),
        ("hid-pos", {"serial_link"}),
        ("keyboard-wedge", {"serial_link", "scanner_settings", "scanner_commands"}),
        ("web-plugin", {"serial_link", "scanner_settings"}),
    ],
)
def test_a_wire_says_what_it_cannot_show(protocol, lacking):
    unbound = unbound_roles(load_bench(Path(f"rigs/benches/emulated-{protocol}.toml")))
    assert {role for role in unbound if role.startswith(("scanner_", "serial_"))} == lacking
