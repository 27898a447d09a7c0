"""What an emulated device does on its network link of its own accord. A sound one does nothing."""

from __future__ import annotations

import threading


class NetworkHabits:
    """The habits of a sound device."""

    def each_hour(self, hour: int) -> None:
        """Called in the middle of each hour of the device's clock, counted from 1."""


def live_by(habits: NetworkHabits, hour_s: float, stopping: threading.Event) -> None:
    """Let a device have its habits until it is stopped.

    Args:
        habits: what it does.
        hour_s: how long an hour of its clock lasts, s.
        stopping: set when it ends.
    """

    def live() -> None:
        hour = 0
        while not stopping.wait(hour_s / 2 if hour == 0 else hour_s):
            hour += 1
            habits.each_hour(hour)

    threading.Thread(target=live, name="network-habits", daemon=True).start()
