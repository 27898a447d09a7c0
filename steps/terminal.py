"""The terminal on the bench: showing it codes, holding them, pairing them, waiting for it to stay silent."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from random import Random

import pytest
from pytest_bdd import given, when

from certification.catalogue import Requirement
from fixtures.run import Run
from rigs.roles.stage import USUAL
from steps.sampling import Sampler, Trial, registered_stages

HOLD_S = 10.0
"""How long a code is held in view, s of the device's own clock."""
TWO_CODES_S = 2.0


@pytest.fixture
def sampler(run: Run, requirement: Requirement) -> Sampler:
    """Takes the scenario's sample."""
    return Sampler(run, requirement)


@given("a terminal is ready on the bench")
@given("识读终端已在测试台上就绪")
def ready(run: Run) -> None:
    """Show the empty bench, its stage as usual, so that nothing of an earlier scenario is in view or in force."""
    run.bench.presenter.clear()
    if run.bench.file.stage is not None:
        run.bench.stage.arrange(USUAL)


@when("the terminal is shown each code of the sample")
@when("向终端逐一出示样本中的码")
def show_each(sampler: Sampler, trials: Iterable[Trial]) -> None:
    """The whole sample, stopping early only when nothing could mend the criterion."""
    sampler.read_all(trials)


@when("the terminal is shown codes until the registered sample decides")
@when("向终端逐一出示码，直至按登记的样本量得出结论")
def show_until_decided(sampler: Sampler, trials: Iterator[Trial]) -> None:
    """Stage by stage, as registered before the run."""
    sampler.read_until_decided(trials)


@when("the terminal is shown each code after a pause of random length")
@when("以随机间隔向终端逐一出示码")
def show_after_pauses(sampler: Sampler, trials: list[Trial], chance: Random) -> None:
    """Short pauses spread the codes over the device's frame period; every fifth is as long as a patient takes."""

    def paced() -> Iterator[Trial]:
        for number, trial in enumerate(trials):
            time.sleep(0.25 if number % 5 == 4 else chance.uniform(0, 0.03))
            yield trial

    sampler.read_each_with_latency(paced())


@when("each code is held in view for ten seconds, and each pair for two")
@when("每个码在视野内停留十秒，每对码停留两秒")
def hold_each(sampler: Sampler, trials: list[Trial]) -> None:
    """Deliveries are counted; on an emulated device the seconds are those of its own, faster clock."""
    for trial, frame in sampler.prepared(trials):
        pair = len(trial.expected) > 1
        reading = sampler.run.station.hold(frame, TWO_CODES_S if pair else HOLD_S, trial.expected)
        count = len(reading.deliveries)
        value = ("none", "one")[count] if count < 2 else "many"
        sampler.observe(
            "deliveries",
            value,
            cell=trial.cell,
            reading=reading,
            detail={"deliveries": count, "clock_factor": sampler.run.bench.scanner.time_scale},
            picture=sampler.keep(trial, frame, failure=count > 1 or (count == 0 and not pair)),
        )
        sampler.step(len(trials))
        if sampler.failed():
            return


@when("the terminal is shown valid codes, neighbours and destroyed symbols")
@when("向终端出示有效码、相邻码和毁坏的码")
def show_campaign(sampler: Sampler, trials: Iterator[Trial]) -> None:
    """Until enough valid codes were delivered: a device that reads little is shown more, at most twice as many.

    A destroyed symbol is shown until silence is certain; the others until they are delivered.
    """
    silence_s = sampler.run.bench.silence_s
    wanted = registered_stages(sampler.requirement)[-1]
    delivered = 0
    for trial, frame in sampler.prepared(islice(trials, 2 * wanted)):
        destroyed = trial.cell.get("symbol") == "destroyed"
        if destroyed:
            reading = sampler.run.station.expect_silence(frame, silence_s, trial.expected)
        else:
            reading = sampler.run.station.read(frame, trial.expected)
        sampler.record_reading(trial, frame, reading, silence_is_right=destroyed)
        sampler.step(wanted + 1000)
        delivered += trial.cell["campaign"] == "valid" and reading.outcome != "no_read"
        if delivered == wanted or (reading.outcome in ("wrong", "stale") and sampler.failed()):
            return
