"""What hosts in different states make of keys, and what each way of typing leaves of a card code on them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rigs.emulators.defects.keyboard import EndsWithTheOtherKey, MindsCapsLockTwice, TypesGermanKeys, TypesUsKeys
from rigs.emulators.typist import Typist
from rigs.protocols import hid_keyboard
from rigs.protocols.hid_keyboard import CAPS_LOCK, ENTER, TAB, Led, Modifier, alt_code, press, report, type_text
from rigs.protocols.keyboard_host import HostState, KeyboardHost
from steps.keyboard import LAGS_MS, STATES, TRIALS, case_preserved, legible

CARD = "8A3f:1"
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))
US, US_CAPS, ZH, ZH_CAPS, PINYIN, PINYIN_CAPS = STATES


def typed(state: HostState, reports: bytes) -> str:
    return KeyboardHost(state).feed(reports).text


def as_typed_by(typist: Typist, state: HostState, text: str = CARD) -> str:
    leds = Led(KeyboardHost(state).leds[0])
    reports = b"".join(typist.stroke(byte, leds) for byte in text.encode())
    return typed(state, reports + press(typist.ending(ENTER)))


def test_an_alt_code_is_alt_down_three_digits_and_alt_up() -> None:
    assert alt_code(ord(":")).hex(" ", 8) == (
        "0400000000000000 0400620000000000 0400000000000000 04005d0000000000 "
        "0400000000000000 0400600000000000 0400000000000000 0000000000000000"
    )


@pytest.mark.parametrize("state", STATES)
@given(PRINTABLE)
def test_alt_codes_reach_every_host_unaltered(state: HostState, text: str) -> None:
    reports = b"".join(alt_code(ord(character)) for character in text)
    found = KeyboardHost(state).feed(reports)
    assert (found.text, found.chords) == (text, ())


@pytest.mark.parametrize(
    ("reports", "chords"),
    [
        (alt_code(13), ("Alt+013",)),
        (alt_code(127), ("Alt+127",)),
        (report(0, Modifier.LEFT_ALT) + bytes(8), ("Alt",)),
        (report(0, Modifier.LEFT_ALT) + report(0x3D, Modifier.LEFT_ALT) + bytes(8), ("Alt+0x3D",)),
        (report(0x62, Modifier.RIGHT_ALT) + bytes(8), ("Alt+Keypad0",)),
        (report(0x62, Modifier.LEFT_ALT | Modifier.LEFT_CTRL) + bytes(8), ("Ctrl+Alt+Keypad0",)),
    ],
)
def test_what_alt_makes_of_anything_but_a_printable_number_is_a_command(
    reports: bytes, chords: tuple[str, ...]
) -> None:
    found = KeyboardHost().feed(reports)
    assert (found.text, found.chords) == ("", chords)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (US, "8A3f:1\r"),
        (ZH, "8A3f:1\r"),
        (US_CAPS, "8a3F:1\r"),
        (ZH_CAPS, "8a3F:1\r"),
        (PINYIN, "8字字：1\r"),
        (PINYIN_CAPS, "8a3F：1\r"),
    ],
)
def test_keys_depend_on_the_host(state: HostState, text: str) -> None:
    assert typed(state, type_text(CARD.encode())) == text


def test_enter_commits_what_an_input_method_holds_and_is_swallowed() -> None:
    assert typed(PINYIN, type_text(b"AB")) == "AB"
    assert typed(PINYIN, type_text(b"AB", TAB)) == "字"
    assert typed(PINYIN, type_text(b"12")) == "12\r"


def test_the_caps_lock_key_is_told_back_to_the_keyboard() -> None:
    host = KeyboardHost(US)
    assert host.leds == bytes((Led.NUM_LOCK,))
    host.feed(press(CAPS_LOCK))
    assert host.leds == bytes((Led.NUM_LOCK | Led.CAPS_LOCK,))
    assert host.feed(type_text(b"a")).text == "A\r"


@given(PRINTABLE, st.integers(1, 30))
def test_pieces_do_not_change_what_is_typed(text: str, size: int) -> None:
    reports = type_text(text.encode())
    host = KeyboardHost()
    pieces = [host.feed(reports[start : start + size]).text for start in range(0, len(reports), size)]
    assert "".join(pieces) == text + "\r"
    assert host.at_rest


@pytest.mark.parametrize("state", STATES)
@given(st.binary(max_size=400))
def test_any_reports_can_be_taken_in_any_state(state: HostState, data: bytes) -> None:
    found = KeyboardHost(state).feed(data)
    assert len(found.chords) <= len(data) // hid_keyboard.REPORT_BYTES


def test_a_sound_typist_is_understood_in_every_state() -> None:
    assert {as_typed_by(Typist(), state) for state in STATES} == {CARD + "\r"}


@pytest.mark.parametrize(
    ("typist", "altered"),
    [
        (TypesGermanKeys(), STATES),
        (TypesUsKeys(), (PINYIN, PINYIN_CAPS)),
        (MindsCapsLockTwice(), (US_CAPS, ZH_CAPS, PINYIN_CAPS)),
        (EndsWithTheOtherKey(), STATES),
    ],
)
def test_each_fault_shows_on_the_hosts_it_is_about(typist: Typist, altered: tuple[HostState, ...]) -> None:
    assert tuple(state for state in STATES if as_typed_by(typist, state) != CARD + "\r") == altered


def test_every_state_of_the_row_meets_every_lag() -> None:
    pairs = {(STATES[n % len(STATES)], LAGS_MS[n % len(LAGS_MS)]) for n in range(TRIALS)}
    assert len(pairs) == len(STATES) * len(set(LAGS_MS))
    assert {min(LAGS_MS), max(LAGS_MS)} == {0, 50}


@pytest.mark.parametrize(
    ("typed_text", "preserved"),
    [("8A3f:1\r", True), ("8a3F:1\r", False), ("8A3f>1\r", True), ("A3f:", True), ("a3f:1\r", False), ("", True)],
)
def test_letter_case_is_judged_by_the_letters_that_arrived(typed_text: str, preserved: bool) -> None:
    assert case_preserved(CARD + "\r", typed_text) is preserved


def test_what_was_typed_is_shown_legibly() -> None:
    assert legible("8字：1\t\r") == "8字：1⇥⏎"
    assert legible("8" * 66 + "\r") == "8" * 20 + "…" + "8" * 19 + "⏎ (67)"
