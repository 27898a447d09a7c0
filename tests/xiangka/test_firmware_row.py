"""The row of firmware updates: what is blamed on the device after a bad image, and what on the bench."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace

import pytest

from rigs.errors import RigError, SilentDeviceError
from rigs.roles.security import UpdateAnswer
from steps.firmware import genuine, refused

SILENT = SilentDeviceError("does not answer", where="scanner", remedy="check it")
NOBODY_LOOKS = RigError("nobody looks", where="presenter", remedy="check it")
LOST = RigError("went away", where="scanner", remedy="check it")
IMAGE = bytes(range(200))


class Bench:
    """A device that refuses every image, and does one thing after another when it is to read; sound at the end."""

    def __init__(self, *readings: Exception | str, silent: bool = False) -> None:
        self._readings, self._silent = list(readings), silent
        self.identity, self.reopened = "V1", 0
        self.updater = SimpleNamespace(
            genuine=lambda: IMAGE,
            previous=lambda: None,
            others=dict,
            signature_bytes=0,
            offer=lambda _: UpdateAnswer("refused", "no", 0.0, (1, 1)),
        )
        self.scanner = SimpleNamespace(make_sure_it_answers=self._answer, reopen=self._reopen)
        self.journal = SimpleNamespace(count=1)

    def identify(self) -> str:
        return self.identity

    def read(self, *_: object) -> SimpleNamespace:
        found = self._readings.pop(0) if self._readings else "exact"
        if isinstance(found, Exception):
            raise found
        return SimpleNamespace(outcome=found, journal=(1, 1))

    def _answer(self) -> None:
        if self._silent:
            raise SILENT

    def _reopen(self) -> None:
        self.reopened += 1
        self._answer()


class Sample:
    """As much of a sampler as the row needs."""

    def __init__(self, *readings: Exception | str, silent: bool = False) -> None:
        bench = Bench(*readings, silent=silent)
        self.run = SimpleNamespace(bench=bench, station=bench, identity="V1", random=Random)
        self.seen: list[tuple[str, str]] = []

    def prepared(self, trials):
        return ((trial, None) for trial in trials)

    def observe(self, measure, value, **_) -> None:
        self.seen.append((measure, value))

    def step(self, *_: int) -> None:
        return

    def failed(self) -> bool:
        return ("device_after_update", "dead") in self.seen


def states(sample: Sample) -> list[str]:
    refused(sample)
    return [value for measure, value in sample.seen if measure == "device_after_update"]


@pytest.mark.parametrize("fault", [NOBODY_LOOKS, LOST])
def test_a_presenter_or_a_line_that_is_gone_after_an_image_is_no_dead_device(fault):
    sample = Sample("exact", fault)
    with pytest.raises(RigError) as caught:
        refused(sample)
    assert caught.value is fault
    assert ("device_after_update", "dead") not in sample.seen


def test_a_device_that_is_silent_for_good_after_an_image_is_dead():
    sample = Sample(silent=True)
    assert states(sample) == ["dead"]
    assert sample.run.bench.reopened >= 1


def test_a_device_that_starts_again_after_an_image_is_waited_for():
    assert states(Sample("exact", SILENT)) == ["works"] * 20


def test_what_the_device_misreads_after_an_image_is_told():
    assert states(Sample("no_read"))[0] == "no_read"


def test_a_device_that_is_silent_before_any_image_is_not_blamed_on_the_image():
    with pytest.raises(SilentDeviceError):
        genuine(Sample(silent=True))
