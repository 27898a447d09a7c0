"""What a fault proxy did, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """Counted since the proxy began.

    Attributes:
        connections: accepted.
        open: of these, under way now.
        requests: begun, over all connections.
        answers: begun by the platform, over all connections, whatever then became of them.
        fates: what was done to requests, by name; those that passed are not among them.
        unreachable: connections reset because nobody listened at the other end.
        resets_passed_on: connections that an end reset or lost, which the other end was told likewise.
        bytes_up, bytes_down: forwarded to the platform and from it.
        writes: read from either end and forwarded.
        delay_s: sum over these of how long they were held on purpose.
        late: of these, forwarded more than 20 ms after they were due: this process had too little of its machine.
        longest_stall_s: longest time that this process could do nothing at all.
    """

    connections: int = 0
    open: int = 0
    requests: int = 0
    answers: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    unreachable: int = 0
    resets_passed_on: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    writes: int = 0
    delay_s: float = 0.0
    late: int = 0
    longest_stall_s: float = 0.0

    def told(self) -> dict[str, Any]:
        """As an object of JSON."""
        return {
            "connections": self.connections,
            "open": self.open,
            "requests": self.requests,
            "answers": self.answers,
            "faults": dict(sorted(self.fates.items())),
            "unreachable": self.unreachable,
            "resets_passed_on": self.resets_passed_on,
            "bytes_up": self.bytes_up,
            "bytes_down": self.bytes_down,
            "writes": self.writes,
            "mean_delay_ms": round(1000 * self.delay_s / self.writes, 3) if self.writes else 0.0,
            "late": self.late,
            "longest_stall_ms": round(1000 * self.longest_stall_s),
        }
