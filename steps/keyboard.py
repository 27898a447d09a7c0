"""The keyboard link: codes typed on a host in every state a hospital's may be in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import cycle, islice
from random import Random

from pytest_bdd import when

from certification.observations import Cell
from fixtures.card_codes import static_code
from rigs.errors import RigError
from rigs.optics.frames import Frame
from rigs.optics.stimulus import Stimulus
from rigs.protocols.keyboard_host import HostState
from rigs.readings import Reading
from rigs.roles import Keyboard, Keystrokes
from steps.samples import plain, symbol
from steps.sampling import Sampler, Trial, shortened

TRIALS = 299
QUIET_S = 2.0
"""A keyboard that has typed nothing for so long types no more, s."""
BEGIN_S = 0.5
"""Within which a keyboard begins to type what was delivered, s."""
STATES = (
    HostState("en-US"),
    HostState("en-US", caps_lock=True),
    HostState("zh-CN"),
    HostState("zh-CN", caps_lock=True),
    HostState("zh-CN", input_method=True),
    HostState("zh-CN", caps_lock=True, input_method=True),
)
LAGS_MS = (0, 50, 0, 0, 20, 0, 10)
"""For how long the host takes no report; as many as have no divisor in common with the states."""
_LONG = 40
"""Characters beyond which a text is shortened where it is shown."""
ENDINGS = {"cr": "\r", "tab": "\t"}


@dataclass(frozen=True)
class Condition:
    """What the host is like during one delivery."""

    state: HostState
    lag_ms: int


@when("299 codes are typed on its keyboard link, on hosts of every layout, lock, input method and lag")
@when("在各种键盘布局、大写锁定、输入法和延迟的主机上，经键盘链路上送 299 个码")
def type_on_every_host(sampler: Sampler, chance: Random) -> None:
    """Texts of both cases, each until its suffix was typed; what comes after that spoils the next."""
    table = sampler.run.bench.file.keyboard
    suffix = "cr" if table is None else table.suffix
    with closing(sampler.run.bench.open_keyboard()) as keyboard:
        make_sure_it_types(sampler, keyboard, chance)
        trials = islice(_texts(chance), TRIALS)
        for condition, (trial, frame) in zip(_conditions(), sampler.prepared(trials), strict=False):
            if not frame.reference_reads:
                sampler.observe("stimulus", "not_readable")
                continue
            keyboard.become(condition.state, condition.lag_ms / 1000)
            reading = sampler.run.station.read(frame, trial.expected)
            typed = keyboard.line(ENDINGS[suffix], QUIET_S)
            tried = replace(trial, cell=_cell(condition, suffix))
            sampler.step(TRIALS)
            if reading.outcome == "no_read" and not typed.text and _excused(sampler, keyboard, tried, frame, reading):
                continue
            _record(sampler, tried, reading, typed)
            if sampler.failed():
                return
        if stray := keyboard.keystrokes(QUIET_S).text:
            sampler.observe("read", "wrong", detail={"typed": legible(stray)})


def make_sure_it_types(sampler: Sampler, keyboard: Keyboard, chance: Random) -> None:
    """A link that types nothing would pass for one that types no commands, so one good code must arrive first.

    Raises:
        RigError: none of three good codes was typed.
    """
    keyboard.keystrokes(sampler.run.bench.silence_s)
    for trial, frame in sampler.prepared(Trial(plain(chance)) for _ in range(3)):
        sampler.run.station.read(frame, trial.expected)
        if keyboard.keystrokes(BEGIN_S).text:
            return
    raise RigError(
        "none of three good codes was typed",
        where="keyboard",
        remedy="check that [keyboard] in the bench file is the device under test and that it types what it reads",
    )


def legible(text: str) -> str:
    """What was typed, its control keys as signs, its middle left out where it is long."""
    shown = text.replace("\r", "⏎").replace("\t", "⇥")
    return shown if len(shown) <= _LONG else f"{shown[: _LONG // 2]}…{shown[-_LONG // 2 :]} ({len(text)})"


def case_preserved(expected: str, typed: str) -> bool:
    """Whether every letter that was typed at all has the case it should have, whatever else was lost between."""
    blocks = SequenceMatcher(None, expected.lower(), typed.lower(), autojunk=False).get_matching_blocks()
    return all(expected[a : a + size] == typed[b : b + size] for a, b, size in blocks)


def _texts(chance: Random) -> Iterator[Trial]:
    """Card codes, and in turn with them the same in mixed case: cards alone have no small letters."""
    for mixed in cycle((False, True)):
        text = static_code(chance)
        if mixed:
            text = "".join(chance.choice((letter.lower(), letter)) for letter in text)
        yield Trial(Stimulus((symbol(text, chance),)))


def _conditions() -> Iterator[Condition]:
    return (Condition(state, lag) for state, lag in zip(cycle(STATES), cycle(LAGS_MS), strict=True))


def _cell(condition: Condition, suffix: str) -> Cell:
    return {
        "layout": condition.state.layout,
        "caps_lock": "on" if condition.state.caps_lock else "off",
        "input_method": "on" if condition.state.input_method else "off",
        "lag": condition.lag_ms,
        "suffix": suffix,
    }


def _excused(sampler: Sampler, keyboard: Keyboard, trial: Trial, frame: Frame, reading: Reading) -> bool:
    """As the sampler's; what a device that needs no trigger typed meanwhile is dropped."""
    excused = sampler.excused(trial, frame, reading)
    if sampler.run.witness is not None:
        keyboard.keystrokes(sampler.run.bench.silence_s)
    return excused


def _record(sampler: Sampler, trial: Trial, reading: Reading, keys: Keystrokes) -> None:
    expected = trial.expected[0].decode() + ENDINGS[str(trial.cell["suffix"])]
    exact = keys.text == expected and not keys.chords
    if keys.journal is not None:
        reading = replace(reading, journal=(reading.journal[0], max(reading.journal[1], keys.journal[1])))
    detail: dict[str, str | float] = {"shown": shortened(trial.expected[0]), "typed": legible(keys.text)}
    if keys.chords:
        detail["chords"] = ", ".join(keys.chords)
    for measure, value in (
        ("read", "exact" if exact else "wrong" if keys.text else "no_read"),
        ("letter_case", "preserved" if case_preserved(expected, keys.text) else "changed"),
        ("keystroke", "dropped" if len(keys.text) < len(expected) else "none"),
    ):
        sampler.observe(measure, value, cell=trial.cell, reading=reading, detail={} if exact else dict(detail))
