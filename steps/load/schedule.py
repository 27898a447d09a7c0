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
