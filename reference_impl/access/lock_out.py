"""Lock-out: who tries too many things that are not there is not heard for a while.

Wrong tries are counted in a window that begins with the first of them. Before a request is authentic only its address
is sure, so a wrong digest never counts against the application it names. What an authentic application tries counts
against that application at that address, so that one kiosk shown forged codes does not silence a hospital; only ten
times as many count against the application everywhere. All numbers are this project's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reference_impl.access.rate_limit import Monotonic, Wait
from reference_impl.refusals import (
    BAD_DIGEST,
    FORGED_CODE,
    IDENTITY_MISMATCH,
    LOCKED_OUT,
    NAME_REFUSED,
    UNKNOWN_APP,
    UNKNOWN_CARD,
    UNKNOWN_NUMBER,
    UNKNOWN_PERSON,
    Outcome,
)

WINDOW_S = 60.0
SHARE = 20
"""Locked is only whose wrong tries are at least one in this many, since busy and honest callers err now and then …"""
FLAT = 10
"""… unless there are this many times the limit: then no number of right ones in between helps."""
EVERYWHERE = 10
"""How many times more an application may try wrong at all its addresses together than at one."""
FIRST_LOCK_S = 60.0
LONGEST_LOCK_S = 3600.0
REMEMBERED_S = 6 * 3600.0
"""A lock lasts twice as long as the one before it, unless that one ended this long ago."""
MAX_CALLERS = 65_536
"""Callers remembered with wrong tries, and as many with locks; beyond that the longest remembered is forgotten."""

UNAUTHENTIC = frozenset({UNKNOWN_APP.code, BAD_DIGEST.code})
"""Wrong tries of an address."""

GUESSES = frozenset(
    outcome.code
    for outcome in (
        FORGED_CODE,
        UNKNOWN_CARD,
        UNKNOWN_NUMBER,
        UNKNOWN_PERSON,
        NAME_REFUSED,
        IDENTITY_MISMATCH,
    )
)
"""Wrong tries of an application: each is what guessing a code, a card or a person mostly earns."""


# Words and not an enumeration: these are hashed with every request, and the hash of an enumeration's member is slow.
ADDRESS: Final = "address"
APP_AT_ADDRESS: Final = "app_at_address"
APP: Final = "app"

Caller = tuple[str, str, str]
"""What is counted and locked: one of the three words above, address or "", application or ""."""


@dataclass(frozen=True)
class Lock:
    """A lock that just began, on an address, an application, or one at the other; it lasts ``seconds``."""

    scale: str
    address: str
    app_id: str
    seconds: float


@dataclass(slots=True)
class _Window:
    began: float
    wrong: int = 0
    right: int = 0


@dataclass(slots=True)
class _Held:
    until: float
    seconds: float


class LockOut:
    """Locks of one process.

    Args:
        wrong: wrong tries within ``WINDOW_S`` that lock, more than 0.
        clock: seconds that never go back.
        on_lock: told of every lock that begins.
    """

    def __init__(self, wrong: int, clock: Monotonic, on_lock: Callable[[Lock], None]) -> None:
        self._wrong = wrong
        self._clock = clock
        self._on_lock = on_lock
        self._windows: dict[Caller, _Window] = {}
        self._locks: dict[Caller, _Held] = {}

    @property
    def remembered(self) -> int:
        """How many callers are held in memory."""
        return len(self._windows) + len(self._locks)

    def locked_address(self, address: str) -> Wait | None:
        """Return how long an address is not heard, None if it is."""
        return self._locked((ADDRESS, address, "")) if self._locks else None

    def locked(self, address: str, app_id: str) -> Wait | None:
        """Return how long an authentic application is not heard at an address, None if it is."""
        if not self._locks:
            return None
        return self._locked((APP_AT_ADDRESS, address, app_id)) or self._locked((APP, "", app_id))

    def told(self, address: str, app_id: str, outcome: Outcome) -> None:
        """Count what a request was answered; ``app_id`` is "" where none was proved."""
        code = outcome.code
        if not app_id:
            if code in UNAUTHENTIC:
                self._count_wrong((ADDRESS, address, ""), self._wrong)
        elif code in GUESSES:
            self._count_wrong((APP_AT_ADDRESS, address, app_id), self._wrong)
            self._count_wrong((APP, "", app_id), self._wrong * EVERYWHERE)
        elif self._windows:
            self._count_right((APP_AT_ADDRESS, address, app_id))
            self._count_right((APP, "", app_id))
        if app_id and self._windows:
            self._count_right((ADDRESS, address, ""))

    def _locked(self, caller: Caller) -> Wait | None:
        held = self._locks.get(caller)
        seconds = held.until - self._clock() if held else 0.0
        return Wait(LOCKED_OUT, seconds) if seconds > 0 else None

    def _count_right(self, caller: Caller) -> None:
        window = self._windows.get(caller)
        if window:
            window.right += 1

    def _count_wrong(self, caller: Caller, limit: int) -> None:
        now = self._clock()
        held = self._locks.get(caller)
        if held and now < held.until:
            # Under way when the lock began: it must not lock again.
            return
        window = self._windows.get(caller)
        if window is None or now - window.began >= WINDOW_S:
            # Begun anew it stands at the end: those that began first stand first and are forgotten first.
            self._windows.pop(caller, None)
            window = self._windows[caller] = _Window(now)
            _keep(self._windows, MAX_CALLERS)
        window.wrong += 1
        tries = window.wrong + window.right
        if window.wrong >= limit and (window.wrong * SHARE >= tries or window.wrong >= limit * FLAT):
            del self._windows[caller]
            self._lock(caller, now)

    def _lock(self, caller: Caller, now: float) -> None:
        before = self._locks.pop(caller, None)
        repeated = before is not None and now - before.until < REMEMBERED_S
        seconds = min(before.seconds * 2, LONGEST_LOCK_S) if before and repeated else FIRST_LOCK_S
        self._locks[caller] = _Held(now + seconds, seconds)
        _keep(self._locks, MAX_CALLERS)
        self._on_lock(Lock(*caller, seconds))


def _keep(remembered: dict[Caller, _Window] | dict[Caller, _Held], most: int) -> None:
    if len(remembered) > most:
        del remembered[next(iter(remembered))]
