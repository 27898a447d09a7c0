"""The row of clock skew blames the bench for a platform whose own tolerance is wrong."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

import pytest

from rigs.errors import RigError
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.roles import PlatformAnswer
from rigs.roles.security import CheckTold
from steps.clock import BEYOND_S, WITHIN_S, skewed, tolerant
from steps.sampling import Trial


def asked(tolerance_s: float):
    """A sampler whose platform takes requests dated at most so far off its clock."""

    def call(method, content, *, ahead_s):
        return PlatformAnswer(
            "000" if abs(ahead_s) <= tolerance_s else "107", abs(ahead_s) <= tolerance_s, "", {}, (1, 1)
        )

    platform = SimpleNamespace(call=call)
    return SimpleNamespace(run=SimpleNamespace(bench=SimpleNamespace(platform=platform)))


class Bench:
    """A terminal that tells one thing of every code, and a platform that still takes a code or does not.

    The platform takes what was never shown to the terminal as long as it is ``alive``.
    """

    def __init__(self, told: CheckTold, *, unused: bool, alive: bool) -> None:
        self.shown: set[str] = set()
        self.told, self.unused, self.alive = told, unused, alive
        self.checker = SimpleNamespace(check=self.check, set_clock=lambda _: None)
        self.platform = SimpleNamespace(call=self.call)
        self.link, self.journal = SimpleNamespace(offset_ms=0), SimpleNamespace(count=1)

    def check(self, code: str) -> CheckTold:
        self.shown.add(code)
        return self.told

    def call(self, _, content, **__) -> PlatformAnswer:
        taken = self.unused if content["ehealth_code"] in self.shown else self.alive
        return PlatformAnswer("000", taken, "", {}, (1, 1))


class Looker:
    """As much of a sampler as the row needs; every code is read."""

    def __init__(self, told: CheckTold, *, unused: bool, alive: bool) -> None:
        reading = SimpleNamespace(outcome="exact", journal=(1, 1))
        station = SimpleNamespace(read=lambda *_: reading)
        self.run = SimpleNamespace(bench=Bench(told, unused=unused, alive=alive), station=station)
        self.seen: dict[str, dict[float, object]] = {}

    def prepared(self, trials):
        return ((trial, None) for trial in trials)

    def observe(self, measure, value, *, cell, **_) -> None:
        self.seen.setdefault(measure, {})[cell["skew"]] = value

    def step(self, _) -> None:
        return


def seen_by(outcome: str, message: str = "said", *, unused: bool, alive: bool = True) -> tuple[set, set]:
    looker = Looker(CheckTold(outcome, message, (1, 1)), unused=unused, alive=alive)
    skewed(looker, codes())
    assert set(looker.seen["skew_outcome"]) == {*WITHIN_S, *BEYOND_S}
    return set(looker.seen["skew_outcome"].values()), set(looker.seen.get("false_accepts", {}).values())


def test_what_a_terminal_tells_is_weighed_by_what_the_platform_really_did():
    assert seen_by("accepted", unused=False) == ({"unaffected"}, {0})
    assert seen_by("accepted", unused=True) == ({"unaffected"}, {1})
    assert seen_by("error", unused=True) == ({"explicit_error"}, {0})
    assert seen_by("error", "", unused=True) == ({"nothing"}, {0})
    assert seen_by("refused", unused=True) == ({"refused"}, {0})
    assert seen_by("nothing", unused=True) == ({"nothing"}, {0})


def test_a_code_asked_about_once_it_has_run_out_is_no_evidence_of_anything():
    assert seen_by("accepted", unused=False, alive=False) == ({"unaffected"}, set())
    assert seen_by("error", unused=False, alive=False) == ({"explicit_error"}, {0})


def codes():
    """As many trials as are asked for, of another code each."""
    return (Trial(Stimulus((Symbol(b"CODE%d" % number),))) for number in count())


@pytest.mark.parametrize("tolerance_s", [60, 300, 599])
def test_a_platform_that_tolerates_a_minute_and_not_ten_is_as_it_should_be(tolerance_s):
    tolerant(asked(tolerance_s), codes())


@pytest.mark.parametrize("tolerance_s", [0.5, 30, 600, 10_000])
def test_a_platform_that_tolerates_less_or_everything_is_the_benchs_fault(tolerance_s):
    with pytest.raises(RigError, match="off its clock"):
        tolerant(asked(tolerance_s), codes())
