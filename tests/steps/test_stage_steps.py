"""Codes on a stage: put back when a row is over, and no plain code or camera judged under the row's own conditions."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from rigs.errors import SilentDeviceError
from rigs.optics.frames import make_frame
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.readings import ReadingStation
from rigs.roles import Delivery, Shown
from rigs.roles.stage import USUAL, Setting
from steps.sampling import Sampler
from steps.stage import StagedTrial, show_on_stage
from steps.terminal import ready

CARD = Stimulus((Symbol(b"8A3F" * 16 + b":1"),))
NEAR = Setting(distance_mm=30.0)


class Table:
    """A stage and a presenter; a device that reads only in the usual setting and cannot be asked anything."""

    answers_commands = False
    time_scale = uncertainty_ms = 0.0
    watched = True
    silence_s = 0.0

    def __init__(self) -> None:
        self.file = SimpleNamespace(stage=object())
        self.presenter = self.stage = self
        self.now: Setting | None = None
        self.done: list[object] = []
        self.wire = True
        self._frame = None

    def arrange(self, setting):
        if setting != self.now:
            self.done.append(setting)
        self.now = setting

    def prepare(self, stimulus, **_checked):
        frame = make_frame(stimulus, check=True)
        return SimpleNamespace(result=lambda: frame)

    def show(self, frame):
        self._frame = frame
        content = frame.stimulus.symbols[0].content
        self.done.append("plain" if content.startswith(b"XIANGKA") else "card")
        return Shown(1, 1, 1)

    def clear(self):
        self._frame = None

    def arm(self):
        pass

    def disarm(self):
        pass

    def make_sure_it_answers(self):
        pass

    def delivery(self, timeout_s):
        del timeout_s
        if self._frame is None or self.now != USUAL or not self.wire:
            return None
        return Delivery(self._frame.stimulus.symbols[0].content, 1, 1, (1, 1))


class Camera:
    """Sees nothing under a row's conditions."""

    def cannot_see(self, frame, control):
        raise AssertionError("the camera was asked under conditions of the stage")


class Book(list):
    def add(self, observation):
        self.append(observation)

    def of(self, _requirement):
        return self

    def keep_picture(self, *_args, **_kept):
        return None


def sampler(table: Table) -> Sampler:
    run = SimpleNamespace(
        bench=table,
        station=ReadingStation(table, table, 0.0),
        evidence=Book(),
        subject=SimpleNamespace(yes_options=frozenset()),
        witness=Camera(),
        progress=lambda *_told: None,
    )
    return Sampler(run, SimpleNamespace(id="EHC-TRM-009", criterion=()))


def trials(count: int) -> list[StagedTrial]:
    return [StagedTrial(CARD, {"distance": 30}, setting=NEAR) for _ in range(count)]


def test_a_device_that_cannot_be_asked_is_shown_plain_codes_only_in_the_usual_setting():
    table = Table()
    taken = sampler(table)
    show_on_stage(taken, trials(12))
    assert table.done == [USUAL, "plain", NEAR, *["card"] * 12, USUAL, "plain"]
    assert [observation.value for observation in taken.run.evidence] == ["no_read"] * 12


@contextmanager
def cut_after(table: Table, shown: int):
    show = table.show

    def until(frame):
        table.wire = table.wire and table.done.count("card") < shown
        return show(frame)

    table.show = until
    yield


def test_a_wire_that_is_cut_during_a_row_on_a_stage_is_not_the_devices_fault():
    table = Table()
    with cut_after(table, 3), pytest.raises(SilentDeviceError, match="a plain code was not delivered"):
        show_on_stage(sampler(table), trials(6))
    assert table.now == USUAL


def test_each_row_begins_in_the_usual_setting():
    table = Table()
    table.arrange(NEAR)
    ready(SimpleNamespace(bench=table))
    assert table.now == USUAL
