"""What a defect lets through, past the web and in a moment: its own wrong thing and no other; a sound platform none."""

from __future__ import annotations

import pytest

from reference_impl.defects.table import defect_named
from reference_impl.keys.life_cycle import revoke, rotate
from reference_impl.keys.purposes import TOKEN
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import seal_request
from reference_impl.wire.errors import UnsealedRefusalError

QUERY = "ehc.ehealthcode.query"
TEN_MINUTES_MS = 600_000


def served(bench, envelope) -> bool:
    try:
        return bench.send(envelope, QUERY).success
    except UnsealedRefusalError:
        return False


def dated(away_ms):
    def attempt(bench):
        asked = {"ehealth_card_id": bench.register()}
        return served(bench, seal_request(HN_A, bench.credentials, QUERY, asked, bench.now_ms() + away_ms))

    return attempt


def heard_before(change=lambda envelope: envelope):
    def attempt(bench):
        bench.clock.now += 1
        asked = {"ehealth_card_id": bench.register()}
        envelope = seal_request(HN_A, bench.credentials, QUERY, asked, bench.now_ms())
        assert served(bench, envelope)
        return served(bench, change(envelope))

    return attempt


def later(envelope):
    return envelope | {"timestamp": str(int(envelope["timestamp"]) + 1)}


def shown(change):
    """A code made from one of the first card's and the second's."""

    def attempt(bench):
        first, second = (bench.dynamic(bench.register(serial)).split(":") for serial in (1, 2))
        return bench.verify(":".join(change(first, second))).success

    return attempt


def rotated(bench, grace_ms):
    root, random = bench.platform.memory.root, bench.platform.parts.random
    return bench.do(lambda connection: rotate(connection, root, TOKEN, grace_ms, bench.now_ms(), random))


def revoked(bench, version):
    root, random = bench.platform.memory.root, bench.platform.parts.random
    return bench.do(lambda connection: revoke(connection, root, TOKEN, version, bench.now_ms(), random))


def of_a_key_revoked_in_its_grace(bench):
    good, code = bench.dynamics(bench.register(), 2)
    newer = rotated(bench, 30_000).version
    assert bench.verify(good).success
    revoked(bench, newer - 1)
    return bench.verify(code).success


def of_a_key_revoked_while_active(bench):
    good, code = bench.dynamics(bench.register(), 2)
    assert bench.verify(good).success
    revoked(bench, bench.platform.parts.verification.keys.newest)
    return bench.verify(code).success


def of_a_key_whose_grace_ended(bench):
    good, code = bench.dynamics(bench.register(), 2)
    rotated(bench, 5_000)
    assert bench.verify(good).success
    bench.clock.now += 6
    return bench.verify(code).success


ATTEMPTS = {
    "too early": dated(TEN_MINUTES_MS),
    "too late": dated(-TEN_MINUTES_MS),
    "sent twice": heard_before(),
    "changed": heard_before(later),
    "changed, with no digest": heard_before(lambda envelope: later(envelope) | {"digest": ""}),
    "token moved": shown(lambda first, second: (first[0], "0", second[2])),
    "tokens crossed": shown(lambda first, second: (first[0], "0", first[2][:16] + second[2][16:])),
    "card id in lower case": shown(lambda first, _: (first[0].lower(), "0", first[2])),
    "token in lower case": shown(lambda first, _: (first[0], "0", first[2].lower())),
    "revoked in its grace": of_a_key_revoked_in_its_grace,
    "revoked while active": of_a_key_revoked_while_active,
    "grace ended": of_a_key_whose_grace_ended,
}
REVOKED = {"revoked in its grace", "revoked while active"}
LET_THROUGH = {
    "accepts-future-timestamp": {"too early"},
    "accepts-replayed-request": {"sent twice"},
    "ignores-digest": {"changed"},
    "accepts-foreign-token": {"token moved"},
    "folds-case": {"card id in lower case"},
    "revoked-key-kept": REVOKED,
    "old-key-kept": REVOKED | {"grace ended"},
}


def passed(bench) -> set[str]:
    return {name for name, attempt in ATTEMPTS.items() if attempt(bench)}


def test_a_sound_platform_lets_nothing_wrong_through(bench):
    assert passed(bench) == set()


@pytest.mark.parametrize("name", sorted(LET_THROUGH))
def test_a_defect_lets_its_own_wrong_thing_through_and_no_other(bench, name):
    defect_named(name).apply(bench.platform)
    assert passed(bench) == LET_THROUGH[name]
