"""Which load a row offers, as its bench declares rates and lengths."""

from __future__ import annotations

from certification.catalogue import Requirement
from loadtests.plan import Stage, profile, profiles
from rigs.bench_tables.load import LoadTable

USUAL = {
    "EHC-PRF-001": "reference",
    "EHC-PRF-002": "peak",
    "EHC-PRF-003": "overload",
    "EHC-PRF-004": "cards",
    "EHC-PRF-005": "honesty",
    "EHC-PRF-006": "faults",
}
"""The load of each row where the bench has not chosen another that decides it."""
BURST = "burst"
"""Decides no row by itself: whoever chooses it has the honesty of the generator looked at under it."""
AT_A_RATE = ("EHC-PRF-001", "EHC-PRF-004", "EHC-PRF-006")
"""Rows whose rate the catalogue names."""
AT_THE_DECLARED_RATE = ("EHC-PRF-002", "EHC-PRF-005")
"""Rows whose load at its highest is no lower than what the platform is declared to sustain, nor than the least that a
platform may be declared to sustain: that of the reference stack. The overload is relative to the capacity alone."""
DECLARED = ("reference", "province", "soak", "honesty")
"""Loads at the rate a platform is declared to sustain."""


def profile_of(table: LoadTable, requirement: Requirement) -> str:
    """The load of a row: the one the bench chose if it decides the row, else the usual one."""
    chosen = table.profile
    if requirement.id in profiles()[chosen].requirements or (chosen == BURST and requirement.id == "EHC-PRF-005"):
        return chosen
    return USUAL[requirement.id]


def stages_of(table: LoadTable, requirement: Requirement) -> tuple[Stage, ...]:
    """The schedule of a row's load.

    Args:
        table: what the bench declares.
        requirement: any row but that of overload, whose rate has first to be known.
    """
    name = profile_of(table, requirement)
    if name == "peak":
        return profile(name, base=table.base_rate, seconds=table.seconds)
    declared = name in DECLARED or name == table.profile
    return profile(name, rate=table.rate if declared else None, seconds=table.seconds)


def is_shrunk(table: LoadTable, requirement: Requirement) -> bool:
    """Whether a row's load is shorter or lower than the catalogue has it, so that it can show a failure and no more."""
    name = profile_of(table, requirement)
    own = profiles()[name]
    registered_s = sum(stage.seconds for stage, main in zip(own.stages, own.main, strict=True) if main)
    if table.lowered or (table.seconds is not None and table.seconds < registered_s):
        return True
    if requirement.id in AT_A_RATE:
        least = own.rate
    elif requirement.id in AT_THE_DECLARED_RATE:
        least = max(table.rate or 0.0, profiles()["reference"].rate)
    else:
        return False
    return max(stage.rate_to for stage in stages_of(table, requirement)) < least
