"""Power cuts: the supply fails at a random moment, and the terminal has to come back by itself, set up as it was."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from pytest_bdd import when

from rigs.errors import RigError, SilentDeviceError
from rigs.readings import Outcome, Reading
from rigs.roles import Switched
from steps.samples import plain
from steps.sampling import Sampler, Trial

CUTS = 100
PHASES = ("at_rest", "reading", "storing")
WITHIN_S = {"at_rest": 0.2, "reading": 0.15, "storing": 0.08}
"""How long after a phase has begun the supply fails at the latest, s."""
DOWN_S = (0.05, 0.3)
"""How long it stays down, s."""
READY_S = 30.0
FURTHER_CUTS = 2
"""How often a device that did not come back is cut again, to learn whether it is the bench that is dead."""
DRAWN_A = 0.005
"""A device that draws less than this is not fed by the supply, A."""
FOLLOWED_S, EVERY_S = 0.25, 0.005
"""How long the current is followed after the first cut, and how often it is read, s."""
LEFT_SHARE = 0.1
"""Share of its current that a device without supply may still draw."""


@when("its supply is cut a hundred times, at rest, in mid-reading and while a setting is being stored")
@when("在静置、识读过程中和保存设置过程中共断电一百次")
def cut_supply(sampler: Sampler, chance: Random) -> None:
    """One cut more comes first: what it brings back is the configuration that has to survive the others."""
    cuts = PowerCuts(sampler, chance)
    try:
        cuts.first()
        for phase in itertools.islice(itertools.cycle(PHASES), CUTS):
            if sampler.failed():
                return
            cuts.one(phase)
            sampler.step(CUTS)
    finally:
        cuts.put_back()


@dataclass(frozen=True)
class _Currents:
    """What the device drew before a cut, during it, and at the moment the supply came back, A."""

    drawn: float
    left: float
    inrush: float

    def as_detail(self) -> dict[str, float]:
        """The currents as they stand beside an observation, A."""
        return {
            "drawn_a": round(self.drawn, 3),
            "left_a": round(self.left, 3),
            "inrush_a": round(self.inrush, 3),
        }


@dataclass(frozen=True)
class _Back:
    """A device that reads again: the settings it started with, and its first good reading."""

    settings: Mapping[str, str]
    reading: Reading


@dataclass
class PowerCuts:
    """The cuts of one scenario.

    Attributes:
        sampler: records what came of them.
        chance: source of every moment.
    """

    sampler: Sampler
    chance: Random
    _found: Mapping[str, str] = field(default_factory=dict)
    _kept: dict[str, str] = field(default_factory=dict)
    _storing: str | None = None

    def __post_init__(self) -> None:
        bench = self.sampler.run.bench
        keepsake, power = bench.scanner.keepsake, bench.power
        assert keepsake is not None, "the plan leaves out devices whose settings cannot be read"
        assert power is not None, "the plan leaves out benches without a supply"
        self._scanner, self._presenter, self._power, self._keepsake = bench.scanner, bench.presenter, power, keepsake
        self._codes = self.sampler.prepared(self._trials())

    def first(self) -> None:
        """Cut at rest, learn what the device starts with, and store a value in it that no factory gives."""
        back = self._cut_and_see("at_rest", make_sure=True)
        self._found = back.settings
        value = self._another_value()
        if not self._scanner.store(self._keepsake.frames(value)):
            raise RigError(
                "the device does not confirm that it stored a setting",
                where="scanner",
                remedy="check that its settings are not locked",
            )
        in_force = self._scanner.settings()
        if in_force.get(self._keepsake.name) != value:
            raise RigError(
                f"the device answered a command to store {self._keepsake.name} {value}, and has "
                f"{in_force.get(self._keepsake.name, '—')}",
                where="scanner",
                remedy="check that its settings are not locked",
            )
        self._kept = {**(in_force if self._keepsake.stores_all else self._found), self._keepsake.name: value}

    def one(self, phase: str) -> None:
        """Cut in a phase, and compare the settings afterwards."""
        first = self.sampler.run.bench.journal.count + 1
        back = self._cut_and_see(phase)
        changed = [
            f"{name}: {before} → {back.settings.get(name, '—')}"
            for name, before in self._kept.items()
            if back.settings.get(name) != before
            and not (name == self._keepsake.name and back.settings.get(name) == self._storing)
        ]
        self._kept[self._keepsake.name] = back.settings.get(self._keepsake.name, "")
        self.sampler.observe(
            "configuration",
            "lost" if changed else "kept",
            cell={"phase": phase},
            journal=(first, self.sampler.run.bench.journal.count),
            detail={"changed": ", ".join(changed)} if changed else {},
        )

    def put_back(self) -> None:
        """Store what the device was found with, as far as it still answers."""
        if self._found:
            with suppress(RigError):
                self._power.restore()  # a run that was interrupted may have left it down
                self._scanner.reopen()
                self._scanner.store(self._keepsake.back(self._found))
                self._scanner.reopen()

    def _cut_and_see(self, phase: str, *, make_sure: bool = False) -> _Back:
        first = self.sampler.run.bench.journal.count + 1
        drawn = self._current()
        if drawn < DRAWN_A:
            raise self._not_fed(f"the device draws {drawn:g} A from the supply that is to be cut")
        self._begin(phase)
        self._power.cut()
        left = self._current()
        if left > LEFT_SHARE * drawn:
            raise self._not_fed(f"{left:g} A of {drawn:g} A still flow while the supply is cut")
        if make_sure and self._scanner.answers():
            raise self._not_fed("the device still answers while its supply is cut")
        self._presenter.clear()
        time.sleep(self.chance.uniform(*DOWN_S))
        up = self._power.restore()
        currents = _Currents(drawn, left, self._current())
        if make_sure:
            self._follow_current(up)
        while self._scanner.delivery(0) is not None:
            pass
        back, further = self._recovered(up)
        if back is None:
            self._record_absence(phase, first, currents)
            raise self._scanner.silent()
        self._record(phase, (first, back.reading.journal[1]), up, back, further, currents)
        return back

    def _begin(self, phase: str) -> None:
        """Bring the device into a phase, and wait for the moment of the cut.

        A device that reads is looking all the time; its code comes into view at a moment of its own, or too late.
        """
        self._storing = None
        moment = self.chance.uniform(0, WITHIN_S[phase])
        if phase == "storing":
            self._storing = self._another_value()
            self._scanner.begin_storing(self._keepsake.frames(self._storing))
        elif phase == "reading":
            _, frame = next(self._codes)
            comes = self.chance.uniform(0, WITHIN_S[phase])
            self._scanner.arm()
            if comes < moment:
                time.sleep(comes)
                self._presenter.show(frame)
                moment -= comes
        time.sleep(moment)

    def _recovered(self, up: Switched) -> tuple[_Back | None, int]:
        """The device as it came back, None where it never did, and how many further cuts were made."""
        back = self._comes_back(up.t_ns / 1e9 + READY_S)
        further = 0
        while back is None and further < FURTHER_CUTS:
            further += 1
            self._power.cycle()
            back = self._comes_back(time.monotonic() + READY_S)
        return back, further

    def _comes_back(self, deadline: float) -> _Back | None:
        settings: Mapping[str, str] | None = None
        while time.monotonic() < deadline:
            with suppress(SilentDeviceError):
                if not self._scanner.answers():
                    continue
                settings = settings or self._scanner.settings()
                self._scanner.reopen()
                trial, frame = next(self._codes)
                reading = self.sampler.run.station.read(frame, trial.expected)
                if reading.outcome is Outcome.EXACT:
                    return _Back(settings, reading)
        return None

    def _record_absence(self, phase: str, first: int, currents: _Currents) -> None:
        """Keep what the supply saw of a device that never came back, under a measure that no clause judges.

        A dead device and a dead data lead look the same from here, so it is for a person to tell whose fault that is.
        """
        detail: dict[str, str | float] = {**currents.as_detail(), "now_a": round(self._current(), 3)}
        journal = (first, self.sampler.run.bench.journal.count)
        self.sampler.observe("power_absence", "never", cell={"phase": phase}, journal=journal, detail=detail)

    def _record(
        self, phase: str, journal: tuple[int, int], up: Switched, back: _Back, further: int, currents: _Currents
    ) -> None:
        read_ns = back.reading.deliveries[0].last_ns
        seconds = (read_ns - up.t_ns) / 1e9
        detail: dict[str, str | float] = {**currents.as_detail(), "ready_s": round(seconds, 3)}
        value = "after_another_cut" if further else "unattended"
        self.sampler.observe("power_recovery", value, cell={"phase": phase}, journal=journal, detail=detail)
        self.sampler.observe(
            "power_recovery_time",
            round(seconds, 4),
            unit="s",
            uncertainty=round(up.uncertainty_s + self._scanner.uncertainty_ms / 1000, 4),
            cell={"phase": phase},
            journal=journal,
            detail=detail,
        )

    def _follow_current(self, up: Switched) -> None:
        """Record the current while the device starts: the report draws it."""
        while (after_s := time.monotonic() - up.t_ns / 1e9) < FOLLOWED_S:
            current = self._current()
            self.sampler.observe("supply_current", current, unit="A", cell={"after_ms": round(1000 * after_s, 2)})
            time.sleep(EVERY_S)

    def _current(self) -> float:
        current_a = self._power.current_a()
        assert current_a is not None, "the plan leaves out supplies that measure no current"
        return current_a

    def _not_fed(self, what: str) -> RigError:
        return RigError(what, where="power", remedy="feed the device from this supply alone, its USB lead included")

    def _another_value(self) -> str:
        before = self._kept.get(self._keepsake.name) or self._found.get(self._keepsake.name)
        return self.chance.choice([value for value in self._keepsake.values if value != before])

    def _trials(self) -> Iterator[Trial]:
        while True:
            yield Trial(plain(self.chance))
