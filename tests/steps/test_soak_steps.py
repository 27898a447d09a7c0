"""The soak's stepping on a clock that stands in for seventy-two hours, judged by the catalogue's own criterion."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from certification.catalogue import load_catalogue
from certification.decision import Outcome, judge_criterion
from certification.observations import Observation
from certification.verdicts import Verdict, judge
from rigs.emulators.behaviour import Reading as Decoded
from rigs.emulators.defects.endurance import LeaksAndSlows, MissesNowAndThen, StopsAfterHours
from rigs.endurance import BenchEndurance
from rigs.errors import RigError, SilentDeviceError
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.readings import Outcome as Read
from rigs.readings import Reading
from rigs.roles import Shown
from steps.sampling import Sampler, Trial
from steps.soak import DECK, Soak, SoakPlan

SOAK = load_catalogue()["EHC-TRM-033"]
PLAN = SoakPlan.of(SOAK)
CODES = [(Trial(Stimulus((Symbol(f"{n}".encode()),))), None) for n in range(DECK)]


@dataclass
class StandIn:
    """A device whose readings cost no time: the clock moves when it is waited for.

    Attributes:
        behaviour: what it does with each code; the emulator's own behaviour, sound or not.
        base_ms: latency of its first reading.
        supply: whether the bench can cut its power.
        reset: what is known each hour of its having been reset.
    """

    behaviour: object | None = None
    base_ms: float = 200.0
    supply: bool = True
    reset: bool | None = False
    compressed: bool = False
    hand_overs: int = 2
    answers: dict[int, Read] = field(default_factory=dict)
    host_ms: list[float] = field(default_factory=lambda: [0.1])
    time_s: float = 0.0
    count: int = 0
    hung: bool = False

    def now(self) -> float:
        return self.time_s

    def wait_until(self, due: float) -> None:
        self.time_s = max(self.time_s, due)

    def read(self, frame, expected) -> Reading:
        del frame
        self.count += 1
        outcome, latency_ms = self.answers.get(self.count, Read.EXACT), self.base_ms * (1 + 0.03 * math.sin(self.count))
        if self.behaviour is not None:
            outcome, latency_ms = self._behave(expected[0], latency_ms)
        self.time_s += latency_ms / 1000
        shown = Shown(self.count, int(self.time_s * 1e9), self.count)
        return Reading(outcome, shown, (), latency_ms, 3.0, (self.count, self.count))

    def _behave(self, content: bytes, latency_ms: float) -> tuple[Read, float]:
        decoded = Decoded(content, "]Q1", 1, ((0, 0),) * 4)
        if self.hung or self.behaviour.hang_s([decoded]):
            self.hung = True
            raise SilentDeviceError("it does not answer", where="scanner", remedy="look")
        if not self.behaviour.accepts(decoded, None):
            return Read.NO_READ, 2000.0
        return Read.EXACT, latency_ms + 1000 * self.behaviour.delay_s(decoded, 0.0)

    def bring_back(self):
        if not self.supply:
            raise SilentDeviceError("it does not answer", where="scanner", remedy="look")
        self.hung = False
        return "after_power_cycle"

    def restarted(self) -> bool | None:
        return self.reset

    def memory_mib(self) -> float:
        return 40.0 + self.count / 1000

    def host_delay_ms(self) -> float:
        return self.host_ms.pop(0) if len(self.host_ms) > 1 else self.host_ms[0]


class Book:
    """The evidence, without a folder."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self.syncs = 0

    def add(self, observation):
        self.observations.append(observation)

    def of(self, requirement):
        del requirement
        return self.observations

    def keep_picture(self, *_args, **_kept):
        return None

    def flush(self):
        pass

    def sync(self):
        self.syncs += 1


def a_run(evidence: Book | None = None):
    journal = SimpleNamespace(flush=lambda: None, sync=lambda: None)
    return SimpleNamespace(
        evidence=evidence or Book(),
        subject=SimpleNamespace(yes_options=()),
        bench=SimpleNamespace(journal=journal),
        station=SimpleNamespace(read_timeout_s=2.0),
        progress=lambda *_: None,
        remarks=[],
    )


