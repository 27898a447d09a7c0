"""After a rotation everything stored comes under the new version, the old is revoked, and everything still opens."""

import asyncio

import pytest
from sqlalchemy import func, select, update

from reference_impl.cards.holding import find_by_id
from reference_impl.errors import PlatformError
from reference_impl.keys.institution_keys import rotate_institution_key
from reference_impl.keys.life_cycle import revoke, rotate
from reference_impl.keys.sealed_values import SEALED_COLUMNS, leading_version
from reference_impl.records import audit
from reference_impl.refusals import RefusalError
from reference_impl.storage import sealed_anew
from reference_impl.storage.key_upkeep import look_after
from reference_impl.storage.schema import AUDIT, CARDS, KEYS, PERSONS
from reference_impl.storage.seeding import seed_cards

ORG = "439900000001"
SEEDED = 40


async def at_once(_seconds):
    await asyncio.sleep(0)


def rotated(bench, purpose, owner=""):
    parts, root = bench.platform.parts, bench.platform.memory.root
    if owner:
        return bench.do(lambda c: rotate_institution_key(c, parts.keyring, owner, parts.random, bench.now_ms()))
    return bench.do(lambda c: rotate(c, root, purpose, 0, bench.now_ms(), parts.random))


def revoked(bench, purpose, owner="", version=1):
    platform = bench.platform
    return bench.do(
        lambda c: revoke(c, platform.memory.root, purpose, version, bench.now_ms(), platform.parts.random, owner)
    )


def looked_after(bench, settled):
    bench.wait(look_after(bench.platform, settled, at_once))


def versions_in(bench, column):
    with bench.platform.readers.connect() as connection:
        return {bytes(value) for value in connection.scalars(select(leading_version(column)).distinct())}


@pytest.fixture
def filled(open_bench, person, monkeypatch):
    """A platform with a value of every kind, seeded rows too, and its first card."""
    monkeypatch.setattr(sealed_anew, "AT_ONCE", 7)
    first = open_bench()
    seed_cards(first.platform, SEEDED, 5, lambda _: None)
    card_id = first.register()
    link = {"ehealth_card_id": card_id, "link_kind": "visit-card", "link_number": "V-0001"}
    assert first.call("ehc.ehealthcard.bind", link).success
    shared = {
        "ehealth_card_id": card_id,
        "record_kind": "emr-summary",
        "document_type": "discharge",
        "record_no": "R1",
        "document_time": "20260101120000",
        "content": "小结",
    }
    assert first.call("ehc.record.share", shared).success
    return first, card_id


def opens(bench, card_id):
    """Whether identities, seeded ones too, numbers, records and secrets open."""
    keyring = bench.platform.parts.keyring
    with bench.platform.readers.connect() as connection:
        ids = connection.scalars(select(CARDS.c.card_id)).all()
        assert len(ids) == SEEDED + 1
        for found in ids:
            assert find_by_id(connection, keyring, found.hex().upper()).identity["name"]
    link = {"link_kind": "visit-card", "link_number": "V-0001"}
    assert bench.call("ehc.ehealthcard.resolve", link).biz["ehealth_card_id"] == card_id
    record = bench.call("ehc.record.fetch", {"ehealth_card_id": card_id, "record_kinds": "emr-summary"})
    assert record.success
    assert bench.verify(bench.dynamic(card_id)).success


def test_rotated_sealed_anew_revoked_and_everything_opens(filled, open_bench):
    bench, card_id = filled
    for purpose, owner in (("person-data", ""), ("app-secret", ""), ("institution", ORG)):
        rotated(bench, purpose, owner)
        with pytest.raises(RefusalError, match="key_in_use"):
            revoked(bench, purpose, owner)
        looked_after(bench, set())
        for column in SEALED_COLUMNS[purpose]:
            if column.table is not KEYS:
                assert versions_in(bench, column) <= {b"\x02"}, column
        revoked(bench, purpose, owner)
        opens(bench, card_id)
    opens(open_bench(), card_id)


def test_what_is_sealed_anew_is_on_the_audit(filled):
    bench, _ = filled
    rotated(bench, "person-data")
    looked_after(bench, set())
    with bench.platform.readers.connect() as connection:
        (detail,) = connection.scalars(select(AUDIT.c.detail).where(AUDIT.c.op == sealed_anew.OPERATION))
        assert f'"values":"{SEEDED + 3}"' in detail
        assert audit.check(connection, bench.platform.parts.keyring.audit_versions).first_bad is None


def test_what_others_write_meanwhile_is_found_by_the_next_pass_and_then_no_pass_is_made(filled, monkeypatch):
    bench, _ = filled
    with bench.platform.readers.connect() as connection:
        late = connection.execute(select(PERSONS).order_by(PERSONS.c.person_no)).first()
    rotated(bench, "person-data")
    settled = set()
    looked_after(bench, settled)
    assert settled == set()
    # As somebody would have written it who began before the rotation.
    bench.do(
        lambda c: c.execute(
            update(PERSONS).where(PERSONS.c.person_no == late.person_no).values(sealed_identity=late.sealed_identity)
        )
    )
    looked_after(bench, settled)
    assert versions_in(bench, PERSONS.c.sealed_identity) == {b"\x02"}
    looked_after(bench, settled)
    assert settled == {("person-data", "", 2)}

    def searched(*_):
        raise AssertionError("the whole of the data is searched again")

    monkeypatch.setattr(sealed_anew, "_some", searched)
    looked_after(bench, settled)
    rotated(bench, "person-data")
    with pytest.raises(AssertionError, match="searched again"):
        looked_after(bench, settled)


def test_a_row_changed_between_reading_and_writing_keeps_the_change(filled):
    bench, card_id = filled
    rotated(bench, "person-data")
    bench.do(lambda c: None)
    platform = bench.platform
    with platform.readers.connect() as connection:
        (key,) = sealed_anew.superseded(connection, platform.parts.keyring)
    some = sealed_anew._some(platform, key.columns[0], key.keys, None)
    changed = bench.call("ehc.ehealthcard.alterinfo", {"ehealth_card_id": card_id, "cellphone": "13900000000"})
    assert changed.success, changed
    while some is not None:
        bench.do(some.put_back)
        some = sealed_anew._some(platform, key.columns[0], key.keys, some.last)
    with platform.readers.connect() as connection:
        held = find_by_id(connection, platform.parts.keyring, card_id)
    assert held.identity["cellphone"] == "13900000000"


def test_grace_that_has_ended_is_ended_on_record(bench):
    platform = bench.platform
    bench.do(lambda c: rotate(c, platform.memory.root, "token", 5000, bench.now_ms(), platform.parts.random))

    def states():
        with platform.readers.connect() as connection:
            rows = connection.execute(
                select(KEYS.c.version, KEYS.c.state).where(KEYS.c.purpose == "token").order_by(KEYS.c.version)
            )
            return [row.state for row in rows]

    looked_after(bench, set())
    assert states() == ["grace", "active"]
    bench.clock.now += 6
    looked_after(bench, set())
    assert states() == ["retired", "active"]


def test_a_value_that_does_not_open_is_told_and_nothing_is_lost(filled):
    bench, _ = filled
    bench.do(lambda c: c.execute(update(PERSONS).where(PERSONS.c.person_no == 1).values(sealed_identity=b"\x01bad")))
    rotated(bench, "person-data")
    with pytest.raises(PlatformError, match="does not open"):
        looked_after(bench, set())
    with bench.platform.readers.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(PERSONS)) == SEEDED + 1
