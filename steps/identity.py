"""The terminal's identity: complete, as filed, and the same from the first reading to the last."""

from __future__ import annotations

import time

from pytest_bdd import then, when

from certification.subject import IDENTITY_FIELDS
from steps.samples import plain
from steps.sampling import Sampler, Trial

LONG_OUTAGE_S = 3.0
"""How long the supply is down: longer than anything but stored settings survives, s."""


@when("the terminal is asked who it is")
@when("读取终端的身份信息")
def ask_identity(sampler: Sampler) -> None:
    """Each of the five fields must be told by the device or stand on its label."""
    declared = sampler.run.subject.identity
    for name in IDENTITY_FIELDS:
        found = getattr(sampler.run.identity, name)
        sampler.observe(
            "identity",
            "conforms" if found == getattr(declared, name) else "missing" if found is None else "differs",
            cell={"field": name},
            detail={"declared": getattr(declared, name), "found": found or "—"},
        )
        sampler.step(len(IDENTITY_FIELDS))


@then("the digest of its firmware is on record")
@then("固件摘要已记录在案")
def firmware_digest(sampler: Sampler) -> None:
    """A subject file is refused without one, so it only has to be copied into the evidence."""
    sampler.observe("firmware_sha256", sampler.run.subject.identity.firmware_sha256 or "missing")


@when("its identity is read again, after a power cycle, and after a hundred readings")
@when("再次读取身份信息，断电重启后读取，识读一百次后读取")
def identity_again(sampler: Sampler) -> None:
    """Without a supply on the bench the power cycle is left out, and said to be."""
    run = sampler.run
    _check(sampler, "at rest")
    power = run.bench.power
    if power is None:
        _check(sampler, "no supply on this bench: not cycled")
    else:
        power.cut()
        time.sleep(LONG_OUTAGE_S)
        power.restore()
        run.bench.scanner.reopen()
        _check(sampler, "after a power cycle")
    chance = run.random("identity")
    for trial, frame in sampler.prepared(Trial(plain(chance)) for _ in range(100)):
        run.station.read(frame, trial.expected)
    _check(sampler, "after a hundred readings")


def _check(sampler: Sampler, moment: str) -> None:
    first = sampler.run.bench.journal.count + 1
    same = sampler.run.check_identity()
    sampler.observe(
        "identity_check",
        "unchanged" if same else "changed",
        cell={"moment": moment},
        journal=(first, sampler.run.bench.journal.count),
        detail={"moment": moment},
    )
    sampler.step(3)