def soaked(device: StandIn, run=None):
    run = run or a_run()
    Soak(Sampler(run, SOAK), device, CODES).run()
    return run


def verdict(run) -> Verdict:
    return judge(SOAK, run.evidence.observations, None, planned=True, emulated=False).verdict


def series(run, measure: str) -> list[Observation]:
    return [one for one in run.evidence.observations if one.measure == measure]


@pytest.fixture(scope="module")
def sound():
    """A whole soak of a sound device: the device and the run; nothing may be changed in either."""
    device = StandIn()
    return device, soaked(device)


def with_observations(observations):
    """A run in which these observations were made."""
    run = a_run()
    run.evidence.observations = list(observations)
    return run


def test_the_criterion_registers_seventy_two_hours_with_a_reading_every_six_seconds():
    assert (PLAN.reads, PLAN.hours, PLAN.an_hour, PLAN.every_s) == (43_200, 72, 600, 6.0)


def test_a_sound_device_passes_after_seventy_two_hours_and_not_before(sound):
    device, run = sound
    assert verdict(run) is Verdict.PASS
    assert (device.count, len(series(run, "read"))) == (43_200, 43_200)
    assert 72 * 3600 - 6 <= device.time_s <= 72 * 3600
    for measure in ("latency_p95", "memory", "resets", "unrecovered_stops"):
        assert [one.cell["hour"] for one in series(run, measure)] == list(range(1, 73))
    assert run.evidence.syncs == 72
    seen = run.evidence.observations
    for cut in (600, 20_000, len(seen) - 4):
        assert judge(SOAK, seen[:cut], None, planned=True, emulated=False).verdict is Verdict.INCONCLUSIVE
    assert run.remarks == [], "nothing was compressed"


@pytest.mark.parametrize(
    ("misses", "expected", "stopped_at"),
    [(30, Verdict.PASS, 43_200), (31, Verdict.FAIL, 31 * 100)],
)
def test_thirty_misses_are_allowed_and_one_more_ends_the_soak(misses, expected, stopped_at):
    device = StandIn(answers={100 * (n + 1): Read.NO_READ for n in range(misses)})
    run = soaked(device)
    assert (verdict(run), device.count) == (expected, stopped_at)


@pytest.mark.parametrize("misread", [Read.WRONG, Read.STALE])
def test_one_misread_is_one_too_many(misread):
    device = StandIn(answers={1234: misread})
    assert (verdict(soaked(device)), device.count) == (Verdict.FAIL, 1234)


def test_a_device_that_slows_down_fails_by_its_drift_alone():
    run = soaked(StandIn(LeaksAndSlows(), base_ms=4.0))
    results = judge_criterion(SOAK.criterion, run.evidence.observations, ())
    assert [one.measure for one in results if one.outcome is Outcome.BROKEN] == ["latency_p95"]
    assert verdict(run) is Verdict.FAIL


def test_a_device_that_misses_each_code_once_in_five_hundred_is_caught():
    run = soaked(StandIn(MissesNowAndThen()))
    missed = [one.value for one in series(run, "read")].count("no_read")
    assert (verdict(run), missed) == (Verdict.FAIL, 31)


def test_a_device_that_stops_until_its_power_is_cut_is_caught_at_once():
    device = StandIn(StopsAfterHours())
    run = soaked(device)
    assert (verdict(run), [one.value for one in series(run, "stop")]) == (Verdict.FAIL, ["after_power_cycle"])
    assert device.count < 3 * PLAN.an_hour


def test_without_a_supply_nobody_can_tell_a_dead_device_from_a_dead_line():
    run = a_run()
    with pytest.raises(RigError):
        soaked(StandIn(StopsAfterHours(), supply=False), run)
    assert verdict(run) is Verdict.INCONCLUSIVE


def test_a_host_that_became_slow_itself_leaves_the_drift_open(sound):
    """A latency that may have grown with the host's own delays is not the device's."""
    run = sound[1]
    slow = with_observations(
        replace(one, uncertainty=30.0) if one.measure == "latency_p95" and one.cell["hour"] > 60 else one
        for one in run.evidence.observations
    )
    assert (verdict(run), verdict(slow)) == (Verdict.PASS, Verdict.INCONCLUSIVE)


