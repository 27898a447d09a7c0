"""Random programs against the model of a card, in one process under a clock that only the program turns.

`make test` runs the same few programs every time. By night the seed is another one each time; it is printed, and
``XIANGKA_PROGRAMS_SEED`` brings its programs back.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from card_machine import START_MS, CardPrograms, open_at
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import get_state_machine_test
from sqlalchemy import delete, update

from fixtures.card_model import ACTIVE
from reference_impl.codes.tokens import issued_at
from reference_impl.defects.exchanging import put, wrap
from reference_impl.defects.table import defect_named
from reference_impl.platform import close_now
from reference_impl.storage.schema import CARDS, SPENT

SEED = "XIANGKA_PROGRAMS_SEED"
MEMORY = Path("/dev/shm")  # noqa: S108 - only where the programs' data lie while they run


def hunt(number, programs, steps, plant=None, *, shrink=False):
    """Run so many programs of a seed; the first that disagrees with the model ends it as an error."""
    with tempfile.TemporaryDirectory(prefix="xiangka-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        place = Path(folder)
        close_now(open_at(place / "unused", lambda: START_MS / 1000))
        planted = {} if plant is None else {"plant": staticmethod(plant)}
        machine = type("Hunt", (CardPrograms,), {"unused": place / "unused", "folder": place, **planted})
        quiet = settings(
            max_examples=programs,
            stateful_step_count=steps,
            database=None,
            deadline=None,
            print_blob=False,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(number)(get_state_machine_test(machine, settings=quiet))()


def test_a_sound_platform_agrees_with_the_model():
    hunt(1, 40, 25)


def keeps_a_replaced_card(platform):
    """Leave the old card active when another document takes its place."""

    def change(method):
        def serve(question):
            answer = method.serve(question)
            old = bytes.fromhex(question.biz["ehealth_card_id"])
            question.connection.execute(update(CARDS).where(CARDS.c.card_id == old).values(state=ACTIVE))
            return answer

        return replace(method, serve=serve)

    wrap(platform, "ehc.ehealthcard.alterinfo", change)


def accepts_codes_of_the_future(platform):
    rule = platform.parts.verification
    sound = rule.judge

    def judge(code, card, now_ms):
        issued_ms = now_ms if code.token is None else issued_at(bytes.fromhex(code.token))
        sound(code, card, max(now_ms, issued_ms))

    put(rule, "judge", judge)


def forgets_what_was_used(platform):
    """Begin every life without what was spent in the one before."""
    platform.run(lambda connection: connection.execute(delete(SPENT)))


PLANTED = {
    "a closed card comes back": (3, defect_named("resurrects-closed-card").apply),
    "a rotated key stays good after its grace": (5, defect_named("old-key-kept").apply),
    "a revoked key stays good": (5, defect_named("revoked-key-kept").apply),
    "a rotated key has no grace": (3, defect_named("drops-key-at-once").apply),
    "an answer comes before its commit": (3, defect_named("acknowledges-before-commit").apply),
    "an error of the disk is not told": (3, defect_named("swallows-disk-errors").apply),
    "a replaced card stays active": (3, keeps_a_replaced_card),
    "a code from before the clock was set back is good at once": (1, accepts_codes_of_the_future),
    "what was used is forgotten by a restart": (5, forgets_what_was_used),
}
"""What is wrong with a platform, and a seed whose programs find it soon."""


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_fault_is_found(what):
    number, plant = PLANTED[what]
    with pytest.raises(AssertionError):
        hunt(number, 200, 30, plant)


def test_a_failure_comes_back_from_its_seed():
    found = []
    for _ in range(2):
        with pytest.raises(AssertionError):
            hunt(3, 200, 30, keeps_a_replaced_card)
        found.append(list(CardPrograms.history))
    assert found[0] == found[1]
    assert found[0]


def tonight():
    """The seed that was asked for, or one that nobody has had before."""
    asked = os.environ.get(SEED, "")
    if asked and not asked.isdecimal():
        pytest.fail(f"{SEED} is a whole number, not {asked!r}", pytrace=False)
    return int(asked) if asked else secrets.randbits(32)


def test_the_seed_can_be_asked_for_and_is_another_one_else(monkeypatch):
    monkeypatch.delenv(SEED, raising=False)
    assert tonight() != tonight()
    monkeypatch.setenv(SEED, "7")
    assert tonight() == 7


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_many_programs_agree_with_the_model():
    number = tonight()
    print(f"programs of the seed {number}; to run them again: {SEED}={number}")  # noqa: T201 - told with a failure
    hunt(number, 2000, 50, shrink=True)
