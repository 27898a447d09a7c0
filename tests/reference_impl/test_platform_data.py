"""What stands on the disk: sealed identities, sealed keys, and uses that survive a restart."""

import stat

import pytest
from sqlalchemy import select

from reference_impl.errors import PlatformError
from reference_impl.refusals import OUTCOMES
from reference_impl.storage.schema import PERSONS, SCHEMA
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import seal_request


def stored(platform):
    """Return everything the database holds, as bytes one after another."""
    found = []
    with platform.readers.connect() as connection:
        for table in SCHEMA.sorted_tables:
            for row in connection.execute(select(table)):
                found += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(found)


def test_no_identity_secret_or_key_stands_in_clear(bench, person, tmp_path):
    card_id = bench.register()
    bench.verify(bench.dynamic(card_id))
    held = stored(bench.platform) + b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    # The card's id stands there, so what is looked for would be found.
    assert bytes.fromhex(card_id) in held
    keyring = bench.platform.parts.keyring
    keys = [keyring.card_id, keyring.person_lookup, keyring.audit, *keyring.tokens.values(), keyring.signing.private]
    hidden = [person(1)["id_no"], person(1)["id_no"][:14], person(1)["name"], bench.credentials.app_secret]
    for secret in (*keys, *(text.encode() for text in hidden)):
        assert secret not in held
        assert secret.hex().encode() not in held.lower()


def test_only_the_owner_may_read(bench, tmp_path, database):
    bench.register()
    files = [path for path in (tmp_path / "data").iterdir() if path.is_file()]
    assert len(files) == {"sqlite": 5, "postgresql": 1}[database]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_used_code_stays_used_and_a_request_stays_received(bench, open_bench):
    card_id = bench.register()
    code = bench.dynamic(card_id)
    assert bench.verify(code).success
    method, card = "ehc.ehealthcode.query", {"ehealth_card_id": card_id}
    received = seal_request(HN_A, bench.credentials, method, card, bench.now_ms())
    assert bench.send(received, method).success
    again = open_bench()
    assert again.credentials == bench.credentials
    assert OUTCOMES[again.send(received, method).code].name == "replayed_request"
    assert OUTCOMES[again.verify(code).code].name == "reused_code"
    assert again.register() == card_id


def test_the_database_alone_opens_nothing(bench, open_bench, tmp_path):
    key_file = tmp_path / "data" / "key-encryption.key"
    key = key_file.read_bytes()
    key_file.unlink()
    with pytest.raises(PlatformError, match="key-encryption key of this database cannot be read"):
        open_bench()
    assert not key_file.exists()
    key_file.write_bytes(bytes(32))
    key_file.chmod(0o600)
    with pytest.raises(PlatformError, match="wrapped by the root"):
        open_bench()
    key_file.write_bytes(key[:16])
    with pytest.raises(PlatformError, match="16 bytes"):
        open_bench()
    key_file.write_bytes(key)
    key_file.chmod(0o640)
    with pytest.raises(PlatformError, match="mode 0640"):
        open_bench()
    key_file.chmod(0o600)
    assert open_bench().register()


def test_a_sealed_identity_moved_to_another_person_does_not_open(bench):
    bench.register(1)
    bench.register(2)
    with bench.platform.engine.begin() as connection:
        rows = connection.execute(PERSONS.select()).all()
        for here, there in (rows, rows[::-1]):
            connection.execute(
                PERSONS.update()
                .where(PERSONS.c.person_key == here.person_key)
                .values(sealed_identity=there.sealed_identity)
            )
    with pytest.raises(PlatformError, match="does not open"):
        bench.register(1)


@pytest.mark.parametrize("ttl", [0, -1, 300.5, float("nan")])
def test_a_life_that_no_code_may_have(open_bench, ttl):
    with pytest.raises(PlatformError, match="cannot live") as caught:
        open_bench(token_ttl_s=ttl)
    assert caught.value.where == "--code-life"


@pytest.mark.parametrize("url", ["nonsense", "postgresql://x/y", "sqlite:////nowhere/at/all.sqlite"])
def test_a_database_that_cannot_be_opened(open_bench, url):
    with pytest.raises(PlatformError) as caught:
        open_bench(database_url=url)
    assert caught.value.where.startswith("--database")
    assert caught.value.remedy


def test_the_database_may_stand_elsewhere(open_bench, tmp_path):
    bench = open_bench(database_url=f"sqlite:///{tmp_path}/elsewhere.sqlite")
    assert bench.register()
    assert (tmp_path / "elsewhere.sqlite").stat().st_size


def test_a_folder_that_cannot_be_one(open_bench, tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(PlatformError, match="data folder"):
        open_bench()
