"""How far the clocks of a bench are from that of the harness: its machine against UTC, the platform, the device.

Nothing here decides a verdict, so a clock that cannot be asked is told as such and raises nothing.
"""

from __future__ import annotations

import ctypes
import http.client
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Protocol

from rigs.errors import RigError, SubjectFaultError
from rigs.journal import Journal
from rigs.platform_link import CHANNEL, PlatformLink
from rigs.roles import ApiAnswer

PATIENCE_S = 3.0
_UNSYNCHRONISED, _NANOSECONDS = 0x0040, 0x2000
"""STA_UNSYNC and STA_NANO of ``adjtimex(2)``."""
_STALE_S = 1.0
"""How old a server may let its ``Date`` become; many write it once a second."""


class How(StrEnum):
    """How a clock was compared, or why it was not."""

    KERNEL = "kernel"
    """The kernel's estimate of a clock that is disciplined by NTP or PTP."""
    UNSYNCHRONISED = "unsynchronised"
    """Nothing disciplines the machine's clock, so nobody knows how far it is off."""
    OWN_INTERFACE = "own interface"
    """The platform told its time when asked for it."""
    HTTP_DATE = "http date"
    """The ``Date`` of an answer (RFC 9110 §6.6.1), in whole seconds."""
    NO_ANSWER = "no answer"
    NOT_TOLD = "not told"
    """There is no way to ask."""


@dataclass(frozen=True)
class ClockOffset:
    """One comparison.

    Attributes:
        of: ``host``, ``platform`` or ``device``.
        offset_s: how far it was ahead, s: the host's of UTC, any other of the host's; None where nobody knows.
        uncertainty_s: half the width of the interval that holds the offset for certain, s.
        how: how it was compared.
    """

    of: str
    offset_s: float | None
    uncertainty_s: float | None
    how: How


class TellsTime(Protocol):
    """The platform's own interface, as far as it is asked for the time."""

    def tell(self, method: str, path: str) -> ApiAnswer:
        """One request that must succeed."""


class _Timeval(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("fraction", ctypes.c_long))


class _Timex(ctypes.Structure):
    """``struct timex`` of Linux, as ``adjtimex(2)`` describes it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Timeval),
        ("rest", ctypes.c_long * 30),
    )


def host_clock() -> ClockOffset:
    """This machine's clock against UTC, as its kernel estimates it."""
    state = _Timex()
    if _read(state) < 0:
        return ClockOffset("host", None, None, How.NOT_TOLD)
    if state.status & _UNSYNCHRONISED:
        return ClockOffset("host", None, None, How.UNSYNCHRONISED)
    unit = 1e-9 if state.status & _NANOSECONDS else 1e-6
    # What is still to be slewed is added to the clock, so the clock is behind by it.
    return ClockOffset("host", -state.offset * unit, state.maxerror * 1e-6, How.KERNEL)


def _read(state: _Timex) -> int:
    try:
        return int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(state)))
    except (OSError, AttributeError):
        return -1


def turned_clock(api: TellsTime, path: str) -> ClockOffset:
    """A platform's clock by an interface that tells it in ms.

    Args:
        api: the platform's own interface.
        path: where it tells the time.
    """
    began = time.time()
    try:
        now_s = int(api.tell("GET", path).content["now_ms"]) / 1000
    except (RigError, SubjectFaultError, KeyError, TypeError, ValueError):
        return ClockOffset("platform", None, None, How.NO_ANSWER)
    ended = time.time()
    return ClockOffset("platform", now_s - (began + ended) / 2, (ended - began) / 2 + 0.001, How.OWN_INTERFACE)


def dated_clock(link: PlatformLink, journal: Journal) -> ClockOffset:
    """A platform's clock by the ``Date`` of its answer to a request that needs no credentials."""
    connection = link.connection()
    connection.timeout = PATIENCE_S
    began = time.time()
    try:
        connection.request("GET", f"{link.base}/health")
        answer = connection.getresponse()
        ended = time.time()
        answer.read()
        dated = answer.getheader("Date")
    except (OSError, http.client.HTTPException):
        journal.event(CHANNEL, "clock asked", date=None)
        return ClockOffset("platform", None, None, How.NO_ANSWER)
    finally:
        connection.close()
    journal.event(CHANNEL, "clock asked", date=dated)
    try:
        told = parsedate_to_datetime(dated or "").timestamp()
    except ValueError:
        return ClockOffset("platform", None, None, How.NOT_TOLD)
    low, high = told - ended, told + 1.0 + _STALE_S - began
    return ClockOffset("platform", (low + high) / 2, (high - low) / 2, How.HTTP_DATE)
