"""Cuts the power of a platform in mid-load, and gives it back at once."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from random import Random

from rigs.roles import PlatformHost
from rigs.roles.load import LiveSecond

MOST_CUTS, EVERY_S = 5, 10.0


@dataclass
class Outages:
    """Power cuts at drawn moments of one load.

    Attributes:
        host: the platform's machine.
        moments: seconds since the load began, ascending; each strikes somewhere in the second that follows.
        chance: draws where in that second.
        starts_s: how long each start took.
    """

    host: PlatformHost
    moments: list[float]
    chance: Random
    starts_s: list[float] = field(default_factory=list)

    def watch(self, second: LiveSecond) -> bool:
        """Told of every second of the load; always lets it go on.

        Raises:
            SubjectFaultError: the platform does not come back.
        """
        if self.moments and second.t >= self.moments[0]:
            self.moments.pop(0)
            time.sleep(self.chance.random())
            self.host.kill()
            self.starts_s.append(self.host.start())
        return True


def cut_moments(seconds: float, chance: Random) -> list[float]:
    """When to cut the power in a load of this length: apart from each other, and none at its very end."""
    number = max(1, min(MOST_CUTS, int(seconds / EVERY_S)))
    span = 0.8 * seconds / number
    return [span * (place + chance.uniform(0.3, 0.8)) for place in range(number)]
