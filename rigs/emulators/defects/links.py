"""Faults on the links to the host."""

from __future__ import annotations

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.defects.defect import Defect


class SwallowsSplitCommands(Behaviour):
    takes_split_commands = False


DEFECTS = (
    Defect(
        "swallows-split-commands",
        ("EHC-TRM-017",),
        "分段到达的命令丢失",
        "loses commands that arrive in pieces",
        SwallowsSplitCommands,
    ),
)
