"""Lock-out: who guesses is locked, for longer each time; who errs now and then, or stands beside, is not."""

import pytest

from reference_impl.access import lock_out
from reference_impl.access.gate import LOCK_OPERATION, AccessGate, lock_recorder, network_of
from reference_impl.access.lock_out import (
    ADDRESS,
    APP,
    APP_AT_ADDRESS,
    EVERYWHERE,
    FIRST_LOCK_S,
    FLAT,
    GUESSES,
    LONGEST_LOCK_S,
    REMEMBERED_S,
    SHARE,
    UNAUTHENTIC,
    WINDOW_S,
    Lock,
)
from reference_impl.access.rate_limit import Quotas
from reference_impl.records import audit
from reference_impl.refusals import (
    BAD_DIGEST,
    EXPIRED_CODE,
    FORGED_CODE,
    LOCKED_OUT,
    MALFORMED_CODE,
    OK,
    OUTCOMES,
    REUSED_CODE,
    UNKNOWN_APP,
    UNKNOWN_CARD,
)

HERE, THERE = "198.51.100.7", "203.0.113.9"
LIMIT = 20


class Watched:
    """A gate under a turned clock that remembers its locks; rate limits are off."""

    def __init__(self, limit=LIMIT):
        self.now = 1000.0
        self.locks: list[Lock] = []
        self.gate = AccessGate(Quotas(0, 0, 0, limit), self.locks.append, lambda: self.now)

    def tell(self, outcome, times=1, address=HERE, app_id="app", every=0.001):
        for _ in range(times):
            self.now += every
            self.gate.told(address, app_id, outcome)

    def hears(self, address=HERE, app_id="app"):
        return self.gate.admit_address(address) is None and self.gate.admit(address, app_id, "T01") is None


@pytest.fixture
def watched():
    return Watched()


@pytest.mark.parametrize("code", sorted(GUESSES))
def test_guessing_locks_the_application_at_its_address(watched, code):
    watched.tell(OUTCOMES[code], LIMIT - 1)
    assert watched.hears()
    watched.tell(OUTCOMES[code])
    assert watched.gate.admit(HERE, "app", "T01").outcome is LOCKED_OUT
    assert watched.locks == [Lock(APP_AT_ADDRESS, HERE, "app", FIRST_LOCK_S)]
    assert watched.hears(HERE, "other")
    assert watched.hears(THERE, "app")


@pytest.mark.parametrize("code", sorted(UNAUTHENTIC))
def test_what_is_not_authentic_locks_its_address_and_no_application(watched, code):
    watched.tell(OUTCOMES[code], LIMIT, app_id="")
    wait = watched.gate.admit_address(HERE)
    assert wait.outcome is LOCKED_OUT
    assert wait.seconds == pytest.approx(FIRST_LOCK_S)
    assert watched.locks == [Lock(ADDRESS, HERE, "", FIRST_LOCK_S)]
    assert watched.hears(THERE, "app")


@pytest.mark.parametrize("outcome", [OK, EXPIRED_CODE, REUSED_CODE, MALFORMED_CODE], ids=lambda outcome: outcome.name)
def test_what_happens_at_every_desk_never_locks(watched, outcome):
    watched.tell(outcome, LIMIT * 100)
    assert watched.hears()


def test_one_wrong_now_and_then_is_forgiven_with_time(watched):
    watched.tell(FORGED_CODE, LIMIT * 5, every=WINDOW_S / (LIMIT - 1) + 0.1)
    assert watched.locks == []


def test_a_busy_and_honest_caller_is_not_locked(watched):
    for _ in range(LIMIT * (FLAT - 1)):
        watched.tell(UNKNOWN_CARD, every=0)
        watched.tell(OK, SHARE * 2, every=0)
    assert watched.hears()


def test_right_tries_in_between_do_not_start_the_count_anew(watched):
    for _ in range(LIMIT):
        watched.tell(OK, SHARE - 1, every=0)
        watched.tell(UNKNOWN_CARD, every=0)
    assert not watched.hears()


def test_however_many_right_ones_are_mixed_in_there_is_an_end(watched):
    for _ in range(LIMIT * FLAT):
        watched.tell(OK, SHARE * 5, every=0)
        watched.tell(UNKNOWN_CARD, every=0)
    assert not watched.hears()


def test_going_from_address_to_address_helps_no_application(watched):
    for n in range(LIMIT * EVERYWHERE):
        watched.tell(UNKNOWN_CARD, address=f"198.51.100.{n % 200}", every=0)
    assert watched.locks == [Lock(APP, "", "app", FIRST_LOCK_S)]
    assert not watched.hears(THERE, "app")
    assert watched.hears(THERE, "other")


