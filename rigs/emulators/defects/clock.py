"""Faults of a terminal that checks codes by a clock of its own."""

from __future__ import annotations

import math

from rigs.emulators.code_check import CheckRules, Told
from rigs.emulators.defects.defect import Defect


class IgnoresClockSkew(CheckRules):
    """Never compares its clock with the platform's."""

    skew_limit_s = math.inf


class HidesClockError(CheckRules):
    """Shows the window nothing where it ought to say that its clock is wrong."""

    def clock_wrong(self) -> Told:
        return Told("nothing")


class AcceptsWithoutPlatform(CheckRules):
    """Lets a patient through when the platform's answer is of no use to it."""

    def clock_wrong(self) -> Told:
        return Told("accepted")


DEFECTS = (
    Defect(
        "ignores-clock-skew",
        ("EHC-TRM-032",),
        "不比较自身时钟与平台时钟",
        "never compares its clock with the platform's",
        IgnoresClockSkew,
    ),
    Defect(
        "hides-clock-error",
        ("EHC-TRM-032",),
        "时钟有误时不给出提示",
        "says nothing when its clock is wrong",
        HidesClockError,
    ),
    Defect(
        "accepts-without-platform",
        ("EHC-TRM-032",),
        "平台应答不可用时自行放行",
        "accepts a code by itself when the platform's answer is of no use to it",
        AcceptsWithoutPlatform,
    ),
)
