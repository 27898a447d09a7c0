"""A terminal that checks codes by a clock of its own, while that clock is set wrong."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from pytest_bdd import given, when

from rigs.errors import NotAssessedError, RigError
from rigs.platform_link import CHANNEL as PLATFORM
from rigs.readings import Reading
from rigs.roles import PlatformAnswer
from steps.sampling import Sampler, Trial

WITHIN_S = (0, 1, -1, 10, -10, 30, -30, 58, -58)
BEYOND_S = (62, -62, 120, -120, 290, -290, 310, -310, 600, -600)
"""Two seconds clear of the minute on either side: so well a clock is set and read."""
FARTHEST_S = 600
TRIES = 3
"""Codes shown at one step until the terminal has read one; reading is not what is judged here."""
PLACE = {"medstepcode": "010101", "terminalcode": "01", "channelcode": "0100"}


@given("the platform itself takes requests dated within a minute of its clock, and none dated ten minutes off")
@given("卡管平台本身接受与其时钟相差一分钟以内的请求，拒绝相差十分钟的请求")
def tolerant(sampler: Sampler, trials: Iterator[Trial]) -> None:
    """Asked over the bench's own line with a code for each step: a platform that is wrong is the bench's fault."""
    for ahead_s in (*WITHIN_S, FARTHEST_S, -FARTHEST_S):
        answer = _verified(sampler, _text(next(trials)), ahead_s)
        if answer.accepted != (ahead_s in WITHIN_S):
            raise RigError(
                f"answered {answer.code} {answer.message} to a request dated {ahead_s:+d} s off its clock",
                where=PLATFORM,
                remedy="set the clocks of this machine and of the platform; correct the platform's tolerance",
            )


@when("the terminal checks a code at each step by which its clock is wrong")
@when("逐档拨偏终端时钟，并由终端核验一个码")
def skewed(sampler: Sampler, trials: Iterator[Trial]) -> None:
    """The code is shown to the terminal, and what it delivers is what its own software checks.

    A code it says was accepted must have been used up at the platform: one that the platform still takes was never
    accepted there. Where an older code that nobody used has run out by then, nothing can be told of it any more.
    """
    bench = sampler.run.bench
    steps = (*WITHIN_S, *BEYOND_S)
    try:
        for skew in steps:
            bench.checker.set_clock(skew + bench.link.offset_ms / 1000)
            _check_at(sampler, trials, skew)
            sampler.step(len(steps))
    finally:
        with contextlib.suppress(NotAssessedError):  # a person who is gone leaves the clock as it is
            bench.checker.set_clock(bench.link.offset_ms / 1000)


def _check_at(sampler: Sampler, trials: Iterator[Trial], skew: int) -> None:
    unused, fetched_s = _text(next(trials)), time.monotonic()
    code, reading = _read(sampler, trials)
    told = sampler.run.bench.checker.check(code)
    value = {"accepted": "unaffected", "error": "explicit_error"}.get(told.outcome, told.outcome)
    if value == "explicit_error" and not told.message:
        value = "nothing"
    false_accept = _falsely_accepted(sampler, code, unused) if told.outcome == "accepted" else False
    journal = (reading.journal[0], sampler.run.bench.journal.count)
    cell: dict[str, str | float] = {"skew": skew}
    detail: dict[str, str | float] = {"words": told.message or "—"}
    if false_accept is None:
        detail["ran_out_s"] = round(time.monotonic() - fetched_s, 1)
    sampler.observe("skew_outcome", value, cell=cell, reading=reading, detail=detail)
    if false_accept is not None:
        sampler.observe("false_accepts", int(false_accept), cell=cell, journal=journal)


def _falsely_accepted(sampler: Sampler, code: str, unused: str) -> bool | None:
    """Whether the platform still takes a code; None where it takes none of its age, used or not.

    Args:
        sampler: of the row.
        code: what the terminal says was accepted.
        unused: a code fetched before it, which nobody has used: while the platform takes it, ``code`` is alive too.
    """
    if _verified(sampler, code, 0).accepted:
        return True
    return False if _verified(sampler, unused, 0).accepted else None


def _read(sampler: Sampler, trials: Iterator[Trial]) -> tuple[str, Reading]:
    for _ in range(TRIES):
        [(trial, frame)] = sampler.prepared([next(trials)])
        reading = sampler.run.station.read(frame, trial.expected)
        if reading.outcome == "exact":
            return _text(trial), reading
    raise NotAssessedError(
        zh=f"终端连续 {TRIES} 次未能识读动态码", en=f"the terminal read none of {TRIES} dynamic codes in a row"
    )


def _verified(sampler: Sampler, code: str, ahead_s: int) -> PlatformAnswer:
    return sampler.run.bench.platform.call("ehc.ehealthcode.verify", {"ehealth_code": code, **PLACE}, ahead_s=ahead_s)


def _text(trial: Trial) -> str:
    return trial.expected[0].decode("ascii")
