"""Codes that are no card, and codes made to mislead: other bar codes, malformed, setting and control codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from random import Random

from pytest_bdd import when

from fixtures.keystrokes import control_texts
from fixtures.malformed import malformed_symbols
from fixtures.other_symbols import other_symbols
from reference_impl.wire.errors import PayloadError
from reference_impl.wire.payload import parse
from rigs.optics.stimulus import Stimulus
from rigs.roles import Keyboard
from steps.keyboard import make_sure_it_types
from steps.samples import plain, symbol
from steps.sampling import Sampler, Trial, shortened

RECOVERY_S = 2.0
"""Within which a good code must be read after a malformed one, s."""
CONTROLS = 10
"""Good codes shown among those that must be refused."""
INJECTIONS = 100
"""Setting codes shown, and again as many codes with control sequences where there is a keyboard link."""


@when("the terminal is shown 200 bar codes that are no health card")
@when("向终端出示 200 个非健康卡条码")
def show_other_symbols(sampler: Sampler, chance: Random) -> None:
    """Passing a symbol on is allowed with its symbology in front (AIM identifier); bare text would be a card."""
    total = 200
    kinds = [kind for kind, _ in zip(other_symbols(chance), range(total), strict=False)]
    trials = [Trial(Stimulus((symbol,)), {"symbol": name, "symbology": symbol.kind.value}) for name, symbol in kinds]
    for trial, frame in sampler.prepared(trials):
        if sampler.done % (total // CONTROLS) == 0:
            show_good_code(sampler, chance)
        reading = sampler.run.station.expect_silence(frame, sampler.run.bench.silence_s, trial.expected)
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
            yield Trial(Stimulus((symbol,)), {"family": family}, check=False)
            yield Trial(plain(chance), {"family": "good"})

    frames = sampler.prepared(pairs())
    for bad, bad_frame in frames:
        good, good_frame = next(frames)
        delivered, recovery = sampler.run.station.read_after(
            bad_frame, good_frame, bad.expected, good.expected, sampler.run.bench.silence_s / 2
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
    if settings:
        same = sampler.run.bench.scanner.settings() == settings
        sampler.observe("reboot", "none" if same else "rebooted", detail={"settings": "as before" if same else "lost"})


@when("the terminal is shown setting codes of its vendor while it is not in service mode")
@when("在非维护模式下向终端出示其厂商的设置码")
def show_setting_codes(sampler: Sampler, chance: Random) -> None:
    """A hundred setting codes; the settings are read back after each."""
    planned = 2 * INJECTIONS if _types(sampler) else INJECTIONS
    codes = sampler.run.bench.scanner.configuration_codes
    silence_s = sampler.run.bench.silence_s
    before = sampler.run.bench.scanner.settings()
    trials = [
        Trial(Stimulus((symbol(chance.choice(codes).decode(), chance),)), {"payload": "configuration"})
        for _ in range(INJECTIONS)
    ]
    for trial, frame in sampler.prepared(trials):
        if sampler.done % (INJECTIONS // CONTROLS) == 0:
            show_good_code(sampler, chance)
            before = sampler.run.bench.scanner.settings()
        reading = sampler.run.station.expect_silence(frame, silence_s, trial.expected)
        after = sampler.run.bench.scanner.settings()
        changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
        sampler.observe(
            "configuration",
            "changed" if changed else "unchanged" if before else "cannot_be_read",
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
    if not _types(sampler) or sampler.failed():
        return
    with closing(sampler.run.bench.open_keyboard()) as keyboard:
        make_sure_it_types(sampler, keyboard, chance)
        _read_what_is_typed(sampler, keyboard, chance)


def _read_what_is_typed(sampler: Sampler, keyboard: Keyboard, chance: Random) -> None:
    silence_s = sampler.run.bench.silence_s
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


def show_good_code(sampler: Sampler, chance: Random) -> None:
    """A good card code among the others: a terminal that reads nothing must not pass for one that refuses."""
    for trial, frame in sampler.prepared([Trial(plain(chance), {"payload": "good"})]):
        reading = sampler.run.station.read(frame, trial.expected)
        sampler.observe("control", reading.outcome.value, cell=trial.cell, reading=reading)


def _types(sampler: Sampler) -> bool:
    """Whether the statement says there is a keyboard link."""
    return "keyboard_link" in sampler.run.subject.yes_options


def _is_card(data: bytes) -> bool:
    try:
        parse(data.decode("utf-8"))
    except (PayloadError, UnicodeDecodeError):
        return False
    return True
