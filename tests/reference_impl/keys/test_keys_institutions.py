"""Institution keys stand between the province and the secrets of an institution; stored values follow a rotation."""

import pytest
from sqlalchemy import LargeBinary, insert, select, update

from reference_impl.errors import PlatformError
from reference_impl.keys.institution_keys import (
    SEALED_KEYS,
    ensure_institution_key,
    open_institution_key,
    rotate_institution_key,
)
from reference_impl.keys.life_cycle import list_keys, revoke, rotate
from reference_impl.keys.purposes import APP_SECRET, INSTITUTION, PERSON_DATA, State
from reference_impl.keys.resealing import SealedColumn, seal_some_anew
from reference_impl.keys.sealed_values import SEALED_COLUMNS
from reference_impl.refusals import RefusalError
from reference_impl.storage.schema import KEYS, PERSONS, SCHEMA, TERMINAL_MODULES

ORG = "439900000001"
OTHER = "439900000002"


def reseal(connection, column, keys, random, limit):
    some = seal_some_anew(connection, column, keys, random, limit)
    if some is None:
        return 0
    some.put_back(connection)
    return len(some.rows)


def test_each_institution_has_a_key_of_its_own_made_once(connection, keyring, random, now_ms):
    ours = ensure_institution_key(connection, keyring(), ORG, random, now_ms)
    theirs = ensure_institution_key(connection, keyring(), OTHER, random, now_ms)
    sealed = ours.seal(b"secret", "apps/1", random)
    assert ensure_institution_key(connection, keyring(), ORG, random, now_ms).unseal(sealed, "apps/1") == b"secret"
    with pytest.raises(PlatformError, match="does not open"):
        theirs.unseal(sealed, "apps/1")
    assert [record.purpose for record in list_keys(connection, now_ms, ORG)] == [INSTITUTION]


def test_an_institution_without_a_key_is_named(connection, keyring):
    with pytest.raises(PlatformError, match=f"institution {ORG}"):
        open_institution_key(connection, keyring(), ORG)


def test_the_keys_of_two_institutions_cannot_change_places(connection, keyring, random, now_ms):
    for org in (ORG, OTHER):
        ensure_institution_key(connection, keyring(), org, random, now_ms)
    theirs = connection.scalar(select(KEYS.c.sealed_key).where(KEYS.c.owner == OTHER))
    connection.execute(update(KEYS).where(KEYS.c.owner == ORG).values(sealed_key=theirs))
    with pytest.raises(PlatformError, match="does not open"):
        open_institution_key(connection, keyring(), ORG)


def test_a_rotated_institution_key_opens_what_it_sealed_until_it_is_revoked(connection, root, keyring, random, now_ms):
    sealed = ensure_institution_key(connection, keyring(), ORG, random, now_ms).seal(b"secret", "apps/1", random)
    assert rotate_institution_key(connection, keyring(), ORG, random, now_ms).version == 2
    keys = open_institution_key(connection, keyring(), ORG)
    assert keys.active == 2
    assert keys.unseal(sealed, "apps/1") == b"secret"
    revoke(connection, root, INSTITUTION, 1, now_ms, random, ORG)
    with pytest.raises(PlatformError, match="no longer opens"):
        open_institution_key(connection, keyring(), ORG).unseal(sealed, "apps/1")


def test_the_only_key_of_an_institution_is_not_revoked(connection, root, keyring, random, now_ms):
    ensure_institution_key(connection, keyring(), ORG, random, now_ms)
    with pytest.raises(RefusalError) as caught:
        revoke(connection, root, INSTITUTION, 1, now_ms, random, ORG)
    assert caught.value.outcome.name == "key_state"


def test_an_unknown_institution_is_not_rotated(connection, keyring, random, now_ms):
    with pytest.raises(RefusalError) as caught:
        rotate_institution_key(connection, keyring(), ORG, random, now_ms)
    assert caught.value.outcome.name == "unknown_key"


