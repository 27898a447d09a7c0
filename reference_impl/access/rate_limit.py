"""Quotas: how many requests a second an application, a terminal and an address may make.

Every caller has a bucket of its own, so one who asks too much takes nothing from another. An address is counted before
a request is read, for reading costs as much as answering; application and terminal are counted once the request proved
to be theirs, and a request that either refuses is taken from neither. The numbers are this project's.

A bucket is one number, the time up to which its caller has asked ahead (the generic cell rate algorithm of ITU-T
I.371): a time that lies in the past is no different from no bucket at all, which is what makes forgetting cheap.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from reference_impl.refusals import RATE_LIMITED, Outcome

Monotonic = Callable[[], float]
"""Returns seconds that never go back, like ``time.monotonic``."""

BURST_S = 0.25
"""How much of a second's quota may come at once; two requests always may, or an uneven rhythm would cost its half."""

MAX_BUCKETS = 65_536
"""Callers remembered by one limit; with more than that at once the longest idle are forgiven first."""

NAME_CHARACTERS = 64
"""Of a terminal's name that many characters count: no enrolled one is longer, and others must not fill the memory."""


class Wait(NamedTuple):
    """Not now: why, and in how many seconds to ask again."""

    outcome: Outcome
    seconds: float

    @property
    def retry_after(self) -> str:
        """The value of the HTTP field ``Retry-After``: whole seconds, at least 1."""
        return str(max(1, math.ceil(self.seconds)))


@dataclass(frozen=True)
class Quotas:
    """Requests a second for each application, terminal and address, and wrong tries a minute; 0 sets no limit."""

    app: float = 2000
    terminal: float = 400
    address: float = 2000
    wrong: int = 60

    def __post_init__(self) -> None:
        if not all(math.isfinite(quota) and quota >= 0 for quota in vars(self).values()):
            raise ValueError("a quota is a number from 0 on")


class Limit:
    """One limit on many callers.

    Args:
        per_second: requests a second each caller may make, more than 0.
        max_buckets: callers remembered in each of two generations.
    """

    def __init__(self, per_second: float, max_buckets: int = MAX_BUCKETS) -> None:
        self.step = 1 / per_second
        # Times are sums of steps: what they lose in rounding must not refuse the request that comes exactly on time.
        self.ahead = max(BURST_S - self.step, self.step) + self.step * 1e-6
        self._generation_s = self.ahead + self.step
        self._max_buckets = max_buckets
        self._young: dict[str, float] = {}
        self._old: dict[str, float] = {}
        self._turn_at = -math.inf

    @property
    def remembered(self) -> int:
        """How many callers are held in memory."""
        return len(self._young) + len(self._old)

    def asked_until(self, caller: str, now: float) -> float:
        """Return the time up to which a caller has asked ahead, at least now."""
        until = self._young.get(caller) or self._old.get(caller)
        return until if until is not None and until > now else now

    def count(self, caller: str, asked_until: float, now: float) -> None:
        """Count one more request of a caller that has asked ahead up to ``asked_until``."""
        young = self._young
        if now >= self._turn_at or len(young) >= self._max_buckets:
            # Whatever was not touched for a generation lies in the past by now.
            self._old, self._young, self._turn_at = young, {}, now + self._generation_s
            young = self._young
        young[caller] = asked_until + self.step


class RateLimits:
    """The three limits of a process.

    Args:
        quotas: how much is too much.
        clock: seconds that never go back.
    """

    def __init__(self, quotas: Quotas, clock: Monotonic) -> None:
        self.quotas = quotas
        self._clock = clock
        self._address = Limit(quotas.address) if quotas.address else None
        self._app = Limit(quotas.app) if quotas.app else None
        self._terminal = Limit(quotas.terminal) if quotas.terminal else None

    def admit_address(self, address: str) -> Wait | None:
        """Count one request of an address; return how long it must wait, None if it is let in."""
        limit = self._address
        if limit is None:
            return None
        now = self._clock()
        until = limit.asked_until(address, now)
        if until - now > limit.ahead:
            return Wait(RATE_LIMITED, until - now - limit.ahead)
        limit.count(address, until, now)
        return None

    def admit(self, app_id: str, term_id: str) -> Wait | None:
        """Count one authentic request of a terminal of an application, unless either must wait."""
        now = self._clock()
        app, terminal = self._app, self._terminal
        app_until = now
        if app:
            app_until = app.asked_until(app_id, now)
            if app_until - now > app.ahead:
                return Wait(RATE_LIMITED, app_until - now - app.ahead)
        if terminal:
            device = f"{app_id}/{term_id[:NAME_CHARACTERS]}"
            device_until = terminal.asked_until(device, now)
            if device_until - now > terminal.ahead:
                return Wait(RATE_LIMITED, device_until - now - terminal.ahead)
            terminal.count(device, device_until, now)
        if app:
            app.count(app_id, app_until, now)
        return None
