"""The terminal on the bench: showing it codes, holding them, pairing them, waiting for it to stay silent."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from random import Random

import pytest
from pytest_bdd import given, when

from certification.catalogue import Requirement
from fixtures.keystrokes import control_texts
from fixtures.malformed import malformed_symbols
from fixtures.other_symbols import other_symbols
from fixtures.run import Run
from reference_impl.wire.errors import PayloadError
from reference_impl.wire.payload import parse
from rigs.errors import RigError
from rigs.optics.stimulus import Stimulus
from rigs.roles import Keyboard
from steps.samples import plain, symbol
from steps.sampling import Sampler, Trial, shortened

HOLD_S = 10.0
"""How long a code is held in view, s of the device's own clock."""
TWO_CODES_S = 2.0
RECOVERY_S = 2.0
"""Within which a good code must be read after a malformed one, s."""
INJECTIONS = 100
"""Setting codes shown, and again as many codes with control sequences where there is a keyboard link."""


@pytest.fixture
def sampler(run: Run, requirement: Requirement) -> Sampler:
    """Takes the scenario's sample."""
    return Sampler(run, requirement)


@given("a terminal is ready on the bench")
@given("识读终端已在测试台上就绪")
def ready(run: Run) -> None:
    """Show the empty bench, so that nothing of an earlier scenario is in view."""
    run.bench.presenter.clear()


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
def show_campaign(sampler: Sampler, trials: list[Trial]) -> None:
    """A destroyed symbol is shown until silence is certain; the others until they are delivered."""
    silence_s = sampler.run.bench.file.scanner.silence_s
    for trial, frame in sampler.prepared(trials):
        destroyed = trial.cell.get("symbol") == "destroyed"
        if destroyed:
            reading = sampler.run.station.expect_silence(frame, silence_s, trial.expected)
        else:
            reading = sampler.run.station.read(frame, trial.expected)
        sampler.record_reading(trial, frame, reading, silence_is_right=destroyed)
        sampler.step(len(trials))
        if reading.outcome in ("wrong", "stale") and sampler.failed():
            return


@when("the terminal is shown 200 bar codes that are no health card")
@when("向终端出示 200 个非健康卡条码")
def show_other_symbols(sampler: Sampler, chance: Random) -> None:
    """Passing a symbol on is allowed with its symbology in front (AIM identifier); bare text would be a card."""
    total = 200
    kinds = [kind for kind, _ in zip(other_symbols(chance), range(total), strict=False)]
    trials = [Trial(Stimulus((symbol,)), {"symbol": name, "symbology": symbol.kind.value}) for name, symbol in kinds]
    for trial, frame in sampler.prepared(trials):
        reading = sampler.run.station.expect_silence(frame, sampler.run.bench.file.scanner.silence_s, trial.expected)
        bare = [delivery for delivery in reading.deliveries if not delivery.data.startswith(b"]")]
        sampler.observe(
            "other_symbol",
            "as_card" if bare else "passed_on" if reading.deliveries else "refused",
            cell=trial.cell,
            reading=reading,
            detail={"delivered": " | ".join(shortened(d.data) for d in reading.deliveries)},
            picture=sampler.keep(trial, frame, failure=bool(bare)),
        )
        sampler.step(total)
        if bare and sampler.failed():
            return


@when("the terminal is shown ten thousand malformed codes, each followed by a good one")
@when("向终端出示一万个畸形码，每个之后出示一个正常码")
def show_malformed(sampler: Sampler, chance: Random) -> None:
    """Each pair: the malformed code until the device has looked at it, then a good one, timed until delivered."""
    total = planned = 10_000
    families = malformed_symbols(chance)
    settings = sampler.run.bench.scanner.settings()

    def pairs() -> Iterator[Trial]:
        for _ in range(total):
            family, symbol = next(families)
            yield Trial(Stimulus((symbol,)), {"family": family})
            yield Trial(plain(chance), {"family": "good"})

    frames = sampler.prepared(pairs())
    for bad, bad_frame in frames:
        good, good_frame = next(frames)
        delivered, recovery = sampler.run.station.read_after(
            bad_frame, good_frame, bad.expected, good.expected, sampler.run.bench.file.scanner.silence_s / 2
        )
        accepted = [data for data in delivered if data not in good.expected and _is_card(data)]
        late = recovery.outcome != "exact" or recovery.latency_ms > RECOVERY_S * 1000
        failure = bool(accepted) or late
        detail: dict[str, str | float] = {}
        if failure or sampler.done < 6:
            detail = {
                "shown": shortened(bad.expected[0]),
                "delivered": " | ".join(shortened(data) for data in delivered),
                "recovery_ms": round(recovery.latency_ms, 1),
            }
        picture = sampler.keep(bad, bad_frame, failure=failure)
        sampler.observe(
            "malformed",
            "accepted_as_card" if accepted else "refused",
            cell=bad.cell,
            reading=recovery,
            detail=detail,
            picture=picture,
        )
        sampler.observe("recovery", "late" if late else "within_2s", cell=bad.cell, reading=recovery, detail=detail)
        sampler.step(planned)
        if failure and sampler.failed():
            break
    same = sampler.run.bench.scanner.settings() == settings
    sampler.observe("reboot", "none" if same else "rebooted", detail={"settings": "unchanged" if same else "changed"})


