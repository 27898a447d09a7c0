"""Cuts the power of a platform in mid-load, and gives it back at once."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from random import Random

from rigs.errors import RigError
from rigs.roles import PlatformHost
from rigs.roles.load import LiveSecond

MOST_CUTS, EVERY_S = 5, 10.0


@dataclass
class Outages:
    """Power cuts at drawn moments of one load.

    What is heard of the load waits while the platform starts, so that it is told late; the moment of a cut goes by the
    clock. Moments that have passed when a platform is there again are one cut: it would meet nobody twice.

    Attributes:
        host: the platform's machine.
        moments: seconds since the load began, ascending; each strikes somewhere in the second that follows.
        chance: draws where in that second.
        seconds: how long the load lasts.
        cuts: Unix time of each that struck, and how long the start after it took, seconds.
    """

    host: PlatformHost
    moments: list[float]
    chance: Random
    seconds: float
    cuts: list[tuple[float, float]] = field(default_factory=list)
    _begun: float = math.inf
    """No later than this: what is told may be told late, never early."""

    def watch(self, second: LiveSecond) -> bool:
        """Told of every second of the load; always lets it go on.

        Raises:
            SubjectFaultError: the platform does not come back.
        """
        self._begun = min(self._begun, time.time() - second.t)
        passed = time.time() - self._begun
        if self.moments and self.moments[0] <= passed < self.seconds:
            while self.moments and self.moments[0] <= passed:
                self.moments.pop(0)
            time.sleep(self.chance.random())
            struck = time.time()
            self.host.kill()
            self.cuts.append((struck, self.host.start()))
        return True

    def starts_within(self, begun: float, seconds: float) -> list[float]:
        """How long the starts took after cuts that struck while the load was under way: no others count.

        Args:
            begun: Unix time of the first moment of the load.
            seconds: how long it went on.

        Raises:
            RigError: there was none.
        """
        found = [took for struck, took in self.cuts if begun <= struck < begun + seconds]
        if not found:
            raise RigError(
                "no power cut struck while the load was under way",
                where="load",
                remedy="give [load] more `seconds`, or none, and the machine less to do",
            )
        return found


def cut_moments(seconds: float, chance: Random) -> list[float]:
    """When to cut the power in a load of this length: apart from each other, and none at its very end."""
    number = max(1, min(MOST_CUTS, int(seconds / EVERY_S)))
    span = 0.8 * seconds / number
    return [span * (place + chance.uniform(0.3, 0.8)) for place in range(number)]
