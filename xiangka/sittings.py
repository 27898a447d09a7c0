"""Sittings: the stretches of time in which one run was at work, between its start, its interruptions and its end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from certification.catalogue import Text

FINISHED, INTERRUPTED, KILLED, BENCH_FAILED, SUBJECT = "finished", "interrupted", "killed", "bench failed", "subject"
GOES_ON = (INTERRUPTED, KILLED, BENCH_FAILED)
"""Ends after which a run may go on; the others say the last word on it."""
CLOCK_TOLERANCE_S = 1.0
"""What a clock that is slewed, and a start told to the millisecond, may differ by."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

WHY = {
    FINISHED: Text(zh="报告或清单未能写成", en="its report or its manifest could not be written"),
    INTERRUPTED: Text(zh="被人为中断", en="a person interrupted it"),
    KILLED: Text(zh="被强行终止、断电或磁盘写满", en="it was killed, or the power or the room on the disk went"),
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
        clock: how long it lasted by the wall clock, and how long by a clock nobody can set, s.
    """

    number: int
    started: str
    t_ns: int
    boot: str
    commit: str | None
    ended: str | None = None
    why: str | None = None
    clock: Mapping[str, float] | None = None

    @classmethod
    def begin(cls, number: int, commit: str | None) -> Self:
        """A sitting that begins now."""
        boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
        return cls(number, _now(), time.monotonic_ns(), boot, commit)

    def end(self, why: str) -> Sitting:
        """The sitting, ended now."""
        return replace(self.timed(), ended=_now(), why=why)

    def timed(self) -> Sitting:
        """The sitting with what its two clocks say now; what they said when one ran backwards stays."""
        if self.ran_back:
            return self
        wall = (datetime.fromisoformat(_now()) - datetime.fromisoformat(self.started)).total_seconds()
        monotonic = (time.monotonic_ns() - self.t_ns) / 1e9
        return replace(self, clock={"wall_s": round(wall, 3), "monotonic_s": round(monotonic, 3)})

    @property
    def ran_back(self) -> bool:
        """Whether the wall clock was set back while it lasted. One that was set on may be that of a machine that slept,
        during which the other clock stands still."""
        return self.clock is not None and self.clock["wall_s"] < self.clock["monotonic_s"] - CLOCK_TOLERANCE_S

    def told_of_the_clock(self) -> Text:
        """What to say of a clock that ran backwards."""
        clock = self.clock or {}
        back = clock.get("monotonic_s", 0.0) - clock.get("wall_s", 0.0)
        return Text(
            zh=f"第 {self.number} 次试验期间，本机时钟被拨回 {back:.1f} s，运行就此中断",
            en=f"this machine's clock ran {back:.1f} s backwards during sitting {self.number}; the run was broken off",
        )

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