@when("the terminal is shown setting codes of its vendor while it is not in service mode")
@when("在非维护模式下向终端出示其厂商的设置码")
def show_setting_codes(sampler: Sampler, chance: Random) -> None:
    """A hundred setting codes; the settings are read back after each."""
    planned = INJECTIONS if _keyboard(sampler) is None else 2 * INJECTIONS
    codes = sampler.run.bench.scanner.configuration_codes
    silence_s = sampler.run.bench.file.scanner.silence_s
    before = sampler.run.bench.scanner.settings()
    trials = [
        Trial(Stimulus((symbol(chance.choice(codes).decode(), chance),)), {"payload": "configuration"})
        for _ in range(INJECTIONS)
    ]
    for trial, frame in sampler.prepared(trials):
        reading = sampler.run.station.expect_silence(frame, silence_s, trial.expected)
        after = sampler.run.bench.scanner.settings()
        changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
        sampler.observe(
            "configuration",
            "changed" if changed else "unchanged",
            cell=trial.cell,
            reading=reading,
            detail={"code": shortened(trial.expected[0]), "changed": ", ".join(changed)},
            picture=sampler.keep(trial, frame, failure=bool(changed)),
        )
        before = after
        sampler.step(planned)
        if changed and sampler.failed():
            return


@when("the terminal is shown codes that carry control sequences")
@when("向终端出示携带控制序列的码")
def show_control_sequences(sampler: Sampler, chance: Random) -> None:
    """A hundred codes; what the keyboard link types is read after each. Without such a link nothing can be typed."""
    keyboard = _keyboard(sampler)
    if keyboard is None or sampler.failed():
        return
    _check_that_it_types(sampler, keyboard, chance)
    silence_s = sampler.run.bench.file.scanner.silence_s
    codes = list(islice(control_texts(chance), INJECTIONS))
    trials = [Trial(Stimulus((symbol(text, chance),)), {"payload": "control"}) for _, text in codes]
    for (form, _), (trial, frame) in zip(codes, sampler.prepared(trials), strict=True):
        reading = sampler.run.station.expect_silence(frame, silence_s, trial.expected)
        typed = keyboard.keystrokes(silence_s)
        if typed.journal is not None:
            reading = replace(reading, journal=(reading.journal[0], max(reading.journal[1], typed.journal[1])))
        sampler.observe(
            "keystroke",
            "chord" if typed.chords else "none",
            cell=trial.cell,
            reading=reading,
            detail={
                "form": form,
                "code": shortened(trial.expected[0]),
                "typed": shortened(typed.text.encode()),
                "chords": ", ".join(typed.chords),
            },
            picture=sampler.keep(trial, frame, failure=bool(typed.chords)),
        )
        sampler.step(2 * INJECTIONS)
        if typed.chords and sampler.failed():
            return


def _keyboard(sampler: Sampler) -> Keyboard | None:
    """The keyboard link, where the statement says there is one."""
    return sampler.run.bench.keyboard if "keyboard_link" in sampler.run.subject.yes_options else None


def _check_that_it_types(sampler: Sampler, keyboard: Keyboard, chance: Random) -> None:
    """A link that types nothing would pass every code, so one good code must arrive on it first."""
    silence_s = sampler.run.bench.file.scanner.silence_s
    keyboard.keystrokes(silence_s)
    for trial, frame in sampler.prepared(Trial(plain(chance)) for _ in range(3)):
        sampler.run.station.read(frame, trial.expected)
        if keyboard.keystrokes(silence_s).text:
            return
    raise RigError(
        "none of three good codes was typed",
        where="keyboard",
        remedy="check that [keyboard] in the bench file is the device under test and that it types what it reads",
    )


def _is_card(data: bytes) -> bool:
    try:
        parse(data.decode("utf-8"))
    except (PayloadError, UnicodeDecodeError):
        return False
    return True
