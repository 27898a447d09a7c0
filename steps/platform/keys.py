"""Keys change under load and are revoked: no good code is refused meanwhile, none of a key that has ended accepted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pytest_bdd import then, when

from rigs.drivers.hn_a import HnAPlatform
from rigs.drivers.platform_api import PlatformApi
from rigs.errors import SubjectFaultError
from rigs.platform_link import CHANNEL
from rigs.roles import PlatformAnswer
from steps.platform.asking import FETCHED, cards, dynamic_codes, life_of, register, spread, told, verify
from steps.sampling import Sampler

PER_SECOND = 50
"""Verifications a second, each sent when it is due whatever became of the last."""
LASTS_S = 8.0
ROTATED_AT_S = 3.0
LONGEST_GRACE_S = 20.0
LINES = 8
"""Each from an address of its own: a platform that takes good codes for forged ones must not lock the bench out."""
AFTER = 100
"""Codes of the old key, and as many of the new, shown after the grace."""
OF_EACH = 25
"""Codes of each revoked key, and of the one after, shown after the revocation."""
SHOWN_BEFORE = 5
"""Codes of each key shown while it is good, or their refusal afterwards would prove nothing."""


@dataclass(frozen=True)
class Rotated:
    """What is left of a rotation under load.

    Attributes:
        old: codes of the old key that nobody has shown.
        new: codes of the new key that nobody has shown.
        grace_ends_ms: the platform's time from which the old key must not be accepted.
    """

    old: list[str]
    new: list[str]
    grace_ends_ms: float


@dataclass(frozen=True)
class Revoked:
    """Codes that nobody has shown: of a key revoked in its grace, of one revoked while active, of the one after."""

    in_grace: list[str]
    active: list[str]
    new: list[str]


@when("the key of dynamic codes is rotated while codes are verified all the time", target_fixture="rotated")
@when("在持续验码期间轮换动态码密钥", target_fixture="rotated")
def rotate_under_load(sampler: Sampler, people: Iterator[dict[str, str]]) -> Rotated:
    """Half the codes shown are of the old key from beginning to end, the others are made as they are needed."""
    bench = sampler.run.bench
    total = round(PER_SECOND * LASTS_S)
    before = active_version(sampler.run.bench.admin)
    with bench.callers(LINES, apart=True) as lines, ThreadPoolExecutor(1) as beside:
        held = cards(lines, people, (total // 2 + AFTER) // FETCHED)
        # Much shorter than a code lives: what is refused after the grace is refused for its key, not for its age.
        grace_s = min(LONGEST_GRACE_S, life_of(bench.platform, held[0]) / 3)
        old = [code for codes in spread(lines, held, _fifty) for code in codes]
        start = time.monotonic()
        rotation = beside.submit(_rotate, sampler, start + ROTATED_AT_S, grace_s)

        def show(line: HnAPlatform, number: int) -> PlatformAnswer:
            time.sleep(max(0.0, start + number / PER_SECOND - time.monotonic()))
            fresh = number % 2
            return verify(line, dynamic_codes(line, held[number % len(held)], 1)[0] if fresh else old[number // 2])

        answers = list(spread(lines, range(total), show))
        achieved = total / (time.monotonic() - start)
        grace_ends_ms = rotation.result()
        new = [code for codes in spread(lines, held[: AFTER // FETCHED], _fifty) for code in codes]
    if active_version(sampler.run.bench.admin) == before:
        raise SubjectFaultError("confirmed a rotation, and goes on with the old key", where=CHANNEL)
    _observe_refused(sampler, "failed_good_verifications", "during the rotation", answers)
    sampler.observe("verification_rate", round(achieved, 1), unit="1/s", detail={"planned": PER_SECOND})
    return Rotated(old[total // 2 :], new, grace_ends_ms)


@then("after its grace no code of the old key is accepted, and those of the new key are")
@then("宽限期过后，旧密钥的码均不被接受，新密钥的码仍被接受")
def after_grace(sampler: Sampler, rotated: Rotated) -> None:
    """None of these codes was shown before, and none is too old."""
    bench = sampler.run.bench
    bench.clock.pass_seconds(max(0.0, (rotated.grace_ends_ms - bench.clock.now_ms()) / 1000) + 1)
    with bench.callers(LINES, apart=True) as lines:
        _observe_refused(
            sampler, "failed_good_verifications", "new key after the grace", list(spread(lines, rotated.new, verify))
        )
        answers = list(spread(lines, rotated.old, verify))
    accepted = [answer for answer in answers if answer.accepted]
    _observe(sampler, "old_key_accepts_after_grace", "old key after the grace", answers, accepted)


@when("two key officers revoke a key in its grace and the active one", target_fixture="revoked_keys")
@when("两名密钥管理员吊销宽限期内的密钥和在用的密钥", target_fixture="revoked_keys")
def revoke(sampler: Sampler, people: Iterator[dict[str, str]]) -> Revoked:
    """The grace is as long as a code lives, so that it ends nothing that is shown here."""
    bench = sampler.run.bench
    line = bench.platform
    card_id = register(line, next(people))
    older, in_grace = dynamic_codes(line, card_id, SHOWN_BEFORE + OF_EACH), active_version(sampler.run.bench.admin)
    _rotate(sampler, time.monotonic(), life_of(line, card_id))
    newer, active = dynamic_codes(line, card_id, SHOWN_BEFORE + OF_EACH), active_version(sampler.run.bench.admin)
    shown = [verify(line, code) for code in older[OF_EACH:] + newer[OF_EACH:]]
    _observe_refused(sampler, "failed_good_verifications", "before the revocation", shown)
    for version in (in_grace, active):
        revoke_version(sampler.run.bench.admin, version)
    return Revoked(older[:OF_EACH], newer[:OF_EACH], dynamic_codes(line, card_id, OF_EACH))


@then("none of their codes is accepted any more, and those of the key after them are")
@then("两者的码均不再被接受，其后密钥的码被接受")
def after_revocation(sampler: Sampler, revoked_keys: Revoked) -> None:
    """At once: none of these codes was shown before, and none is too old."""
    with sampler.run.bench.callers(LINES, apart=True) as lines:
        for phase, codes in (
            ("revoked in its grace", revoked_keys.in_grace),
            ("revoked while active", revoked_keys.active),
        ):
            answers = list(spread(lines, codes, verify))
            _observe(sampler, "revoked_key_accepts", phase, answers, [one for one in answers if one.accepted])
        good = list(spread(lines, revoked_keys.new, verify))
        _observe_refused(sampler, "failed_good_verifications", "new key after the revocation", good)


def _fifty(line: HnAPlatform, card_id: str) -> list[str]:
    return dynamic_codes(line, card_id, FETCHED)


def _rotate(sampler: Sampler, at_s: float, grace_s: float) -> float:
    """Rotate at a monotonic time; returns when the grace has surely ended, in the platform's time, Unix ms."""
    time.sleep(max(0.0, at_s - time.monotonic()))
    sampler.run.bench.admin.tell("POST", "/api/v1/keys/token/rotation", {"grace_s": grace_s})
    return sampler.run.bench.clock.now_ms() + grace_s * 1000


