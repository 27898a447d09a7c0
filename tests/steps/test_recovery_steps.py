"""Who is blamed when a terminal stays away: it comes back when plugged in anew, or nobody knows its cable."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace

import pytest

from certification.catalogue import load_catalogue
from certification.verdicts import Verdict, judge
from rigs.errors import RigError
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.roles.usb import Moment
from steps import recovery
from steps.sampling import Sampler, Trial

USB = load_catalogue()["EHC-TRM-024"]


class Plug:
    """A plug whose device comes back only when ``back`` says so for the n-th plugging-in.

    Whoever plugs it in needs ``took_s`` to say so.
    """

    def __init__(self, back=lambda _times: True, name: str = "same", took_s: float = 0.0) -> None:
        self._back, self._name, self._took_s = back, name, took_s
        self.times = self.slept = 0
        self.there = True

    def unplug(self):
        self.there = False

    def plug(self):
        self.times += 1
        self.there = self._back(self.times)
        return self._now()

    def suspend(self):
        self.slept += 1

    def resume(self):
        return self._now()

    def _now(self):
        now = time.monotonic()
        return Moment(now - self._took_s, now)

    def port(self):
        return "/dev/ttyACM0" if self.there else None

    def named(self, port):
        del port
        return self._name


def a_run(plug: Plug, outcome: str = "exact"):
    observations = []
    trial = Trial(Stimulus((Symbol(b"1"),)))
    run = SimpleNamespace(
        evidence=SimpleNamespace(add=observations.append, of=lambda _: observations),
        subject=SimpleNamespace(yes_options=("usb_link",)),
        bench=SimpleNamespace(usb=plug, reconnect=lambda _: None, journal=SimpleNamespace(count=0)),
        station=SimpleNamespace(read=lambda *_: SimpleNamespace(outcome=outcome)),
        progress=lambda *_: None,
    )
    sampler = Sampler(run, USB)
    sampler.prepared = lambda _trials: itertools.repeat((trial, None))
    return sampler, observations


def verdict(observations) -> Verdict:
    return judge(USB, observations, None, planned=True, emulated=False).verdict


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(recovery, "USABLE_S", 0.05)


def test_seventy_recoveries_make_a_pass_and_sixty_nine_do_not(monkeypatch):
    plug = Plug()
    sampler, observations = a_run(plug)
    recovery.replug_and_sleep(sampler, sampler)
    assert (plug.times, plug.slept) == (50, 20)
    assert verdict(observations) is Verdict.PASS
    assert verdict(observations[:-3]) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("took_s", "expected"), [(3.0, Verdict.PASS), (11.0, Verdict.INCONCLUSIVE)])
def test_a_slow_switch_gives_the_device_no_time_and_takes_none_from_it(took_s, expected):
    """The device may have been connected at any moment of the eleven seconds the switch took to say so."""
    sampler, observations = a_run(Plug(took_s=took_s))
    recovery.replug_and_sleep(sampler, sampler)
    assert verdict(observations) is expected
    times = [one for one in observations if one.measure == "usb_recovery_time"]
    assert {one.uncertainty for one in times} == {took_s / 2}
    assert all(float(one.value) >= took_s / 2 for one in times)


def test_a_device_that_comes_back_when_plugged_in_anew_was_lost():
    sampler, observations = a_run(Plug(lambda times: times != 3))
    recovery.replug_and_sleep(sampler, sampler)
    assert [one.value for one in observations if one.measure == "usb_recovery"] == ["usable", "usable", "lost"]
    assert verdict(observations) is Verdict.FAIL


def test_a_device_that_never_comes_back_is_a_bench_to_look_at():
    sampler, observations = a_run(Plug(lambda times: times < 3))
    with pytest.raises(RigError, match="stays away"):
        recovery.replug_and_sleep(sampler, sampler)
    assert verdict(observations) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("name", "expected"), [("documented_rule", Verdict.PASS), ("changed", Verdict.FAIL)])
def test_a_name_may_change_by_a_published_rule_only(name, expected):
    sampler, observations = a_run(Plug(name=name))
    recovery.replug_and_sleep(sampler, sampler)
    assert verdict(observations) is expected


def test_a_device_that_is_there_but_reads_nothing_is_not_usable():
    sampler, _ = a_run(Plug(), outcome="no_read")
    with pytest.raises(RigError, match="stays away"):
        recovery.replug_and_sleep(sampler, sampler)