def test_how_much_later_the_host_has_become_at_each_hand_over_is_the_uncertainty():
    once, for_good = [0.25] * 5 + [9.0] + [0.25] * 6, [3.25]
    device = StandIn(host_ms=[*once, *for_good], answers={9601: Read.WRONG}, hand_overs=5)
    hours = series(soaked(device), "latency_p95")
    assert [one.uncertainty for one in hours] == [0.0] * 14 + [7.5, 15.0]


def test_one_bad_hour_does_not_decide_the_drift(sound):
    bad = with_observations(
        replace(one, value=3 * float(one.value)) if one.measure == "latency_p95" and one.cell["hour"] == 72 else one
        for one in sound[1].evidence.observations
    )
    assert verdict(bad) is Verdict.PASS


def test_an_interrupted_soak_goes_on_with_the_reading_it_stopped_at(sound):
    device, whole = sound
    observations = whole.evidence.observations
    cut = next(n for n, one in enumerate(observations) if one.measure == "read" and one.cell["hour"] == 71) + 250
    run = with_observations(observations[:cut])
    following = StandIn()
    following.count = 70 * PLAN.an_hour + 250
    soaked(following, run)
    assert [one.cell["hour"] for one in series(run, "read")] == [PLAN.hour(n) for n in range(43_200)]
    assert [one.cell["hour"] for one in series(run, "latency_p95")] == list(range(1, 73))
    cut_hour, same_hour = (series(of, "latency_p95")[70].value for of in (run, whole))
    assert cut_hour == pytest.approx(same_hour, abs=0.01), "the hour counts all its readings"
    assert verdict(run) is Verdict.PASS
    assert device.count == 43_200


@pytest.mark.parametrize(("reset", "told"), [(None, []), (False, [0]), (True, [1])])
def test_no_hour_is_said_to_be_without_a_reset_where_none_could_be_seen(reset, told, sound):
    observations = sound[1].evidence.observations
    cut = next(n for n, one in enumerate(observations) if one.measure == "read" and one.cell["hour"] == 72)
    run = soaked(StandIn(reset=reset), with_observations(observations[:cut]))
    assert [one.value for one in series(run, "resets") if one.cell["hour"] == 72] == told
    assert verdict(run) is Verdict.PASS


class Settled:
    """A scanner with these settings, or one that has stopped."""

    time_scale = 1.0

    def __init__(self, *answers) -> None:
        self.answers_to_come = list(answers)

    def settings(self):
        answer = self.answers_to_come.pop(0)
        if answer is None:
            raise SilentDeviceError("it does not answer", where="scanner", remedy="look")
        return answer

    def reopen(self):
        pass


A, B = {"0000": "D6"}, {"0000": "00"}


@pytest.mark.parametrize(("answers", "known"), [(({},), None), ((A, A), False), ((A, B, A), True), ((A, None), None)])
def test_a_reset_is_known_by_settings_alone(answers, known):
    bench = SimpleNamespace(scanner=Settled(*answers), emulated_scanner=None)
    with closing(BenchEndurance(bench, None)) as endurance:
        assert endurance.restarted() is known


def test_compressed_time_is_told(sound):
    observations = sound[1].evidence.observations
    cut = next(n for n, one in enumerate(observations) if one.measure == "read" and one.cell["hour"] == 72)
    device = StandIn(compressed=True, base_ms=20.0)
    device.wait_until = lambda due: None
    [told] = soaked(device, with_observations(observations[:cut])).remarks
    assert "600 readings count as 1.0 h" in told.en
    assert "压缩" in told.zh


def test_codes_come_in_a_new_order_each_round_and_in_the_same_one_after_an_interruption():
    soak = Soak(Sampler(a_run(), SOAK), StandIn(), CODES)
    rounds = [[soak._shown(n)[0].expected[0] for n in range(k * DECK, (k + 1) * DECK)] for k in range(3)]
    assert all(sorted(one) == sorted(rounds[0]) for one in rounds)
    assert rounds[0] != rounds[1] != rounds[2]
    assert [Soak(Sampler(a_run(), SOAK), StandIn(), CODES)._shown(n)[0].expected[0] for n in range(DECK)] == rounds[0]
