"""Firmware updates: a genuine image is taken, and twenty others are not, and the device reads on after each."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections.abc import Iterator

from pytest_bdd import then, when

from fixtures.firmware_attempts import ATTEMPTS, Attempt, attempts
from rigs.errors import NotAssessedError, RigError, SilentDeviceError
from rigs.optics.frames import Frame
from rigs.roles.security import UpdateAnswer
from steps.samples import plain
from steps.sampling import Sampler, Trial

CHANNEL = "updater"


@when("the device is offered the genuine image of its own firmware")
@when("向设备提供其自身固件的正版映像")
def genuine(sampler: Sampler) -> None:
    """A device that takes no image at all shows nothing by refusing bad ones, nor does one that reads no code."""
    run = sampler.run
    if _reads(sampler, sampler.prepared(_codes(sampler))) != "works":
        raise NotAssessedError(
            zh="提供任何映像之前设备就未能识读", en="the device read no code before any image was offered to it"
        )
    answer = run.bench.updater.offer(run.bench.updater.genuine())
    if answer.outcome == "unclear":
        raise _unclear(answer)
    run.bench.scanner.reopen()
    if _changed(sampler):
        raise RigError(
            "the image named as genuine is not the firmware the device ran",
            where=CHANNEL,
            remedy="name the image of the firmware under test in `image`, and start the run again",
        )
    sampler.observe(
        "genuine_update",
        answer.outcome,
        journal=answer.journal,
        detail={"words": answer.words, "found": answer.outcome},
    )


@then("none of twenty unsigned, altered or older images is taken, and it reads a code after each")
@then("二十个未签名、被篡改或更旧的映像均不被接受，且每次之后设备仍能识读")
def refused(sampler: Sampler) -> None:
    """Taken is an image when the tool says so, or when the device tells another firmware than before."""
    updater = sampler.run.bench.updater
    offered = attempts(
        updater.genuine(),
        updater.previous(),
        updater.others(),
        updater.signature_bytes,
        sampler.run.random("firmware"),
    )
    codes = sampler.prepared(_codes(sampler))
    for attempt in offered:
        answer = updater.offer(attempt.image)
        state, changed = _after(sampler, codes), False
        if state != "dead":
            changed = _changed(sampler)
        if answer.outcome == "unclear" and state != "dead" and not changed:
            raise _unclear(answer)
        taken = answer.outcome == "accepted" or changed
        _observe(sampler, attempt, answer, "accepted" if taken else "refused", state)
        if taken or state != "works":
            _restore(sampler)
        if sampler.failed():
            return


def _codes(sampler: Sampler) -> Iterator[Trial]:
    chance = sampler.run.random("after-updates")
    return (Trial(plain(chance)) for _ in itertools.count())


def _after(sampler: Sampler, codes: Iterator[tuple[Trial, Frame]]) -> str:
    """Whether the device, which read a code before the image was offered, reads one now.

    Silence is the device's here and not the bench's: the line was alive until the image came. It has the time of a
    restart to come back. Whatever else goes wrong (presenter, a line that is gone) tells nothing of the image.

    Raises:
        RigError: the bench is at fault.
    """
    try:
        return _reads(sampler, codes)
    except SilentDeviceError:
        pass
    try:
        sampler.run.bench.scanner.reopen()
        return _reads(sampler, codes)
    except SilentDeviceError:
        return "dead"


def _reads(sampler: Sampler, codes: Iterator[tuple[Trial, Frame]]) -> str:
    trial, frame = next(codes)
    sampler.run.bench.scanner.make_sure_it_answers()
    reading = sampler.run.station.read(frame, trial.expected)
    return "works" if reading.outcome == "exact" else str(reading.outcome)


def _changed(sampler: Sampler) -> bool:
    return sampler.run.bench.identify() != sampler.run.identity


def _restore(sampler: Sampler) -> None:
    """Leave the device as it was found, as far as it lets itself; the identity check after the row sees the rest."""
    bench = sampler.run.bench
    with contextlib.suppress(RigError):
        bench.updater.offer(bench.updater.genuine())
        bench.scanner.reopen()


def _observe(sampler: Sampler, attempt: Attempt, answer: UpdateAnswer, value: str, state: str) -> None:
    detail: dict[str, str | float] = {
        "words": answer.words,
        "sha256": hashlib.sha256(attempt.image).hexdigest(),
        "seconds": round(answer.seconds, 2),
    }
    cell: dict[str, str | float] = {"image": attempt.kind}
    sampler.observe("firmware_update", value, cell=cell, journal=answer.journal, detail=detail)
    sampler.observe("device_after_update", state, cell=cell, journal=answer.journal)
    sampler.step(ATTEMPTS)


def _unclear(answer: UpdateAnswer) -> RigError:
    return RigError(
        f"the update tool says neither that the image was installed nor that it was refused ({answer.words!r})",
        where=CHANNEL,
        remedy="run it by hand; tell by accepted_exits, refused_exits and words how its outcomes are told apart",
    )