def revoke_version(api: PlatformApi, version: int) -> None:
    """Revoke a version of the key of dynamic codes: proposed by one officer, and carried out by the other."""
    asked = {"operation": "revoke-key", "argument": {"purpose": "token", "version": version}}
    proposed = api.tell("POST", "/api/v1/key-requests", asked, role="officer")
    api.tell("POST", f"/api/v1/key-requests/{told(proposed, 'request_id')}/approval", role="officer2")


def active_version(api: PlatformApi) -> int:
    """The version dynamic codes are made with.

    Raises:
        SubjectFaultError: the platform does not tell.
    """
    answer = api.tell("GET", "/api/v1/keys")
    try:
        [active] = [
            int(key["version"])
            for key in answer.content["keys"]
            if (key["purpose"], key["state"], key.get("owner", "")) == ("token", "active", "")
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise SubjectFaultError(
            "does not tell which key of dynamic codes is active", where=CHANNEL, journal=answer.journal
        ) from error
    return active


def _observe_refused(sampler: Sampler, measure: str, phase: str, answers: Sequence[PlatformAnswer]) -> None:
    _observe(sampler, measure, phase, answers, [answer for answer in answers if not answer.accepted])


def _observe(
    sampler: Sampler, measure: str, phase: str, answers: Sequence[PlatformAnswer], wrong: Sequence[PlatformAnswer]
) -> None:
    records = [record for answer in wrong or answers for record in answer.journal]
    sampler.observe(
        measure,
        len(wrong),
        cell={"phase": phase},
        journal=(min(records), max(records)),
        detail={"of": len(answers), "answer": ", ".join(sorted({answer.code for answer in wrong})) or "—"},
    )
    sampler.step(round(PER_SECOND * LASTS_S) + 2 * AFTER + 2 * SHOWN_BEFORE + 3 * OF_EACH, len(answers))
