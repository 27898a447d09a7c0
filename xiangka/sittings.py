"""Sittings: the stretches of time in which one run was at work, between its start, its interruptions and its end."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from certification.catalogue import Text

FINISHED, INTERRUPTED, KILLED, BENCH_FAILED, SUBJECT = "finished", "interrupted", "killed", "bench failed", "subject"
GOES_ON = (INTERRUPTED, KILLED, BENCH_FAILED)
"""Ends after which a run may go on; the others say the last word on it."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

WHY = {
    INTERRUPTED: Text(zh="被人为中断", en="a person interrupted it"),
    KILLED: Text(zh="被强行终止或断电", en="it was killed, or the power went"),
    BENCH_FAILED: Text(zh="测试台或测试软件故障", en="the bench or the harness failed"),
}


@dataclass(frozen=True)
class Sitting:
    """One sitting.

    Attributes:
        number: from 1.
        started: wall clock of its start, ISO 8601 with zone.
        t_ns: monotonic time of its start, ns; the journal's times of this sitting count from the same clock.
        boot: identifier of the machine's boot, within which monotonic times compare at all; empty where unknown.
        commit: the harness's commit, where it is known.
        ended: wall clock of its end; of a killed one, of its last journal record. None while it goes on.
        why: why it ended.
    """

    number: int
    started: str
    t_ns: int
    boot: str
    commit: str | None
    ended: str | None = None
    why: str | None = None

    @classmethod
    def begin(cls, number: int, commit: str | None) -> Self:
        """A sitting that begins now."""
        boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
        return cls(number, _now(), time.monotonic_ns(), boot, commit)

    def end(self, why: str) -> Sitting:
        """The sitting, ended now."""
        return replace(self, ended=_now(), why=why)

    def killed_at(self, t_ns: int) -> Sitting:
        """The sitting, ended without a word at a monotonic time of its own."""
        ended = datetime.fromisoformat(self.started) + timedelta(microseconds=(t_ns - self.t_ns) / 1000)
        return replace(self, ended=ended.isoformat(timespec="milliseconds"), why=KILLED)

    def pause_s(self, following: Sitting) -> float:
        """How long the run lay still between this sitting and the following one, s."""
        ended = datetime.fromisoformat(self.ended or self.started)
        return max(0.0, (datetime.fromisoformat(following.started) - ended).total_seconds())

    def as_record(self) -> dict[str, Any]:
        """The sitting as it stands in ``run.json``."""
        return asdict(self)


def _now() -> str:
    return datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")


def lasting(seconds: float) -> str:
    """A length of time for people."""
    whole = round(seconds)
    return f"{whole} s" if whole < 600 else f"{whole / 60:.0f} min" if whole < 36_000 else f"{whole / 3600:.1f} h"
