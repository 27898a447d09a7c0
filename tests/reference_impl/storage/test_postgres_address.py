"""One URL serves both drivers."""

import asyncio

import pytest
from sqlalchemy import make_url
from writing import Asked, Room

from reference_impl.errors import PlatformError
from reference_impl.storage.engine import open_engine
from reference_impl.storage.postgres_items import address_of
from reference_impl.storage.schema import AUDIT

LIBPQ = "connect_timeout=7&keepalives=1&keepalives_idle=30&application_name=hospital&sslmode=prefer"


@pytest.mark.parametrize("database", ["postgresql"])
def test_what_only_one_driver_knows_keeps_the_other_from_nothing(room, database_url, database):
    engine = open_engine(f"{database_url}?{LIBPQ}")

    async def scenario():
        writer = Room(engine).writer()
        await writer.put(Asked((1).to_bytes(22)))
        await writer.close()

    asyncio.run(asyncio.wait_for(scenario(), 30))
    engine.dispose()
    assert room.count(AUDIT) == 1


def test_the_address_keeps_what_concerns_the_server():
    url = make_url(f"postgresql+psycopg://who:secret@there:5433/cards?{LIBPQ}")
    kept = {"application_name": "hospital", "sslmode": "prefer"}
    assert make_url(address_of(url)) == url.set(drivername="postgresql", query=kept)


@pytest.mark.parametrize("parameter", ["channel_binding=require", "hostaddr=127.0.0.1", "fallback_application_name=x"])
def test_what_not_both_drivers_keep_to_is_refused_at_once(parameter):
    with pytest.raises(PlatformError, match=parameter.partition("=")[0]) as refused:
        address_of(make_url(f"postgresql://who:secret@there/cards?{parameter}"))
    assert "secret" not in f"{refused.value.what}{refused.value.where}{refused.value.remedy}"
