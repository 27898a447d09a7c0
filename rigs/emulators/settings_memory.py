"""What an emulated device keeps of its settings without supply, and what a cut in the middle of a write does to it."""

from __future__ import annotations

import copy
import threading
from typing import Generic, TypeVar

from rigs.emulators.behaviour import Behaviour

Table = TypeVar("Table")

WRITE_S = 0.04
"""How long a write to the memory takes: erasing and programming a small page of flash, s."""


class SettingsMemory(Generic[Table]):
    """Non-volatile settings. Written by the thread that obeys the host, cut off by the one that follows the supply.

    Args:
        factory: the settings a new device has, and falls back to when its memory is damaged.
        behaviour: how the device behaves.
    """

    def __init__(self, factory: Table, behaviour: Behaviour) -> None:
        self._factory = copy.copy(factory)
        self._kept = copy.copy(factory)
        self._behaviour = behaviour
        self._cut = threading.Event()
        self._writing = threading.Lock()

    def write(self, table: Table) -> bool:
        """Keep these settings from now on; False where the supply fails before they are written.

        A sound device then has its old settings: they are given up only once the new ones are whole.
        """
        with self._writing:
            if self._cut.wait(WRITE_S):
                if not self._behaviour.survives_torn_writes:
                    self._kept = copy.copy(self._factory)
                return False
            self._kept = copy.copy(table)
            return True

    def power(self, on: bool) -> None:
        """Cut or restore the supply."""
        if not on:
            self._cut.set()
            return
        with self._writing:
            if not self._behaviour.keeps_settings_without_supply:
                self._kept = copy.copy(self._factory)
            self._cut.clear()

    def read(self) -> Table:
        """The settings kept."""
        return copy.copy(self._kept)
