"""Codes at a distance and in a light: the stage brings each setting about, then the terminal is shown its codes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from random import Random

from pytest_bdd import given, when

from certification.catalogue import Requirement
from certification.clauses import CountClause, WindowClause
from certification.observations import Cell
from fixtures.run import Run
from rigs.roles import Setting
from rigs.roles.stage import USUAL
from steps.samples import plain
from steps.sampling import Sampler, Trial

DISTANCES = range(30, 201, 10)
"""Registered distances, mm."""
READS_AT_DISTANCE = 20
BRIGHTNESSES = (100, 50, 20)
ILLUMINANCES = (500, 10_000)
POLARISERS = (0, 90)
READS_IN_CONDITION = 30
BRIEFLY_S = 0.15
"""Least time for which a code is shown whose cell is lost: a late delivery must not fall into the next reading."""


@dataclass(frozen=True)
class StagedTrial(Trial):
    """One presentation in a setting of the stage."""

    photographed: bool = False
    setting: Setting = USUAL


def _staged(run: Run, chance: Random, setting: Setting, cell: Cell, reads: int) -> list[StagedTrial]:
    return [
        StagedTrial(run.bench.stage.drawn(plain(chance), setting, chance.randrange(2**31)), cell, setting=setting)
        for _ in range(reads)
    ]


@given("a 25 mm card code at every distance from 30 to 200 mm", target_fixture="trials")
@given("边长 25 mm 的码，距离由 30 mm 至 200 mm 逐档改变", target_fixture="trials")
def distance_sample(run: Run, chance: Random) -> list[StagedTrial]:
    """20 codes at each of the 18 distances, nearest first: a phone on a rail is moved once for each."""
    return [
        trial
        for distance in DISTANCES
        for trial in _staged(
            run, chance, Setting(distance_mm=float(distance)), {"distance": distance}, READS_AT_DISTANCE
        )
    ]


@given(
    "a card code on a phone in every combination of brightness, ambient light and polariser", target_fixture="trials"
)
@given("手机上的码，亮度、环境照度与偏振片取各种组合", target_fixture="trials")
def screen_sample(run: Run, chance: Random) -> list[StagedTrial]:
    """30 codes in each of the twelve combinations; the light, slowest to change, changes least often."""
    return [
        trial
        for illuminance, polariser, brightness in product(ILLUMINANCES, POLARISERS, BRIGHTNESSES)
        for trial in _staged(
            run,
            chance,
            Setting(
                brightness_percent=float(brightness),
                illuminance_lx=float(illuminance),
                polariser_deg=float(polariser),
            ),
            {"brightness": brightness, "illuminance": illuminance, "polariser": polariser},
            READS_IN_CONDITION,
        )
    ]


@when("the stage is set and the terminal is shown each code of the sample")
@when("布置各种条件，并向终端逐一出示样本中的码")
def show_on_stage(sampler: Sampler, trials: list[StagedTrial]) -> None:
    """Cell by cell, between two plain codes in the usual setting where the device cannot be asked whether it is there.

    A plain code that is spoilt by a cell's own conditions would prove nothing, so none is shown in a cell.
    """
    station, stage = sampler.run.station, sampler.run.bench.stage
    stage.arrange(USUAL)
    station.prove_the_line()
    with station.without_controls():
        _show_cells(sampler, trials)
    stage.arrange(USUAL)
    station.prove_the_line()


def _show_cells(sampler: Sampler, trials: list[StagedTrial]) -> None:
    """In a cell that has more failures than its rule allows the rest of the codes are shown briefly."""
    allowed = failures_allowed(sampler.requirement)
    station, stage = sampler.run.station, sampler.run.bench.stage
    lost: Counter[str] = Counter()
    for trial, frame in sampler.prepared(trials):
        assert isinstance(trial, StagedTrial)
        stage.arrange(trial.setting)
        cell = repr(trial.cell)
        if not frame.reference_reads:
            sampler.observe("stimulus", "not_readable", cell=trial.cell)
        else:
            briefly_s = min(station.read_timeout_s, max(sampler.run.bench.silence_s, BRIEFLY_S))
            reading = station.read(frame, trial.expected, briefly_s if lost[cell] > allowed else None)
            sampler.record_reading(trial, frame, reading)
            lost[cell] += reading.outcome != "exact"
        sampler.step(len(trials))
        if lost[cell] == allowed + 1 and sampler.failed():
            return


def failures_allowed(requirement: Requirement) -> int:
    """Most failures that any rule of a requirement allows in one cell."""
    rules = [clause for clause in requirement.criterion if isinstance(clause, CountClause | WindowClause)]
    return max((rule.failures for rule in rules), default=0)