def test_a_lock_ends_and_the_next_is_longer(watched):
    lasted = []
    for _ in range(9):
        watched.tell(FORGED_CODE, LIMIT, every=0)
        begun = watched.now
        while not watched.hears():
            watched.now += 10
        lasted.append(watched.now - begun)
    assert lasted == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert lasted[-1] == LONGEST_LOCK_S
    watched.now += REMEMBERED_S
    watched.tell(FORGED_CODE, LIMIT, every=0)
    assert watched.locks[-1].seconds == FIRST_LOCK_S


def test_what_was_under_way_when_a_lock_began_does_not_lengthen_it(watched):
    watched.tell(FORGED_CODE, LIMIT * 3, every=0)
    watched.tell(BAD_DIGEST, LIMIT * 3, app_id="", address=THERE, every=0)
    assert [(lock.scale, lock.seconds) for lock in watched.locks] == [
        (APP_AT_ADDRESS, FIRST_LOCK_S),
        (ADDRESS, FIRST_LOCK_S),
    ]


def test_a_lock_takes_the_place_of_its_count(watched):
    watched.tell(BAD_DIGEST, LIMIT - 1, app_id="")
    assert watched.gate._lock_out.remembered == 1
    watched.tell(BAD_DIGEST, app_id="")
    assert not watched.hears()
    assert watched.gate._lock_out.remembered == 1


def test_a_busy_address_is_not_locked_by_one_broken_machine_in_it(watched):
    for _ in range(LIMIT * (FLAT - 1)):
        watched.tell(BAD_DIGEST, app_id="", every=0)
        watched.tell(OK, SHARE * 2, every=0)
    assert watched.hears()


def test_a_lock_begins_with_a_clean_count(watched):
    watched.tell(FORGED_CODE, LIMIT, every=0)
    watched.now += FIRST_LOCK_S
    watched.tell(FORGED_CODE, LIMIT - 1, every=0)
    assert watched.hears()


def test_zero_never_locks():
    watched = Watched(0)
    watched.tell(FORGED_CODE, 10_000)
    watched.tell(BAD_DIGEST, 10_000, app_id="")
    assert watched.hears()


def test_memory_is_bounded(watched, monkeypatch):
    monkeypatch.setattr(lock_out, "MAX_CALLERS", 50)
    for n in range(500):
        watched.tell(UNKNOWN_APP, LIMIT, address=f"10.0.{n // 250}.{n % 250}", app_id="", every=0)
        watched.tell(FORGED_CODE, address=f"10.1.{n // 250}.{n % 250}", every=0)
        assert watched.gate._lock_out.remembered <= 100
    assert len(watched.locks) == 500
    assert not watched.hears("10.0.1.249")


def test_an_attacker_from_one_network_is_one_caller(watched):
    for n in range(LIMIT):
        watched.tell(BAD_DIGEST, address=f"2001:db8:1:2::{n:x}", app_id="")
    assert not watched.hears("2001:db8:1:2:ffff::1")
    assert watched.hears("2001:db8:1:3::1")
    assert [lock.address for lock in watched.locks] == ["2001:db8:1:2::/64"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("not:an:address", "not:an:address"),
    ],
)
def test_networks(address, network):
    assert network_of(address) == network


def test_the_rate_limit_and_the_lock_are_told_apart():
    gate = AccessGate(Quotas(1, 1, 1, LIMIT), clock=lambda: 5.0)
    assert gate.admit_address(HERE) is None
    assert gate.admit_address(HERE) is None
    assert gate.admit_address(HERE).outcome.name == "rate_limited"
    assert gate.admit(HERE, "app", "T01") is None
    assert gate.admit(HERE, "app", "T01") is None
    assert gate.admit(HERE, "app", "T01").outcome.name == "rate_limited"
    for _ in range(LIMIT):
        gate.told(HERE, "", BAD_DIGEST)
        gate.told(HERE, "app", FORGED_CODE)
    assert gate.admit_address(HERE).outcome.name == "locked_out"
    assert gate.admit(HERE, "app", "T01").outcome.name == "locked_out"


def test_a_lock_is_put_on_the_audit():
    jobs = []
    lock_recorder(jobs.append, lambda: 1_800_000_000.0)(Lock(APP_AT_ADDRESS, HERE, "hn01", 120.0))

    class Connection:
        def __init__(self):
            self.info = {}

    connection = Connection()
    jobs[0](connection)
    assert audit.pending(connection) == [
        audit.Entry(
            1_800_000_000_000,
            LOCK_OPERATION,
            app_id="hn01",
            outcome="113",
            detail='{"address":"198.51.100.7","scale":"app_at_address","seconds":"120"}',
        )
    ]
