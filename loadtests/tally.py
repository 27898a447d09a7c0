"""What one worker saw, second by second, ready to be told to the master in messages that hold numbers and tags only."""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter, defaultdict
from typing import Any

from loadtests.errands import Errand, Outcome
from loadtests.record import LATE_MS

SENT, OK, LATE, RETRIED, SILENT = "sent", "ok", "late", "retried", "without-retry-after"
TWINS = "twins"
REFUSED, ERROR = "refused:", "error:"
WRONG_PERSONS, REUSED, DOUBLE = "wrong_persons", "reused_accepted", "double_accepted"

_ACKNOWLEDGED_KINDS = ("verification", "usage", "registration")


class _Bucket:
    def __init__(self, t: int) -> None:
        self.t = t
        self.counts: Counter[tuple[str, str]] = Counter()
        self.latencies: defaultdict[tuple[str, str], array[int]] = defaultdict(_microseconds)
        self.delays: defaultdict[tuple[str, str], array[int]] = defaultdict(_microseconds)
        self.acknowledged: list[tuple[str, str, str, str, int]] = []
        self.found: list[tuple[str, str]] = []
        self.in_flight = 0


def _microseconds() -> array[int]:
    return array("I")


class Tally:
    """Counts into the second in which something happens."""

    def __init__(self) -> None:
        self._begun, self._begun_ms = 0.0, 0
        self._bucket = _Bucket(0)
        self._closed: list[_Bucket] = []
        self._in_flight = 0
        self.done = 0
        """Requests that are settled."""

    def begin(self, begun: float, begun_ms: int) -> None:
        """Learn when the schedule begins: by ``time.perf_counter``, and as Unix time in milliseconds."""
        self._begun, self._begun_ms = begun, begun_ms

    def left(self, errand: Errand, at: float) -> None:
        """A request leaves for the first time."""
        bucket = self._at(at)
        self._in_flight += 1
        delay_us = max(0, int((at - errand.due) * 1e6))
        bucket.delays[errand.stage, errand.question.kind].append(delay_us)
        bucket.counts[errand.stage, SENT] += 1
        if delay_us > LATE_MS * 1000:
            bucket.counts[errand.stage, LATE] += 1

    def tried_again(self, errand: Errand, at: float) -> None:
        """A request leaves once more."""
        self._at(at).counts[errand.stage, RETRIED] += 1

    def settled(self, errand: Errand, outcome: Outcome, at: float, *, refused_rightly: bool = False) -> None:
        """The last attempt of a request has come to its end.

        Latency counts from the moment the request was due. Of errors only the given-up ones have one, which is at least
        so long; whoever was turned away at the door did not wait for what was asked.
        """
        bucket = self._at(at)
        self._in_flight -= 1
        self.done += 1
        kind, stage = errand.question.kind, errand.stage
        if outcome.accepted or refused_rightly or outcome.error == "timeout":
            bucket.latencies[stage, kind].append(max(1, int((outcome.at - errand.due) * 1e6)))
        if outcome.accepted:
            bucket.counts[stage, OK] += 1
            if kind in _ACKNOWLEDGED_KINDS:
                bucket.acknowledged.append(self._effect(errand, outcome))
        elif refused_rightly:
            bucket.counts[stage, OK] += 1
        elif outcome.refusal:
            bucket.counts[stage, REFUSED + outcome.refusal] += 1
            bucket.counts[stage, SILENT] += outcome.silent
        else:
            bucket.counts[stage, ERROR + outcome.error] += 1

    def compared(self, errand: Errand, at: float) -> None:
        """Of two that showed one code at once it is known whether both were accepted."""
        self._at(at).counts[errand.stage, TWINS] += 1

    def found(self, what: str, tag: str, at: float) -> None:
        """Something happened that never may: one of ``WRONG_PERSONS``, ``REUSED``, ``DOUBLE``."""
        self._at(at).found.append((what, tag))

    def take(self, now: float) -> list[dict[str, Any]]:
        """Return the messages about every second that is over."""
        self._at(now)
        closed, self._closed = self._closed, []
        return [_message(bucket) for bucket in closed]

    def _at(self, at: float) -> _Bucket:
        t = int(max(0.0, at - self._begun))
        while t > self._bucket.t:
            self._bucket.in_flight = self._in_flight
            self._closed.append(self._bucket)
            self._bucket = _Bucket(self._bucket.t + 1)
        return self._bucket

    def _effect(self, errand: Errand, outcome: Outcome) -> tuple[str, str, str, str, int]:
        question = errand.question
        about = question.code or question.card_id or str(outcome.biz.get("ehealth_card_id", ""))
        digest = hashlib.sha256(about.encode()).hexdigest()
        at_ms = self._begun_ms + int((outcome.at - self._begun) * 1000)
        return (question.kind, question.tag, digest, errand.asker.term_id, at_ms)


def _message(bucket: _Bucket) -> dict[str, Any]:
    return {
        "t": bucket.t,
        "counts": [(stage, name, count) for (stage, name), count in bucket.counts.items()],
        "latencies": [(stage, kind, values.tobytes()) for (stage, kind), values in bucket.latencies.items()],
        "delays": [(stage, kind, values.tobytes()) for (stage, kind), values in bucket.delays.items()],
        "acknowledged": bucket.acknowledged,
        "found": bucket.found,
        "in_flight": bucket.in_flight,
    }
