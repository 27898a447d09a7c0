"""A cut that is none is the bench's fault: a device that is fed from elsewhere, or does not fall silent."""

from __future__ import annotations

import random
import time
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from certification.catalogue import Text, load_catalogue
from certification.observations import Observation
from certification.verdicts import Circumstance, Verdict, judge
from rigs.drivers.gm65 import Gm65Scanner
from rigs.errors import RigError
from rigs.roles import Switched
from steps.power_cuts import PowerCuts, _Back

AS_FOUND = {Gm65Scanner.keepsake.name: "factory"}


class Supply:
    """A supply whose device draws what the test says, while it is on and while it is off."""

    def __init__(self, drawn: float, left: float) -> None:
        self._drawn, self._left, self.on = drawn, left, True

    def cut(self) -> Switched:
        self.on = False
        return Switched(time.monotonic_ns(), 0.0, (1, 1))

    def restore(self) -> Switched:
        self.on = True
        return Switched(time.monotonic_ns(), 0.0, (1, 1))

    def current_a(self) -> float:
        return self._drawn if self.on else self._left


def cuts(supply: Supply, *, answers: bool) -> PowerCuts:
    scanner = MagicMock(keepsake=Gm65Scanner.keepsake)
    scanner.answers.return_value = answers
    bench = SimpleNamespace(scanner=scanner, presenter=MagicMock(), power=supply, journal=SimpleNamespace(count=0))
    sampler = MagicMock(run=SimpleNamespace(bench=bench))
    return PowerCuts(sampler, random.Random(1))


@pytest.mark.parametrize(
    ("drawn", "left", "answers", "said"),
    [
        (0.001, 0.0, False, "draws 0.001 A from the supply that is to be cut"),
        (0.160, 0.100, False, "0.1 A of 0.16 A still flow while the supply is cut"),
        (0.160, 0.0, True, "still answers while its supply is cut"),
    ],
)
def test_a_device_that_keeps_its_supply_proves_nothing(drawn: float, left: float, answers: bool, said: str) -> None:
    trial = cuts(Supply(drawn, left), answers=answers)
    with pytest.raises(RigError, match=said) as caught:
        trial.first()
    assert "USB" in caught.value.remedy
    assert trial.sampler.observe.call_count == 0


def test_nothing_is_put_back_into_a_device_nothing_was_learnt_of() -> None:
    trial = cuts(Supply(0.001, 0.0), answers=False)
    trial.put_back()
    assert trial.sampler.run.bench.scanner.store.call_count == 0


def came_back(settings: dict[str, str]) -> _Back:
    return _Back(settings, MagicMock(journal=(1, 1), deliveries=[SimpleNamespace(last_ns=time.monotonic_ns())]))


def test_a_command_that_was_answered_but_not_obeyed_is_no_configuration_lost(monkeypatch) -> None:
    trial = cuts(Supply(0.160, 0.0), answers=False)
    scanner = trial.sampler.run.bench.scanner
    scanner.store.return_value = True  # a refusal is an answer
    scanner.settings.return_value = AS_FOUND
    monkeypatch.setattr(trial, "_cut_and_see", lambda phase, make_sure: came_back(AS_FOUND))
    with pytest.raises(RigError, match="and has factory") as caught:
        trial.first()
    assert "locked" in caught.value.remedy
    assert trial.sampler.observe.call_count == 0


def test_what_the_supply_saw_of_a_device_that_never_came_back_is_kept(monkeypatch) -> None:
    trial = cuts(Supply(0.160, 0.0), answers=False)
    scanner = trial.sampler.run.bench.scanner
    scanner.silent.return_value = RigError("does not answer", where="scanner", remedy="check supply")
    scanner.delivery.return_value = None
    monkeypatch.setattr(trial, "_recovered", lambda up: (None, 2))
    with pytest.raises(RigError, match="does not answer"):
        trial.one("at_rest")
    (seen,) = trial.sampler.observe.call_args_list
    assert seen.args == ("power_absence", "never")
    row = load_catalogue()["EHC-TRM-023"]
    kept = Observation(row.id, *seen.args, cell=seen.kwargs["cell"], detail=seen.kwargs["detail"])
    broke = Circumstance(Verdict.RIG_ERROR, Text(zh="无", en="none"))
    assert judge(row, [kept], broke, planned=True, emulated=False).verdict is Verdict.RIG_ERROR
    assert seen.kwargs["cell"] == {"phase": "at_rest"}
    assert (seen.kwargs["detail"]["drawn_a"], seen.kwargs["detail"]["now_a"]) == (0.16, 0.16)
