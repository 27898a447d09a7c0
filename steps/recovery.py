"""The terminal comes back by itself: after its USB plug was pulled, and after its host has slept."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from pytest_bdd import when

from rigs.errors import RigError
from rigs.optics.frames import Frame
from rigs.roles.usb import Moment, PortName, UsbPort
from steps.samples import plain
from steps.sampling import Sampler, Trial

REPLUGS, SLEEPS = 50, 20
_TURN, _REPLUGS_OF_TURN = 7, 5
"""Replugs and sleeps take turns, so that neither follows only upon itself."""
USABLE_S = 10.0
"""Within which a terminal must be usable again."""
RETRIES = 3
"""How often a terminal that stays away is plugged in anew, to know a dead device from a dead line."""


@dataclass(frozen=True)
class Back:
    """A terminal that is usable again.

    Attributes:
        seconds: from the plug, or the host's waking, to its first exact reading.
        uncertainty_s: by how much that may be wrong, since the bench knows that moment only so well.
        name: what has become of its port's name.
    """

    seconds: float
    uncertainty_s: float
    name: PortName


@when("its USB plug is pulled fifty times and its host sleeps twenty times")
@when("拔插其 USB 五十次，并使主机休眠二十次")
def replug_and_sleep(sampler: Sampler, chance: Random) -> None:
    """After each, the terminal must read a code again within ten seconds, with nobody touching it."""
    usb = sampler.run.bench.usb
    codes = sampler.prepared(Trial(plain(chance)) for _ in itertools.count())
    for number in range(REPLUGS + SLEEPS):
        replug = number % _TURN < _REPLUGS_OF_TURN
        cell: dict[str, str | float] = {"cause": "replug" if replug else "sleep"}
        first = sampler.run.bench.journal.count + 1
        back = _disturbed(sampler, usb, codes, replug=replug)
        journal = (first, sampler.run.bench.journal.count)
        if back is None:
            _make_sure_it_was_the_device(sampler, usb, codes)
            sampler.observe("usb_recovery", "lost", cell=cell, journal=journal)
        else:
            sampler.observe("usb_recovery", "usable", cell=cell, journal=journal)
            sampler.observe(
                "usb_recovery_time",
                round(back.seconds, 3),
                unit="s",
                uncertainty=round(back.uncertainty_s, 3),
                cell=cell,
                journal=journal,
            )
            sampler.observe("port_name", back.name, cell=cell, journal=journal)
        sampler.step(REPLUGS + SLEEPS)
        if sampler.failed():
            return


def _disturbed(sampler: Sampler, usb: UsbPort, codes: Iterator[tuple[Trial, Frame]], *, replug: bool) -> Back | None:
    """Pull and put back the plug, or let the host sleep; None when the terminal stays away."""
    if replug:
        usb.unplug()
        return _usable(sampler, usb, codes, usb.plug(), lost=True)
    usb.suspend()
    return _usable(sampler, usb, codes, usb.resume(), lost=False)


def _usable(
    sampler: Sampler, usb: UsbPort, codes: Iterator[tuple[Trial, Frame]], since: Moment, *, lost: bool
) -> Back | None:
    """Open the port under whatever name it has and read a code, again and again until one is read.

    Args:
        sampler: of the row.
        usb: the plug.
        codes: codes to show.
        since: the moment from which time counts; a terminal is given up only where it was too late in any case.
        lost: whether the port the host had open is gone.
    """
    while time.monotonic() - since.latest_s < USABLE_S:
        port = usb.port()
        if port is None:
            time.sleep(0.02)
            continue
        trial, frame = next(codes)
        try:
            if lost:
                sampler.run.bench.reconnect(port)
            lost = True
            reading = sampler.run.station.read(frame, trial.expected)
        except RigError:
            continue
        lost = False
        if reading.outcome == "exact":
            return Back(*since.seconds_to(time.monotonic()), usb.named(port))
    return None


def _make_sure_it_was_the_device(sampler: Sampler, usb: UsbPort, codes: Iterator[tuple[Trial, Frame]]) -> None:
    """Plug a terminal that stayed away in anew: if it comes back, plug and cable are sound.

    Raises:
        RigError: it does not, so that its cable may as well be broken.
    """
    for _ in range(RETRIES):
        if _disturbed(sampler, usb, codes, replug=True) is not None:
            return
    raise RigError(
        f"the device stays away, plugged in anew {RETRIES} times",
        where="usb",
        remedy="check plug, cable and hub with another device, then run the row again",
    )
