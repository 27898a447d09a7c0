"""A destroyed key is nowhere in the database file any more, sealed or not."""

import pytest
from sqlalchemy import select

from reference_impl.keys.life_cycle import revoke
from reference_impl.platform import DATABASE_FILE
from reference_impl.storage.schema import KEYS


@pytest.fixture
def database():
    return "sqlite"


def test_a_revoked_token_key_leaves_nothing_in_the_file(bench, tmp_path):
    platform = bench.platform
    token = select(KEYS.c.sealed_key).where(KEYS.c.purpose == "token", KEYS.c.version == 1)
    with platform.readers.connect() as connection:
        sealed = bytes(connection.scalars(token).one())
    file = tmp_path / "data" / DATABASE_FILE
    written = b"".join(path.read_bytes() for path in file.parent.glob(f"{DATABASE_FILE}*"))
    assert sealed in written
    bench.do(lambda c: revoke(c, platform.memory.root, "token", 1, bench.now_ms(), platform.parts.random))
    with platform.readers.connect() as connection:
        # What was written ahead is brought into the file, and the log begins anew.
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sealed not in b"".join(path.read_bytes() for path in file.parent.glob(f"{DATABASE_FILE}*"))