def test_institution_keys_follow_a_rotation_and_outlive_the_revocation(connection, root, keyring, random, now_ms):
    orgs = [f"4399000001{serial:02d}" for serial in range(5)]
    sealed = {}
    for org in orgs:
        sealed[org] = ensure_institution_key(connection, keyring(), org, random, now_ms).seal(b"s", "apps/1", random)
    rotate(connection, root, APP_SECRET, 0, now_ms, random)
    with pytest.raises(RefusalError) as caught:
        revoke(connection, root, APP_SECRET, 1, now_ms, random)
    assert caught.value.outcome.name == "key_in_use"
    assert [reseal(connection, SEALED_KEYS, keyring().app_secret, random, 3) for _ in range(3)] == [3, 2, 0]
    revoke(connection, root, APP_SECRET, 1, now_ms, random)
    for org in orgs:
        assert open_institution_key(connection, keyring(), org).unseal(sealed[org], "apps/1") == b"s"
    purposes = {record.purpose: record.state for record in list_keys(connection, now_ms) if record.version == 1}
    assert purposes[APP_SECRET] is State.REVOKED


def test_stored_values_of_any_table_are_sealed_anew(connection, root, keyring, random, now_ms):
    def place(row):
        return f"persons/{row.person_key.hex()}"

    before = keyring().person_data
    keys = [bytes([serial]) * 32 for serial in range(4)]
    connection.execute(
        insert(PERSONS),
        [
            {
                "person_key": key,
                "mindex_id": key.hex()[:32],
                "sealed_identity": before.seal(key, f"persons/{key.hex()}", random),
                "registered_ms": now_ms,
            }
            for key in keys
        ],
    )
    rotate(connection, root, PERSON_DATA, 0, now_ms, random)
    with pytest.raises(RefusalError) as caught:
        revoke(connection, root, PERSON_DATA, 1, now_ms, random)
    assert caught.value.outcome.name == "key_in_use"
    column = SealedColumn(PERSONS, PERSONS.c.sealed_identity, place)
    assert reseal(connection, column, keyring().person_data, random, 100) == 4
    assert reseal(connection, column, keyring().person_data, random, 100) == 0
    revoke(connection, root, PERSON_DATA, 1, now_ms, random)
    rows = connection.execute(select(PERSONS)).all()
    assert [keyring().person_data.unseal(row.sealed_identity, place(row)) for row in rows] == keys


def test_a_revoked_institution_key_holds_nothing_back(connection, root, keyring, random, now_ms):
    ensure_institution_key(connection, keyring(), ORG, random, now_ms)
    rotate_institution_key(connection, keyring(), ORG, random, now_ms)
    revoke(connection, root, INSTITUTION, 1, now_ms, random, ORG)
    rotate(connection, root, APP_SECRET, 0, now_ms, random)
    assert reseal(connection, SEALED_KEYS, keyring().app_secret, random, 100) == 1
    assert revoke(connection, root, APP_SECRET, 1, now_ms, random).state is State.REVOKED


def test_every_sealed_column_is_guarded():
    sealed = {
        str(column)
        for table in SCHEMA.sorted_tables
        for column in table.columns
        if column.name.startswith("sealed_") and isinstance(column.type, LargeBinary)
    }
    assert sealed == {str(column) for columns in SEALED_COLUMNS.values() for column in columns}


def test_an_institution_key_in_use_is_not_revoked(connection, root, keyring, random, now_ms):
    keys = {org: ensure_institution_key(connection, keyring(), org, random, now_ms) for org in (ORG, OTHER)}
    module = {
        "serial": "PSAM-1",
        "app_id": "app-1",
        "term_id": "T-1",
        "org_code": ORG,
        "key_version": 1,
        "state": "keyed",
        "public_key": b"",
        "sealed_key": keys[ORG].seal(b"k", "terminal_modules/PSAM-1/1", random),
        "enrolled_ms": now_ms,
        "updated_ms": now_ms,
    }
    connection.execute(insert(TERMINAL_MODULES), module)
    for org in (ORG, OTHER):
        rotate_institution_key(connection, keyring(), org, random, now_ms)
    revoke(connection, root, INSTITUTION, 1, now_ms, random, OTHER)
    with pytest.raises(RefusalError) as caught:
        revoke(connection, root, INSTITUTION, 1, now_ms, random, ORG)
    assert caught.value.outcome.name == "key_in_use"
    connection.execute(update(TERMINAL_MODULES).values(sealed_key=b""))
    assert revoke(connection, root, INSTITUTION, 1, now_ms, random, ORG).state is State.REVOKED
